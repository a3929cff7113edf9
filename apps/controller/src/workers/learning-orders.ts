import type { EvidenceRow, ObservedCounts, UnattributedAddress } from '#graph';
import type { AutoApprovalRule, Catalogue, LearningThresholds } from '#learning';
import type { Diagnostic, FlowReport, Mode, Revision, ServiceGraph, WorkloadRef } from '#model';
import type { ConnectivityDiff, Invariant } from '#policy';
import type { Actor, ReviewCommand, ReviewDecision, ReviewEntry } from '#review';

import type { EnforcementCounts, Realised } from '../pipeline/answers/enforcement-counts.ts';
import type { Answer, DiffSide, ModeAnswer, ModeQuestion, SimulationAnswer, SimulationQuestion, WhyAnswer, WhyQuestion } from '../pipeline/answers/live-answer.ts';
import type { FlowFilter, FlowItem, Page, PageRequest, ReviewFilter, ReviewItem, UnattributedFilter, WorkloadFilter } from '../pipeline/answers/live-list.ts';
import type { ScopeStanding, WorkloadStanding } from '../pipeline/answers/live-modes.ts';
import type { WouldDrops } from '../pipeline/answers/would-drops.ts';
import type { AutomaticApproval } from '../pipeline/automatic-approvals.ts';
import type { ReviewCounts } from '../operator/controller-status.ts';
import type { FeedItem } from './update-feed.ts';

export interface LearningWorkerData {
  readonly required: readonly string[];
  readonly catalogue: Catalogue;
  readonly invariants: readonly Invariant[];
  /** Whether enforcers enforce policies of others as well. */
  readonly enforcesExisting: boolean;
  /** Rules that approve in a person's place. */
  readonly autoApprovals: readonly AutoApprovalRule[];
  readonly thresholds?: LearningThresholds;
  /** How often everything is worked out anew, at the most. */
  readonly workEveryMs?: number;
}

/** What is asked of everything learning knows, with the answer to it. */
export interface LearningQuestions {
  readonly graph: { readonly ask: { readonly filter: WorkloadFilter }; readonly answer: ServiceGraph };
  readonly flows: { readonly ask: { readonly filter: FlowFilter; readonly page: PageRequest }; readonly answer: Page<FlowItem> };
  readonly unattributed: { readonly ask: { readonly filter: UnattributedFilter; readonly page: PageRequest }; readonly answer: Page<UnattributedAddress> };
  readonly reviews: { readonly ask: { readonly filter: ReviewFilter; readonly page: PageRequest }; readonly answer: Page<ReviewItem> };
  readonly review: { readonly ask: { readonly workload: WorkloadRef }; readonly answer: ReviewItem | undefined };
  readonly revision: { readonly ask: { readonly number: number }; readonly answer: Revision | undefined };
  readonly simulate: { readonly ask: { readonly question: SimulationQuestion }; readonly answer: Answer<SimulationAnswer> };
  readonly scopes: { readonly ask: object; readonly answer: readonly ScopeStanding[] };
  readonly workloadModes: { readonly ask: { readonly filter: WorkloadFilter; readonly page: PageRequest }; readonly answer: Page<WorkloadStanding> };
  readonly previewMode: { readonly ask: { readonly question: ModeQuestion }; readonly answer: Answer<ModeAnswer> };
  readonly diff: { readonly ask: { readonly before: DiffSide; readonly after: DiffSide }; readonly answer: Answer<ConnectivityDiff> };
  readonly why: { readonly ask: { readonly question: WhyQuestion }; readonly answer: Answer<WhyAnswer> };
  readonly overview: { readonly ask: Realised; readonly answer: LearningOverview };
  /** What to write to the journal for a command, decided on the state of exactly this entry. */
  readonly decide: { readonly ask: { readonly command: ReviewCommand; readonly actor: Actor; readonly seq: number; readonly now: number }; readonly answer: ReviewDecision };
}

export type QuestionName = keyof LearningQuestions;

/** How much is known, in numbers. */
export interface LearningOverview {
  readonly workloads: number;
  readonly ready: number;
  readonly reviews: ReviewCounts;
  readonly modes: Readonly<Record<Mode, number>>;
  readonly enforcement: EnforcementCounts;
  readonly wouldDrops: WouldDrops;
  readonly relationships: number;
  readonly counts: ObservedCounts;
  /** Of the sources and the graph. */
  readonly diagnostics: readonly Diagnostic[];
}

/** What the controller tells its learning pipeline. */
export type LearningOrder =
  | { readonly kind: 'feed'; readonly items: readonly FeedItem[] }
  /** Rows of an earlier process, before anything else; the last batch says so. */
  | { readonly kind: 'restore'; readonly rows: readonly EvidenceRow[]; readonly isLast: boolean }
  | { readonly kind: 'entries'; readonly entries: readonly ReviewEntry[] }
  /** Answered by a `report` with this number. */
  | { readonly kind: 'report'; readonly id: number; readonly report: FlowReport }
  | { readonly [Name in QuestionName]: { readonly kind: 'ask'; readonly id: number; readonly name: Name; readonly ask: LearningQuestions[Name]['ask'] } }[QuestionName]
  /** Asks for every row there is: answered by `rows` that say they are the last. */
  | { readonly kind: 'finish' };

/** What the learning pipeline tells the controller. */
export type LearningNews =
  | { readonly kind: 'taken' }
  /** `isTaken` false: there is no room just now. */
  | { readonly kind: 'report'; readonly id: number; readonly isTaken: boolean }
  | { readonly kind: 'rows'; readonly rows: readonly EvidenceRow[]; readonly isLast: boolean }
  /** What is known was worked out anew; `reviews` say something else than before. */
  | { readonly kind: 'view'; readonly reviews: readonly WorkloadRef[]; readonly workMs: number }
  /** What rules approve of the view that was just told. */
  | { readonly kind: 'approvals'; readonly approvals: readonly AutomaticApproval[] }
  | { readonly kind: 'waits'; readonly waitsFor: readonly string[] }
  | { readonly kind: 'restored'; readonly unread: number }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'unanswered'; readonly id: number; readonly why: string };
