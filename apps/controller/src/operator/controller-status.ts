import type { Diagnostic, FlowLoss, Mode, OutputView } from '#model';

import type { EnforcementCounts } from '../pipeline/answers/enforcement-counts.ts';
import type { WouldDrops } from '../pipeline/answers/would-drops.ts';

/** One thing the controller watches: how far it has got. Times are milliseconds since 1970. */
export interface SourceStatus {
  /** `kubernetes`, `files ./manifests`, `lab`, `node a (docker)`. */
  readonly name: string;
  /** `degraded`: a part of it cannot be read, the rest is in sync. */
  readonly state: 'in sync' | 'syncing' | 'degraded' | 'failed';
  readonly since: number;
  readonly objects: number;
  /** One sentence, where it is not in sync. */
  readonly why?: string;
  /** Whether nothing is compiled or swept before it is in sync. */
  readonly isRequired: boolean;
}

/** Who may write: only the leader approves, distributes and prunes; the others serve reads. */
export type Leadership =
  | { readonly kind: 'leader'; readonly since: number; readonly fence?: number }
  /** `takesOverAt`: when this one would take over, should the leader not renew its lease any more. */
  | { readonly kind: 'follower'; readonly leader?: string; readonly takesOverAt?: number };

export interface StoreStatus {
  readonly kind: 'memory' | 'sqlite' | 'redis';
  /** Where it is, without credentials. */
  readonly place: string;
  readonly lastSeq: number;
  /** Of that entry: held elsewhere it witnesses everything up to there. */
  readonly lastDigest: string;
  /** One sentence, where it cannot be written. */
  readonly problem?: string;
}

/** Where every workload of the inventory stands: each is counted once, by its `ReviewStanding`. */
export interface ReviewCounts {
  readonly proposed: number;
  readonly edited: number;
  readonly approved: number;
  readonly rejected: number;
}

export interface NodeCounts {
  readonly realised: number;
  readonly pending: number;
  /** In, and taken away again unless confirmed. */
  readonly trial: number;
  readonly drifted: number;
  readonly failed: number;
  readonly silent: number;
}

/** Policies of an output by how they stand; `healed`: changes of others that were undone since the start of the process. */
export type OutputCounts = OutputView['policies'] & Pick<OutputView, 'output' | 'healed'>;

/** Flows as they came in since the start of the process. Connections where not said otherwise. */
export interface FlowCounts {
  /** Records of reports, repeated ones left out. */
  readonly records: number;
  readonly connections: number;
  /** Ends nobody, or more than one, held at that time. */
  readonly unattributed: { readonly nobody: number; readonly several: number };
  /** Ends that share a node's address, so that any of its host-network pods may be meant. */
  readonly onNodes: number;
  /** What the reporters admit to have missed. */
  readonly lost: FlowLoss;
  readonly overflowedConnections: number;
}

/** How the controller stands: everything on one screen. */
export interface ControllerStatus {
  readonly version: string;
  readonly startedAt: number;
  /** `recorded` where flows are played back and no packet is real. */
  readonly traffic: 'real' | 'lab' | 'recorded' | 'none';
  readonly sources: readonly SourceStatus[];
  readonly leadership: Leadership;
  readonly store: StoreStatus;
  /** 0 before anything was approved. */
  readonly revision: number;
  readonly revisionAt?: number;
  readonly workloads: number;
  /** Workloads a person could approve now. */
  readonly ready: number;
  readonly reviews: ReviewCounts;
  readonly modes: Readonly<Record<Mode, number>>;
  /** What modes and approvals come to: a mode alone closes nothing. */
  readonly enforcement: EnforcementCounts;
  /** What audit has counted and still lacks a rule. */
  readonly wouldDrops: WouldDrops;
  readonly nodes: NodeCounts;
  /** Where policies go beside the nodes. */
  readonly outputs: readonly OutputCounts[];
  readonly flows: FlowCounts;
  /** What a person should know: degraded sources, weaknesses of the store, targets that cannot say something. */
  readonly diagnostics: readonly Diagnostic[];
}
