import {
  compareDiagnostics,
  compareText,
  compareWorkloads,
  type Diagnostic,
  type Direction,
  type DirectionKnowledge,
  type DirectionProposal,
  type GraphPeer,
  graphPeerKey,
  type Proposal,
  type Relationship,
  type ServiceGraph,
  type Snapshot,
  type Workload,
  type WorkloadKey,
  workloadKey,
  type WorkloadRef,
  whyNameProvesNothing,
} from '#model';

import type { Catalogue } from './catalogue.ts';
import { catalogueRules } from './catalogue-rules.ts';
import { rulesFor } from './learned-rules.ts';
import { PeerGrounding } from './peer-grounding.ts';
import { finishRules, type RuleDraft } from './rule-draft.ts';

export interface LearningOptions {
  /** `strong` proposes only what the strong tier shows; `all` takes hints too. */
  readonly tier: 'strong' | 'all';
  readonly catalogue: Catalogue;
}

/** What learning makes of a graph: one proposal for every workload, sorted, and what a person should know about it. */
export interface Learning {
  readonly proposals: readonly Proposal[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Proposes the least each workload needs, from what the graph shows.
 *
 * A direction is closed only where the graph says it is known well enough; it then admits what its
 * relationships ask for, and what the catalogue knows that policies kill. Peers come out as
 * workloads, pods, addresses and hosts: entities are said in those, and whatever that opens beyond
 * the evidence is listed in the rule's `widenings`.
 *
 * Same evidence, same proposal: the order of the catalogue does not matter either.
 */
export function propose(graph: ServiceGraph, snapshot: Snapshot, options: LearningOptions): Learning {
  const catalogue = { entries: [...options.catalogue.entries].sort((a, b) => compareText(a.name, b.name)) };
  const ends = indexRelationships(graph.relationships);
  const grounding = new PeerGrounding(snapshot, catalogue);
  const workloads = [...snapshot.workloads.values()].sort((a, b) => compareWorkloads(a.ref, b.ref));
  const proposals = workloads.map((workload): Proposal => {
    const direction = (which: Direction): DirectionProposal => proposeDirection(workload, which, graph, ends, grounding, { ...options, catalogue });
    return { workload: workload.ref, ingress: direction('ingress'), egress: direction('egress') };
  });
  return { proposals, diagnostics: catalogueDiagnostics(catalogue, workloads).sort(compareDiagnostics) };
}

function proposeDirection(
  workload: Workload,
  direction: Direction,
  graph: ServiceGraph,
  ends: RelationshipEnds,
  grounding: PeerGrounding,
  { tier, catalogue }: LearningOptions,
): DirectionProposal {
  const key = workloadKey(workload.ref);
  if (isIndistinct(workload, direction)) return { kind: 'open', why: 'it shares the network of its node, where no policy can tell it apart' };
  const knowledge = graph.knowledge.get(key)?.[direction];
  if (knowledge === undefined) return { kind: 'open', why: 'nothing is known about it' };
  const isKnown = knowledge.isKnown || (tier === 'all' && knowledge.isKnownWithWeak === true);
  if (!isKnown) return { kind: 'open', why: knowledge.why };
  const all = ends[direction].get(key) ?? [];
  const taken = tier === 'all' ? all : all.filter((relationship) => relationship.tier === 'strong');
  const learned = taken.flatMap((relationship) => rulesFor(relationship, direction, grounding));
  const drafts = [...learned, ...catalogueRules(workload, direction, learned, grounding, catalogue), ...outsideRules(direction, knowledge)];
  const left = all.length - taken.length;
  const hints = left === 0 ? '' : `; ${String(left)} weaker ${left === 1 ? 'hint is' : 'hints are'} left out`;
  const why = knowledge.isKnown ? `${knowledge.why}${hints}` : 'it is known together with the hints, which are admitted';
  return { kind: 'closed', rules: finishRules(direction, drafts), why: closedFor(workload.ref, why) };
}

/** Why a direction is closed, and whom else that may be about. */
export function closedFor(workload: WorkloadRef, why: string): string {
  const unproven = whyNameProvesNothing(workload);
  return unproven === undefined ? why : `${why}; ${unproven}`;
}

/** Programs of a plain host share its address, too, but are known by their ports to whoever calls them. */
export function isIndistinct({ hostNetwork, platform }: Pick<Workload, 'hostNetwork' | 'platform'>, direction: Direction): boolean {
  return hostNetwork && (platform !== 'host' || direction === 'egress');
}

/** Where only the peers inside the cluster are known, everything outside it stays open. */
export function outsideRules(direction: Direction, knowledge: DirectionKnowledge): readonly RuleDraft[] {
  if (direction !== 'egress' || knowledge.isOutsideOpen !== true) return [];
  return [
    {
      peers: [{ kind: 'entity', entity: 'internet' }],
      ports: 'any',
      tier: 'strong',
      confidence: 1,
      evidence: [{ kind: 'built-in', source: 'knowledge', where: 'service graph', text: knowledge.why }],
      why: 'its peers outside the cluster are not known, so the public internet stays open; private ranges do not, for the cluster is among them',
      widenings: ['the whole public internet is open on every port: peers outside the cluster are not known'],
    },
  ];
}

/** The relationships of every workload, as a server (`ingress`) and as a client. */
export interface RelationshipEnds {
  readonly ingress: ReadonlyMap<WorkloadKey, readonly Relationship[]>;
  readonly egress: ReadonlyMap<WorkloadKey, readonly Relationship[]>;
}

export function indexRelationships(relationships: readonly Relationship[]): RelationshipEnds {
  const ingress = new Map<WorkloadKey, Relationship[]>();
  const egress = new Map<WorkloadKey, Relationship[]>();
  for (const relationship of relationships) {
    add(ingress, relationship.to, relationship);
    add(egress, relationship.from, relationship);
  }
  return { ingress, egress };
}

function add(index: Map<WorkloadKey, Relationship[]>, peer: GraphPeer, relationship: Relationship): void {
  if (typeof peer === 'string') return;
  const key = graphPeerKey(peer);
  const known = index.get(key);
  if (known === undefined) index.set(key, [relationship]);
  else known.push(relationship);
}

function catalogueDiagnostics(catalogue: Catalogue, workloads: readonly Workload[]): Diagnostic[] {
  if (catalogue.entries.length > 0 || workloads.length === 0) return [];
  return [
    {
      code: 'catalogue-empty',
      severity: 'warning',
      subject: 'catalogue',
      message: 'no catalogue of what policies kill is in force, so nothing is added for name resolution and its like',
      hint: 'keep policies/catalogue beside the program',
    },
  ];
}
