import type { Logger } from 'pino';

import type { CertificateAuthority } from '#certificates';
import type { AutoApprovalRule, Catalogue, LearningThresholds } from '#learning';
import type { Diagnostic, HostWays } from '#model';
import type { Invariant } from '#policy';
import type { LeaseStore, Store } from '#store';

import type { JournalWitness } from './decisions/journal-witness.ts';
import type { ControllerStatus } from './operator/controller-status.ts';
import type { PolicyDeskOptions } from './outputs/policy-desk.ts';
import type { Pipelines } from './workers/pipelines.ts';

/** What a controller is made of. */
export interface ControllerOptions {
  readonly version: string;
  readonly store: Store;
  /** Where the store is, for people. */
  readonly storePlace: string;
  /** Remembers where the journal ended; absent: nobody does. */
  readonly witness?: JournalWitness;
  readonly authority: CertificateAuthority;
  /** Where revocations lie. */
  readonly authorityFolder: string;
  readonly pipelines: Pipelines;
  /** Sources that have to be in sync before anything is compiled, attributed or proposed. */
  readonly required: readonly string[];
  readonly enforcesExisting: boolean;
  readonly catalogue: Catalogue;
  readonly invariants: readonly Invariant[];
  /** Rules that approve in a person's place; absent: none. */
  readonly autoApprovals?: readonly AutoApprovalRule[];
  readonly thresholds?: LearningThresholds;
  readonly workEveryMs?: number;
  /** Where enforcers reach it. */
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  /** Where people log in to plain hosts, which stay open there and where this controller listens; absent: on the usual port. */
  readonly ssh?: Pick<HostWays, 'sshPort' | 'sshPorts'>;
  readonly outputs: Pick<PolicyDeskOptions, 'cluster' | 'folder' | 'mayWrite' | 'places' | 'againEveryMs'>;
  readonly traffic: ControllerStatus['traffic'];
  /** This process's own name among replicas, never used again. */
  readonly holder: string;
  /** Who leads is agreed on here; absent: by the store. */
  readonly leases?: LeaseStore;
  readonly leaseMs?: number;
  /** What is weak about how it was set up, for whoever asks how it stands. */
  readonly weaknesses?: readonly Diagnostic[];
  readonly log: Logger;
}
