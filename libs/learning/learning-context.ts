import type { Proposal, WorkloadKey } from '#model';

import type { Catalogue } from './catalogue.ts';
import type { PermittedBy } from './permitted.ts';
import type { Watched } from './workload-watch.ts';

/** Where learning draws its lines. */
export interface LearningThresholds {
  /** Observation alone closes a direction where the low end of its coverage is at least this. */
  readonly closeAt: number;
  /** A workload is ready where the low end of its coverage is at least this. */
  readonly readyAt: number;
  /** Observation shorter than this closes nothing and makes nothing ready: work follows the day. */
  readonly leastHours: number;
  /** For how long an image, a destination or a pod counts as new. */
  readonly newForMs: number;
  /** What nothing declares is a habit of a workload where it began so soon after the workload was first watched; what begins later is for a person to judge, however often it shows. */
  readonly habitMs: number;
  /** More ports than this between the same two ends are offered as ranges. */
  readonly mostPorts: number;
  /** More addresses than this of one workload outside the cluster are offered as blocks. */
  readonly mostAddresses: number;
}

const HOUR_MS = 3_600_000;

/**
 * One connection in twenty unforeseen is the most that is closed on observation alone, and only
 * after a whole day; what is new stays new for that day too. A week shows what is done weekly, and
 * what begins after it has no more to say for itself than whoever broke in yesterday.
 */
export const DEFAULT_THRESHOLDS: LearningThresholds = {
  closeAt: 0.95,
  readyAt: 0.95,
  leastHours: 24,
  newForMs: 24 * HOUR_MS,
  habitMs: 7 * 24 * HOUR_MS,
  mostPorts: 20,
  mostAddresses: 32,
};

/** Everything a review depends on besides graph, evidence and snapshot. */
export interface LearningContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly catalogue: Catalogue;
  /** SHA-256 or the like, in hexadecimal: what is approved is named by it, so nobody may find two texts for one. */
  readonly digest: (text: string) => string;
  /** When images came and CronJobs ran, as a `WorkloadWatch` saw it. */
  readonly watched: ReadonlyMap<WorkloadKey, Watched>;
  /** Absent: `DEFAULT_THRESHOLDS`. */
  readonly thresholds?: LearningThresholds;
  /** What is approved now: a direction that was closed stays proposed closed, however coverage moves. */
  readonly approved?: ReadonlyMap<WorkloadKey, Proposal>;
  /** The invariants a proposal would break, one sentence each. Absent: there are none. */
  readonly brokenInvariants?: (proposal: Proposal) => readonly string[];
  /** The policies others wrote that let this relationship through already, by name, sorted. */
  readonly permittedBy?: PermittedBy;
}
