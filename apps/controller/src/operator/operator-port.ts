import type { UnattributedAddress } from '#graph';
import type { Diagnostic, NodeView, OutputView, PolicyOutput, Revision, ServiceGraph, WorkloadRef } from '#model';
import type { ConnectivityDiff } from '#policy';
import type { Actor, ReviewCommand, ReviewEntry, ReviewState } from '#review';
import type { JournalVerification } from '#store';

import type { Answer, DiffSide, ModeAnswer, ModeQuestion, SimulationAnswer, SimulationQuestion, WhyAnswer, WhyQuestion } from '../pipeline/answers/live-answer.ts';
import type { WaitingProject } from '../nodes/project-claims.ts';
import type { FlowFilter, FlowItem, Page, PageRequest, ReviewFilter, ReviewItem, UnattributedFilter, WorkloadFilter } from '../pipeline/answers/live-list.ts';
import type { ScopeStanding, WorkloadStanding } from '../pipeline/answers/live-modes.ts';
import type { ControllerStatus } from './controller-status.ts';

/** An entry of the journal with its link in the chain. */
export interface JournalItem extends ReviewEntry {
  readonly digest: string;
}

export type CommandResult =
  /** In the journal for good, `seq` being the last entry it made. `revision` where it made one. */
  | { readonly kind: 'done'; readonly seq: number; readonly revision?: number; readonly notes: readonly Diagnostic[] }
  /** It may not be done: an invariant would break, nothing is proposed, no such revision. */
  | { readonly kind: 'refused'; readonly diagnostics: readonly Diagnostic[] }
  /** What the person looked at is not what is there now (another hash, another current revision): look again. */
  | { readonly kind: 'conflict'; readonly diagnostics: readonly Diagnostic[] }
  /** Another replica writes; `leader` where it is known. */
  | { readonly kind: 'not leader'; readonly leader?: string };

/** What changed: a hint to ask again, not the thing itself. */
export type OperatorChange =
  /** A proposal, its coverage or its standing. */
  | { readonly kind: 'reviews'; readonly workloads: readonly WorkloadRef[] }
  | { readonly kind: 'graph' }
  | { readonly kind: 'revision'; readonly number: number }
  | { readonly kind: 'modes' }
  | { readonly kind: 'nodes'; readonly nodes: readonly string[] }
  | { readonly kind: 'outputs'; readonly outputs: readonly PolicyOutput[] }
  | { readonly kind: 'journal'; readonly seq: number }
  | { readonly kind: 'status' };

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
  /** Ends that could not be told to be one workload's, sorted by kind and name. */
  unattributed(filter: UnattributedFilter, page: PageRequest): Promise<Page<UnattributedAddress>>;
  /** Sorted by workload. */
  reviews(filter: ReviewFilter, page: PageRequest): Promise<Page<ReviewItem>>;
  review(workload: WorkloadRef): Promise<ReviewItem | undefined>;
  /** Everything decided so far: revisions, approvals, modes, fates, targets. */
  decided(): Promise<ReviewState>;
  /** With its policies; 0 is the set found in the input. */
  revision(number: number): Promise<Revision | undefined>;
  /** Entries after that one, oldest first. */
  journal(afterSeq: number, limit: number): Promise<readonly JournalItem[]>;
  /** Follows the whole of it anew. */
  verifyJournal(): Promise<JournalVerification>;
  simulate(question: SimulationQuestion): Promise<Answer<SimulationAnswer>>;
  /** Modes by scope: what is set or inherited, and what it comes to. */
  scopes(): Promise<readonly ScopeStanding[]>;
  /** Sorted by workload. */
  workloadModes(filter: WorkloadFilter, page: PageRequest): Promise<Page<WorkloadStanding>>;
  previewMode(question: ModeQuestion): Promise<Answer<ModeAnswer>>;
  diff(before: DiffSide, after: DiffSide): Promise<Answer<ConnectivityDiff>>;
  why(question: WhyQuestion): Promise<Answer<WhyAnswer>>;
  nodes(): Promise<readonly NodeView[]>;
  /** Containers of projects that are left out until a person decides where the project may run. */
  waitingProjects(): Promise<readonly WaitingProject[]>;
  /** What is realised beside the nodes: on an API server, in a folder. */
  outputs(): Promise<readonly OutputView[]>;

  command(command: ReviewCommand, actor: Actor): Promise<CommandResult>;

  /** Calls back on every change from now on; gives the function that ends it. */
  subscribe(listener: (change: OperatorChange) => void): () => void;
}
