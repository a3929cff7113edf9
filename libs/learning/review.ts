import {
  compareText,
  type Coverage,
  type Direction,
  type DirectionProposal,
  type ObservedEvidence,
  type ObservedRelationship,
  type Proposal,
  type ProposedRule,
  type Quarantine,
  type ServiceGraph,
  type Snapshot,
  type Workload,
  type WorkloadKey,
  workloadKey,
  type WorkloadReview,
  type WorkloadReviews,
} from '#model';

import { AwaitedRuns, awaitedSentences } from './awaited-runs.ts';
import type { Catalogue } from './catalogue.ts';
import { estimateCoverage, type KnownLoss, type Sighting } from './coverage.ts';
import { type Closing, coverageText, decideClosing } from './direction-closing.ts';
import { closedDirection, type DirectionEvidence, type LiveDirection, meet } from './live-direction.ts';
import { DEFAULT_THRESHOLDS, type LearningContext, type LearningThresholds } from './learning-context.ts';
import { isAnswered, ObservedIndex } from './observed-index.ts';
import { connectionsByReporter, knownLosses, watchedHours } from './observed-losses.ts';
import { observedPeers } from './observed-peers.ts';
import { PeerGrounding } from './peer-grounding.ts';
import { indexRelationships, isIndistinct, type RelationshipEnds } from './propose.ts';
import { reviewTexts } from './review-hash.ts';
import { Suspicion } from './suspicion.ts';

/**
 * Reviews every workload: what it is proposed, on which evidence, how much of its traffic is
 * known, and what stands in the way of approving it.
 *
 * `graph` is what metadata shows, without observations, which are taken from `evidence` together
 * with what speaks against them. Where nothing was observed the proposals are those of `propose`.
 *
 * Same graph, same evidence, same context: same reviews.
 */
export function review(graph: ServiceGraph, evidence: ObservedEvidence, snapshot: Snapshot, context: LearningContext): WorkloadReviews {
  const reviewer = new Reviewer(graph, evidence, snapshot, context);
  return new Map([...snapshot.workloads.keys()].sort(compareText).flatMap((key) => reviewer.review(key) ?? []).map((each) => [workloadKey(each.workload), each]));
}

const DIRECTIONS = ['ingress', 'egress'] as const;

/** What a direction that stays open would be closed but for. */
export interface DirectionPreview {
  readonly rules: readonly ProposedRule[];
  readonly quarantined: readonly Quarantine[];
}

export interface WorkloadPreview {
  readonly ingress?: DirectionPreview;
  readonly egress?: DirectionPreview;
}

/** Reviews one workload after the other, for whoever has only so much time in one go. */
export class Reviewer {
  readonly #graph: ServiceGraph;
  readonly #snapshot: Snapshot;
  readonly #context: LearningContext;
  readonly #thresholds: LearningThresholds;
  readonly #catalogue: Catalogue;
  readonly #ends: RelationshipEnds;
  readonly #index: ObservedIndex;
  readonly #suspicion: Suspicion;
  readonly #awaited: AwaitedRuns;
  readonly #grounding: PeerGrounding;
  readonly #seenByReporter: ReadonlyMap<string, number>;

  constructor(graph: ServiceGraph, evidence: ObservedEvidence, snapshot: Snapshot, context: LearningContext) {
    this.#graph = graph;
    this.#snapshot = snapshot;
    this.#context = context;
    this.#thresholds = context.thresholds ?? DEFAULT_THRESHOLDS;
    this.#catalogue = { entries: [...context.catalogue.entries].sort((a, b) => compareText(a.name, b.name)) };
    this.#ends = indexRelationships(graph.relationships);
    this.#index = new ObservedIndex(evidence);
    this.#suspicion = new Suspicion(this.#index, snapshot, context);
    this.#awaited = new AwaitedRuns(graph, this.#index, snapshot, context);
    this.#grounding = new PeerGrounding(snapshot, this.#catalogue);
    this.#seenByReporter = connectionsByReporter(evidence);
  }

  /** Undefined where there is no such workload. */
  review(key: WorkloadKey): WorkloadReview | undefined {
    const workload = this.#snapshot.workloads.get(key);
    if (workload === undefined) return undefined;
    const evidence = { ingress: this.#evidenceOf(key, 'ingress'), egress: this.#evidenceOf(key, 'egress') };
    const observed = this.#index.evidence.workloads.get(key);
    const hours = watchedHours(observed, this.#index.evidence);
    const own = [...this.#index.of(key, 'ingress'), ...this.#index.of(key, 'egress')];
    const losses = knownLosses(observed, own, this.#index.evidence, this.#seenByReporter);
    const coverages = this.#coverages(workload, evidence, hours, losses);
    const awaitedRuns = this.#awaited.of(workload);
    const live = (direction: Direction): LiveDirection => this.#direction(workload, direction, evidence[direction], coverages, hours, awaitedRuns.length > 0);
    const [ingress, egress] = [live('ingress'), live('egress')];
    const proposal: Proposal = { workload: workload.ref, ingress: ingress.proposal, egress: egress.proposal };
    const texts = reviewTexts(proposal);
    const waitsFor = [...this.#waitsFor(coverages.workload, hours), ...awaitedSentences(awaitedRuns)];
    return {
      workload: workload.ref,
      proposal,
      hash: this.#context.digest(texts.allowed),
      evidenceHash: this.#context.digest(texts.evidence),
      coverage: coverages.workload,
      directions: { ingress: coverages.ingress, egress: coverages.egress },
      isReady: waitsFor.length === 0,
      waitsFor,
      awaitedRuns,
      quarantined: [...ingress.quarantined, ...egress.quarantined],
      brokenInvariants: this.#context.brokenInvariants?.(proposal) ?? [],
    };
  }

  /**
   * The rules that directions left open would be closed but for, on what is known now. Nothing is
   * proposed by that: what is not known well enough would be cut. Absent where the direction is
   * closed, or no policy could tell the workload apart.
   */
  preview({ workload: ref, proposal }: Pick<WorkloadReview, 'workload' | 'proposal'>): WorkloadPreview {
    const key = workloadKey(ref);
    const workload = this.#snapshot.workloads.get(key);
    if (workload === undefined) return {};
    const observed = this.#index.evidence.workloads.get(key);
    const hours = watchedHours(observed, this.#index.evidence);
    const previews = DIRECTIONS.flatMap((direction): readonly (readonly [Direction, DirectionPreview])[] => {
      if (proposal[direction].kind === 'closed' || isIndistinct(workload, direction)) return [];
      const closing = { kind: 'closed', by: 'observation', why: '', isOutsideOpen: false } as const;
      const closed = this.#closed(workload, direction, closing, this.#evidenceOf(key, direction), hours);
      return closed.proposal.kind === 'open' ? [] : [[direction, { rules: closed.proposal.rules, quarantined: closed.quarantined }]];
    });
    return Object.fromEntries(previews);
  }

  #evidenceOf(key: WorkloadKey, direction: Direction): DirectionEvidence {
    const observed = this.#index.of(key, direction).map((each) => this.#suspicion.judge(each));
    return meet(this.#ends[direction].get(key) ?? [], observed);
  }

  #coverages(workload: Workload, evidence: Record<Direction, DirectionEvidence>, hours: number, losses: readonly KnownLoss[]): Record<Direction | 'workload', Coverage> {
    const ingress = this.#sightings(workload, 'ingress', evidence.ingress);
    const egress = this.#sightings(workload, 'egress', evidence.egress);
    const estimate = (seen: readonly Sighting[]): Coverage => estimateCoverage({ hours, seen }, losses);
    return { ingress: estimate(ingress), egress: estimate(egress), workload: estimate([...ingress, ...egress]) };
  }

  /**
   * In how many hours each relationship showed. What nothing answered is no traffic, and what needs
   * no rule none to learn; of several that one declaration covers, the one seen most stands for all.
   */
  #sightings(workload: Workload, direction: Direction, { declared, undeclared }: DirectionEvidence): readonly Sighting[] {
    const answered = declared.map(({ seen }) => seen.filter(({ observed }) => isAnswered(observed)).map(({ observed }) => sightingOf(observed)));
    const others = undeclared.filter(({ observed }) => isAnswered(observed) && observedPeers(observed, workload, direction, this.#grounding).length > 0);
    return [...answered.flatMap((each) => each.sort((a, b) => b.hours - a.hours).slice(0, 1)), ...others.map(({ observed }) => sightingOf(observed))];
  }

  #direction(workload: Workload, direction: Direction, evidence: DirectionEvidence, coverages: Record<Direction | 'workload', Coverage>, hours: number, isRunAwaited: boolean): LiveDirection {
    if (isIndistinct(workload, direction)) return { proposal: { kind: 'open', why: 'it shares the network of its node, where no policy can tell it apart' }, quarantined: [] };
    const key = workloadKey(workload.ref);
    const watch = { hours, coverage: coverages[direction], workload: coverages.workload, isRunAwaited };
    const approved = this.#context.approved?.get(key)?.[direction];
    const closing = decideClosing(direction, this.#graph.knowledge.get(key)?.[direction], watch, approved, this.#thresholds);
    if (closing.kind === 'open') return { proposal: closing, quarantined: [] };
    return this.#closed(workload, direction, closing, evidence, hours);
  }

  #closed(workload: Workload, direction: Direction, closing: Extract<Closing, { kind: 'closed' }>, evidence: DirectionEvidence, hours: number): LiveDirection {
    const { permittedBy, approved, now } = this.#context;
    const inForce = inForceAt(approved?.get(workloadKey(workload.ref))?.[direction], now);
    return closedDirection({ workload, direction, closing, evidence, hours, grounding: this.#grounding, catalogue: this.#catalogue, thresholds: this.#thresholds, permittedBy, inForce });
  }

  #waitsFor(coverage: Coverage, hours: number): readonly string[] {
    const { leastHours, readyAt } = this.#thresholds;
    if (hours === 0) return ['none of its traffic was seen'];
    if (hours < leastHours) return [`it was watched for ${String(hours)} of at least ${String(leastHours)} hours`];
    if (coverage.low >= readyAt) return [];
    const lowered = coverage.lowered.length === 0 ? '' : `, lowered because ${coverage.lowered.join('; ')}`;
    return [`${coverageText(coverage)} of its traffic is known, and at least ${String(Math.round(readyAt * 100))} % is asked for${lowered}`];
  }
}

function inForceAt(approved: DirectionProposal | undefined, now: number): readonly ProposedRule[] {
  return approved?.kind === 'closed' ? approved.rules.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now) : [];
}

function sightingOf({ buckets, spells }: ObservedRelationship): Sighting {
  return { hours: buckets, ...(spells === undefined ? {} : { spells }) };
}
