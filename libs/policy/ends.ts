import { type Address, compareText, isHostProgram, type Pod, podKey, type Snapshot, workloadKey, type WorkloadKey, type WorkloadRef } from '#model';

import type { Party } from './party.ts';
import { freeAddress, type Stretch, stretchOf } from './outside.ts';
import { intersectPorts, type PortSet, portSet } from './port-set.ts';

/** Pods of one workload, on addresses of one family, that no policy tells apart. The first stands for all. */
export interface PodEnd {
  readonly kind: 'pods';
  readonly workload: WorkloadRef;
  readonly party: Party;
  readonly pods: readonly Pod[];
}

/** Addresses outside the cluster that no policy tells apart, one of them standing for all. */
export interface OutsideEnd {
  readonly kind: 'outside';
  readonly stretch: Stretch;
  readonly party: Party;
}

export type End = PodEnd | OutsideEnd;

/** Sorts the pods of a snapshot into ends; pods without an address, and finished ones, have none. */
export function podEnds(snapshot: Snapshot, stretches: readonly Stretch[]): readonly PodEnd[] {
  const groups = new Map<string, { readonly first: Pod; readonly address: Address; readonly pods: Pod[] }>();
  const hosts = new Set([...snapshot.pods.values()].filter(({ workload }) => isHostProgram(workload)).map(({ node }) => node));
  for (const pod of snapshot.pods.values()) {
    if (pod.phase === 'finished') continue;
    // plain hosts have policies of their own
    const host = pod.hostNetwork && pod.node !== undefined && hosts.has(pod.node) ? pod.node : '';
    for (const address of pod.addresses) {
      const key = `${String(stretchOf(address, stretches))} ${host} ${kindOf(pod)}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { first: pod, address, pods: [pod] });
      else group.pods.push(pod);
    }
  }
  const ends = [...groups.values()].map(({ first, address, pods }): PodEnd => {
    const party: Party = first.hostNetwork ? { address, host: first } : { address, pod: first };
    return { kind: 'pods', workload: first.workload, party, pods };
  });
  return ends.sort((a, b) => compareText(endKey(a), endKey(b)));
}

// Most of the work of sorting pods, and the same every time; a pod never changes.
const KINDS = new WeakMap<Pod, string>();

function kindOf(pod: Pod): string {
  const known = KINDS.get(pod);
  if (known !== undefined) return known;
  const kind = JSON.stringify([workloadKey(pod.workload), Object.entries(pod.labels).sort(), pod.ports, pod.hostNetwork]);
  KINDS.set(pod, kind);
  return kind;
}

/** One end for each stretch, on an address nobody in the snapshots has. */
export function outsideEnds(snapshots: readonly Snapshot[], stretches: readonly Stretch[]): readonly OutsideEnd[] {
  const taken = new Set<string>();
  for (const snapshot of snapshots) {
    for (const holder of [...snapshot.pods.values(), ...snapshot.nodes.values()]) for (const { text } of holder.addresses) taken.add(text);
  }
  return stretches.flatMap((stretch): readonly OutsideEnd[] => {
    const address = freeAddress(stretch, taken);
    return address === undefined ? [] : [{ kind: 'outside', stretch, party: { address } }];
  });
}

/** Ends by workload. */
export function endsByWorkload(ends: readonly PodEnd[]): ReadonlyMap<WorkloadKey, readonly PodEnd[]> {
  const groups = new Map<WorkloadKey, PodEnd[]>();
  for (const end of ends) {
    const key = workloadKey(end.workload);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [end]);
    else group.push(end);
  }
  return groups;
}

/**
 * The party to ask about as the other end of a connection from `from`: where both are the same pod,
 * a sibling of it, since what a pod says to itself is nobody's business.
 */
export function siblingOf(from: Party, to: Party): Party {
  if (from.pod === undefined || to.pod === undefined || podKey(from.pod) !== podKey(to.pod)) return to;
  return { ...to, pod: { ...to.pod, name: `${to.pod.name} (another replica)` } };
}

/** Of ports at an end those that are its own: of a program of a plain host, what it is known to wait on. */
export function portsOfEnd({ host }: Party, ports: PortSet): PortSet {
  if (host === undefined || !isHostProgram(host.workload)) return ports;
  return intersectPorts(ports, portSet(host.ports.map(({ protocol, port }) => ({ protocol, from: port, to: port }))));
}

function endKey({ workload, party }: PodEnd): string {
  return `${workloadKey(workload)} ${String(party.address.family)} ${podKey(party.pod ?? party.host ?? { namespace: '', name: '' })}`;
}
