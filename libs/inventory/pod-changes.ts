import { type EndpointSlice, type Pod, type PodKey, podKey, workloadKey } from '#model';

import type { Assembled } from './assemble.ts';
import type { Entry } from './read-update.ts';

/** One object as it was read before and as it is read now; undefined where it was not there or is gone. */
export interface EntryChange {
  readonly before: Entry | undefined;
  readonly after: Entry | undefined;
}

/**
 * The snapshot after changes that touch nothing but pods of workloads that are there without them,
 * and EndpointSlices that stay where they are, or undefined where there is more to it and everything
 * has to be put together again.
 *
 * The usual change in a running cluster: a pod comes, goes, or gets an address. Everything else
 * is shared with the snapshot before. `assembled.holders` is brought up to date, also
 * where the answer is undefined, and is then to be thrown away.
 */
export function patchPods({ snapshot, ownership, declared, holders, hasTwins }: Assembled, changes: readonly EntryChange[]): Assembled['snapshot'] | undefined {
  if (hasTwins || holders.contested > 0) return undefined;
  const changed = new Map<PodKey, Pod | undefined>();
  const slices = new Map<EndpointSlice, EndpointSlice>();
  for (const { before, after } of changes) {
    const [was, is] = [sliceIn(before), sliceIn(after)];
    if (was !== undefined && is?.namespace === was.namespace && is.name === was.name) {
      slices.set(was, is);
      continue;
    }
    const old = podIn(before);
    const now = podIn(after);
    if (old === 'more' || now === 'more') return undefined;
    if (old !== undefined) {
      const known = snapshot.pods.get(podKey(old.pod));
      // Another source speaks of this pod as well, or it is what its workload is known by.
      if (known === undefined || !sameObject(known, old.pod) || changed.has(podKey(known)) || !declared.has(workloadKey(known.workload))) return undefined;
      holders.remove(known);
      changed.set(podKey(known), undefined);
    }
    if (now !== undefined) {
      const workload = ownership.workloadOf(now);
      const key = podKey(now.pod);
      const isOurs = old !== undefined && podKey(old.pod) === key;
      if (!declared.has(workloadKey(workload)) || (!isOurs && (snapshot.pods.has(key) || changed.has(key)))) return undefined;
      const pod = { ...now.pod, workload };
      holders.add(pod);
      changed.set(key, pod);
    }
  }
  if (holders.contested > 0) return undefined;
  return { ...snapshot, pods: snapshot.pods.with(changed), ...(slices.size === 0 ? {} : { endpointSlices: snapshot.endpointSlices.map((slice) => slices.get(slice) ?? slice) }) };
}

/** The EndpointSlice an entry is, and nothing else; one that stays where it is has other endpoints whenever a pod comes or goes. */
function sliceIn(entry: Entry | undefined): EndpointSlice | undefined {
  const { endpointSlices = [], ...rest } = entry?.found ?? {};
  const [slice] = endpointSlices;
  return endpointSlices.length === 1 && Object.keys(rest).length === 0 && entry?.diagnostics.length === 0 ? slice : undefined;
}

/** The pod an entry is, `more` where it is something else or has anything to say, undefined where there is no entry. */
function podIn(entry: Entry | undefined): NonNullable<Entry['found']['pods']>[number] | 'more' | undefined {
  if (entry === undefined) return undefined;
  const [draft] = entry.found.pods ?? [];
  return draft === undefined || entry.diagnostics.length > 0 || entry.found.attachments !== undefined ? 'more' : draft;
}

function sameObject(known: Pod, draft: Omit<Pod, 'workload'>): boolean {
  return known.origin === draft.origin && known.labels === draft.labels;
}
