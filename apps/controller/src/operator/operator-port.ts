import type {
  ConnectionFate,
  Diagnostic,
  FlowVerdict,
  Mode,
  ModeScope,
  NodeView,
  ObservedRelationship,
  OutputTarget,
  Proposal,
  ServiceGraph,
  WorkloadRef,
} from '#model';
import type { ConnectivityDiff } from '#policy';

import type { DiffSide, SimulationAnswer, SimulationQuestion, WhyAnswer, WhyQuestion } from '../pipeline/answers/live-answer.ts';
import type { ControllerStatus } from './controller-status.ts';
import type { ModeTable, ReviewItem, ReviewState, RevisionDetail, RevisionItem } from './review-item.ts';

/** Which workloads are meant; everything absent matches. */
export interface WorkloadFilter {
  readonly namespace?: string;
  /** Exactly this one. */
  readonly workload?: WorkloadRef;
}

export interface ReviewFilter extends WorkloadFilter {
  readonly state?: ReviewState['kind'];
  readonly isReady?: boolean;
}

export interface FlowFilter extends WorkloadFilter {
  /** Seen with this fate at least once. */
  readonly verdict?: Extract<FlowVerdict, 'allowed' | 'denied' | 'would-be-denied'>;
  /** Last seen at this time or later; milliseconds since 1970. */
  readonly since?: number;
}

/** `cursor` is what the page before gave as `next`. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent: that was the last page. */
  readonly next?: string;
}

/** What was observed, and the sentence that names the rule it lacks where it was, or would be, denied. */
export interface FlowItem {
  readonly observed: ObservedRelationship;
  readonly missing?: string;
}

/** One entry of the journal as people read it. */
export interface JournalItem {
  readonly seq: number;
  readonly at: number;
  readonly digest: string;
  /** `approved`, `rejected`, `mode-set`, …: the kind of the event. */
  readonly kind: string;
  readonly by: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly workloads: readonly WorkloadRef[];
  /** One sentence. */
  readonly text: string;
}

/** A question that is wrong in itself: an end that is nobody, a revision that never was. */
export interface Unanswerable {
  readonly kind: 'unanswerable';
  readonly diagnostics: readonly Diagnostic[];
}

export type Answer<Value> = { readonly kind: 'answer'; readonly value: Value } | Unanswerable;

/** Who asks for it and why. `actor` says how it is known: `claimed:alice` is what the caller says of itself. */
export interface Basis {
  readonly actor: string;
  readonly reason: string;
  readonly ticket?: string;
}

/** A proposal as it was when the person looked at it; an approval of anything else is a conflict. */
export interface SeenProposal {
  readonly workload: WorkloadRef;
  readonly hash: string;
}

export type CommandResult =
  /** In the journal for good. `revision` where it made one. Diagnostics are warnings. */
  | { readonly kind: 'done'; readonly seq: number; readonly revision?: number; readonly diagnostics: readonly Diagnostic[] }
  /** It may not be done: an invariant would break, nothing is proposed, no such revision. */
  | { readonly kind: 'refused'; readonly diagnostics: readonly Diagnostic[] }
  /** What the person looked at is not what is there now: look again. */
  | { readonly kind: 'conflict'; readonly diagnostics: readonly Diagnostic[] }
  /** Another replica writes; `leader` where it is known. */
  | { readonly kind: 'not leader'; readonly leader?: string };

/** What changed: a hint to ask again, not the thing itself. */
export type OperatorChange =
  /** A proposal, its coverage or its state. */
  | { readonly kind: 'reviews'; readonly workloads: readonly WorkloadRef[] }
  | { readonly kind: 'graph' }
  | { readonly kind: 'revision'; readonly number: number }
  | { readonly kind: 'modes' }
  | { readonly kind: 'nodes'; readonly nodes: readonly string[] }
  | { readonly kind: 'journal'; readonly seq: number }
  | { readonly kind: 'status' };

/** Ids grow by one with every event of this process. */
export interface OperatorEvent {
  readonly id: number;
  readonly at: number;
  readonly change: OperatorChange;
}

/**
 * Everything people and their programs may ask of a controller and tell it: the REST interface is
 * a skin over it, and knows nothing else.
 *
 * Questions never change anything and are answered by every replica. Commands are decided by the
 * leader alone and are acknowledged only when they are in the journal. Both reject only where the
 * controller itself is broken; whatever a person can mend is an answer.
 */
export interface OperatorPort {
  status(): Promise<ControllerStatus>;
  graph(filter: WorkloadFilter): Promise<ServiceGraph>;
  /** Sorted by client, server and port, so that a page means something. */
  flows(filter: FlowFilter, page: PageRequest): Promise<Page<FlowItem>>;
  /** Sorted by workload. */
  reviews(filter: ReviewFilter, page: PageRequest): Promise<Page<ReviewItem>>;
  review(workload: WorkloadRef): Promise<ReviewItem | undefined>;
  /** Newest first. */
  revisions(page: PageRequest): Promise<Page<RevisionItem>>;
  /** 0 is the set of policies found in the input. */
  revision(number: number): Promise<RevisionDetail | undefined>;
  /** Entries after that one, oldest first. */
  journal(afterSeq: number, limit: number): Promise<readonly JournalItem[]>;
  simulate(question: SimulationQuestion): Promise<Answer<SimulationAnswer>>;
  diff(before: DiffSide, after: DiffSide): Promise<Answer<ConnectivityDiff>>;
  why(question: WhyQuestion): Promise<Answer<WhyAnswer>>;
  nodes(): Promise<readonly NodeView[]>;
  modes(): Promise<ModeTable>;

  /** All of them in one revision, or none. */
  approve(proposals: readonly SeenProposal[], basis: Basis): Promise<CommandResult>;
  reject(proposals: readonly SeenProposal[], basis: Basis): Promise<CommandResult>;
  /** `proposal` takes the place of what is proposed, until it is approved or rejected. */
  edit(seen: SeenProposal, proposal: Proposal, basis: Basis): Promise<CommandResult>;
  /** A new revision with the policies of that one. */
  rollback(to: number, basis: Basis): Promise<CommandResult>;
  /** Undefined takes the setting away. */
  setMode(scope: ModeScope, mode: Mode | undefined, basis: Basis): Promise<CommandResult>;
  setFate(scope: ModeScope, fate: ConnectionFate | undefined, basis: Basis): Promise<CommandResult>;
  setTarget(namespace: string, target: OutputTarget | undefined, basis: Basis): Promise<CommandResult>;

  /**
   * Calls back on every change from now on, in order; gives the function that ends it. `eventsAfter`
   * is for those who lost their connection.
   */
  subscribe(listener: (event: OperatorEvent) => void): () => void;
  /** The events after that id that are still kept; undefined where some are not, so that everything has to be asked anew. */
  eventsAfter(id: number): readonly OperatorEvent[] | undefined;
}
