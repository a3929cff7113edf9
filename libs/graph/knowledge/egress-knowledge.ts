import { type DirectionKnowledge, labelOf, type Snapshot, type Workload } from '#model';

import { type Scope, scopesAround } from './scope.ts';
import { unseenPeers, type WorkloadFacts } from './workload-facts.ts';

/**
 * Whether everybody in the cluster whom a workload calls is known; see the README for the rule.
 *
 * What lies outside the cluster (tracing, mail, cloud APIs) hardly ever shows in metadata, so
 * that part always stays open.
 */
export function egressKnowledge(facts: WorkloadFacts, snapshot: Snapshot, scopes: ReadonlyMap<string, Scope>): DirectionKnowledge {
  const knowledge = withWeakServers(facts, snapshot, scopes);
  if (!facts.hasWeakServer || !knowledge.isKnown) return knowledge;
  return { ...knowledge, isKnown: false, isKnownWithWeak: true, why: 'a server it calls is only hinted at, and closing without that one would cut it off' };
}

function withWeakServers(facts: WorkloadFacts, snapshot: Snapshot, scopes: ReadonlyMap<string, Scope>): DirectionKnowledge {
  const isStore = facts.servers.length === 0 && facts.isLoneStore && facts.clients.length > 0;
  if (facts.servers.length === 0 && !isStore) return open('it is not seen to call any workload, which is no proof that it calls none');
  const doubt = doubtOf(facts, snapshot) ?? unseenPeers(facts);
  if (doubt !== undefined) return open(doubt);
  if (isStore) return { isKnown: true, isOutsideOpen: true, why: 'it keeps data and answers those who ask; it has no replica, nor is there another of its kind that it could follow' };
  for (const scope of scopesAround(facts, facts.servers, scopes)) {
    if (scope.hiddenServer !== undefined) return open(`its addresses may not all be in the input: ${scope.hiddenServer}`);
  }
  const count = facts.servers.length === 1 ? 'one workload' : `${String(facts.servers.length)} workloads`;
  return { isKnown: true, isOutsideOpen: true, why: `it is told the addresses of ${count}, and every server around it has a known client; what it calls outside the cluster is not known` };
}

function open(why: string): DirectionKnowledge {
  return { isKnown: false, why };
}

function doubtOf(facts: WorkloadFacts, snapshot: Snapshot): string | undefined {
  const { workload, isApiClient, discovery, unresolved, hiddenSetting, untoldServer, unproxied, registries } = facts;
  const [direct] = unproxied;
  const [registry] = registries;
  if (workload.hostNetwork) return 'it shares the network of its node, where no policy reaches it';
  if (discovery !== undefined) return `it finds peers at run time (${discovery.place})`;
  if (isApiClient) return 'it is a client of the API server and may find peers there';
  if (unresolved !== undefined) return 'an address it is told leads to nothing in the input, so it has peers that are not known';
  if (hiddenSetting !== undefined) return hiddenSetting;
  if (untoldServer !== undefined) return `it waits for ${untoldServer.kind} ${untoldServer.name} without being told its address, so it may know others`;
  if (direct !== undefined) return `it is told not to use a proxy for ${direct.kind} ${direct.name}, so it may call it`;
  if (registry !== undefined) return `it may find peers in the registry ${registry.kind} ${registry.name}`;
  if (facts.asksEngine) return 'it can ask the container engine who is there';
  if (findsItsNode(workload)) return 'it is told the address of its node and may call whatever runs there';
  const injection = injectedProxy(workload, snapshot);
  return injection === undefined ? undefined : `${injection} adds a proxy to its pods that has peers of its own`;
}

function findsItsNode(workload: Workload): boolean {
  return workload.containers.some(({ env }) => env.some(({ from }) => from?.kind === 'field' && (from.path === 'status.hostIP' || from.path === 'spec.nodeName')));
}

const INJECTION = /(?:^|[./-])(?:inject|injection|connect-inject|sidecar-injection)$|^dapr\.io\/enabled$/;
const REFUSALS: ReadonlySet<string> = new Set(['false', 'disabled', 'no', 'off', '0']);

/** The label or annotation that has a proxy put into the pods, on them or on their namespace; no list of meshes. */
function injectedProxy(workload: Workload, snapshot: Snapshot): string | undefined {
  const namespace = snapshot.namespaces.get(workload.ref.namespace);
  const own = [workload.podAnnotations, workload.podLabels];
  for (const labels of [...own, namespace?.labels ?? {}, namespace?.annotations ?? {}]) {
    const key = Object.keys(labels).find((each) => INJECTION.test(each));
    if (key !== undefined) return REFUSALS.has((labelOf(labels, key) ?? '').toLowerCase()) ? undefined : `${own.includes(labels) ? 'annotation' : 'namespace'} ${key}`;
  }
  return undefined;
}
