import { type DirectionKnowledge, type Workload, type WorkloadRef, workloadKey } from '#model';

import { mayCall, type Scope, scopesAround } from './scope.ts';
import { type GraphFacts, unseenPeers, type WorkloadFacts } from './workload-facts.ts';

/** Whether everybody who calls a workload is known; see the README for the rule and its reasons. */
export function ingressKnowledge(facts: WorkloadFacts, graph: GraphFacts, scopes: ReadonlyMap<string, Scope>): DirectionKnowledge {
  const knowledge = withWeakClients(facts, graph, scopes);
  if (!facts.hasWeakClient || !knowledge.isKnown) return knowledge;
  return { isKnown: false, isKnownWithWeak: true, why: 'a client of it is only hinted at, and closing without that one would cut it off' };
}

function withWeakClients(facts: WorkloadFacts, graph: GraphFacts, scopes: ReadonlyMap<string, Scope>): DirectionKnowledge {
  const doubt = doubtOfItself(facts) ?? doubtOfClients(facts, graph) ?? unseenPeers(facts);
  if (doubt !== undefined) return open(doubt);
  if (cannotBeFound(facts)) return { isKnown: true, why: 'it serves nothing: no Service, no port and no scrape annotation leads to it' };
  const reasons = clientReasons(facts);
  if (facts.clients.length === 0 && facts.uncalledPort !== undefined) return open(`nobody is seen to call ${facts.uncalledPort}`);
  if (reasons.length === 0) return open('nobody is seen to call it, which is no proof that nobody does');
  for (const scope of scopesAround(facts, facts.clients, scopes)) {
    const hidden = scope.hiddenServer ?? scope.hiddenClients.find((client) => mayCall(client, facts))?.why;
    if (hidden !== undefined) return open(`${reasons.join(' and ')}, but more clients may be hidden: ${hidden}`);
  }
  return { isKnown: true, why: `${reasons.join(' and ')}, and every server around it has a known client` };
}

function open(why: string): DirectionKnowledge {
  return { isKnown: false, why };
}

function doubtOfItself({ workload }: WorkloadFacts): string | undefined {
  // programs of a plain host are known by their ports
  if (workload.hostNetwork && workload.platform !== 'host') return 'it shares the network of its node, where no policy reaches it';
  const hostPort = workload.containers.flatMap(({ ports }) => ports).find((port) => port.hostPort !== undefined);
  if (hostPort?.hostPort !== undefined) return `host port ${String(hostPort.hostPort)} lets in whoever knows a node's address`;
  return undefined;
}

function doubtOfClients({ clients }: WorkloadFacts, { byWorkload }: GraphFacts): string | undefined {
  const hostClient = clients.find((client) => byWorkload.get(workloadKey(client))?.workload.hostNetwork === true);
  return hostClient === undefined ? undefined : `its client ${nameOf(hostClient)} calls from its node's address, which it shares with everything there`;
}

function cannotBeFound({ workload, serves, clients, services, isEntry, isCalledByApiServer }: WorkloadFacts): boolean {
  if (workload.platform !== 'kubernetes' || workload.ref.kind === 'DaemonSet' || knowsItsAddress(workload)) return false;
  return !serves && services.length === 0 && clients.length === 0 && !isEntry && !isCalledByApiServer;
}

// who is told its own address may tell it to others
function knowsItsAddress(workload: Workload): boolean {
  return workload.containers.some(({ env }) => env.some(({ from }) => from?.kind === 'field' && from.path.startsWith('status.podIP')));
}

function clientReasons(facts: WorkloadFacts): readonly string[] {
  const { clients, isEntry, isCalledByApiServer, isScraped, isApiClient, uncalledPort } = facts;
  const reasons: string[] = [];
  if (clients.length > 0) reasons.push(clients.length === 1 ? `its client is ${clients.map(nameOf).join('')}` : `${String(clients.length)} workloads are seen to call it`);
  if (isEntry) reasons.push('it is a way in from outside');
  if (isCalledByApiServer) reasons.push('the API server calls it');
  if (reasons.length === 0 && isScraped && isApiClient && uncalledPort === undefined) reasons.push('all it serves is scraped for metrics');
  // it has a name all the same, so this holds only where no client is hidden
  if (facts.workload.platform === 'compose' && !facts.serves && reasons.length === 0 && facts.servers.length > 0) reasons.push('it calls others and offers no port');
  return reasons;
}

function nameOf({ kind, name }: WorkloadRef): string {
  return `${kind} ${name}`;
}
