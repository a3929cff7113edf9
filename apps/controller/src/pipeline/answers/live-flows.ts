import { observedPeerKey, type ObservedRelationship, type Relationship, type ServiceGraph, workloadKey, type WorkloadRef } from '#model';
import { policiesInForce, type ReviewContext, type ReviewState } from '#review';

import { type FlowFilter, type FlowItem, type Page, type PageRequest, pageOf, type WorkloadFilter } from './live-list.ts';
import { LackFinder } from './missing-rules.ts';

type FlowContext = Pick<ReviewContext, 'snapshot' | 'now' | 'enforcesExisting'>;

/** One page of what was observed, sorted as it came: by client, server, protocol and port. */
export function liveFlows(state: ReviewState, observed: readonly ObservedRelationship[], filter: FlowFilter, page: PageRequest, context: FlowContext): Page<FlowItem> {
  const keyed = observed.filter((one) => isMeant(one, filter)).map((one) => ({ one, key: flowKey(one) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const { items, ...rest } = pageOf(keyed, page, ({ key }) => key);
  // asked of what is in force now: a rule that was added since is not missing any more
  const finder = new LackFinder(policiesInForce(state, context), context.snapshot);
  return { items: items.map(({ one }) => flowItem(one, finder)), ...rest };
}

/** The part of a graph that has an end in what is meant. */
export function liveGraph(graph: ServiceGraph, filter: WorkloadFilter): ServiceGraph {
  if (filter.namespace === undefined && filter.workload === undefined) return graph;
  const isAbout = (peer: Relationship['from']): boolean => typeof peer !== 'string' && isOne(peer, filter);
  return {
    ...graph,
    relationships: graph.relationships.filter(({ from, to }) => isAbout(from) || isAbout(to)),
    unresolved: graph.unresolved.filter(({ from }) => isAbout(from)),
    diagnostics: [],
  };
}

function isMeant({ from, to, lastSeen, connections, denied, wouldBeDenied }: ObservedRelationship, filter: FlowFilter): boolean {
  if (filter.since !== undefined && lastSeen < filter.since) return false;
  if (filter.verdict === 'denied' && denied === 0) return false;
  if (filter.verdict === 'would-be-denied' && wouldBeDenied === 0) return false;
  if (filter.verdict === 'allowed' && connections === 0) return false;
  if (filter.namespace === undefined && filter.workload === undefined) return true;
  return [from, to].some((peer) => peer.kind === 'workload' && isOne(peer.workload, filter));
}

function isOne(workload: WorkloadRef, { namespace, workload: only }: WorkloadFilter): boolean {
  return (namespace === undefined || namespace === workload.namespace) && (only === undefined || workloadKey(only) === workloadKey(workload));
}

function flowItem(observed: ObservedRelationship, finder: LackFinder): FlowItem {
  if (observed.denied === 0 && observed.wouldBeDenied === 0) return { observed };
  const texts = finder.lacksOf(observed).map(({ missing }) => missing.text);
  return { observed, ...(texts.length === 0 ? {} : { missing: texts.join('; ') }) };
}

/** Under what a kind of flow is told from others, and listed. */
export function flowKey({ from, to, protocol, port }: ObservedRelationship): string {
  return `${observedPeerKey(from)} ${observedPeerKey(to)} ${protocol} ${String(port ?? 0).padStart(5, '0')}`;
}
