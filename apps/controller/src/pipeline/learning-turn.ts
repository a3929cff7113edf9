import type { EvidenceRow } from '#graph';
import type { Catalogue, LearningThresholds } from '#learning';
import type { WorkloadRef } from '#model';
import type { Invariant } from '#policy';

export interface LearningPipelineOptions {
  /** SHA-256 or the like, in hexadecimal. */
  readonly digest: (text: string) => string;
  /** Sources that have to be in sync before anything is attributed or proposed. */
  readonly required: readonly string[];
  readonly catalogue: Catalogue;
  readonly invariants?: readonly Invariant[];
  /** Whether enforcers enforce policies of others as well, so that all of them add up. */
  readonly enforcesExisting?: boolean;
  readonly thresholds?: LearningThresholds;
  /** How long a report waits for news of the pods in it. */
  readonly settleMs?: number;
  /** How often, at the most, everything is worked out anew; more seldom where that takes long. */
  readonly workEveryMs?: number;
  /** Relationships kept in all. */
  readonly mostRelationships?: number;
}

/** How much one turn attributes. */
export interface LearningBudget {
  readonly flows: number;
}

/** What is different since the last turn. */
export interface LearningTurn {
  /** Workloads whose review says something else, or is gone; sorted. */
  readonly reviews: readonly WorkloadRef[];
  /** Whether the view is another one. */
  readonly isNew: boolean;
  /** For the store of evidence. */
  readonly rows: readonly EvidenceRow[];
  /** Required sources that have never been in sync: as long as there are any, nothing else is in here. */
  readonly waitsFor: readonly string[];
  /** Whether there is more to do at once. */
  readonly hasMore: boolean;
  /** Milliseconds since 1970 when the next turn is due though nothing comes in; absent: never. */
  readonly dueAt?: number;
}
