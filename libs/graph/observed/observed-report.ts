import type { AttributedFlow, FlowLoss, WorkloadRef } from '#model';

/** A report as history takes it: what was seen, told by who was who, and what is missing of it. */
export interface ObservedReport {
  readonly reporter: string;
  /** Milliseconds since 1970. With the reporter it names the report. */
  readonly from: number;
  readonly to: number;
  readonly flows: readonly AttributedFlow[];
  readonly loss: FlowLoss;
  /** Connections the reporter had no room for, by the workload of its pod. */
  readonly overflowed: readonly { readonly workload: WorkloadRef; readonly connections: number }[];
  /** Connections the reporter saw and did not list, none of whose ends was a pod of its node. */
  readonly foreign: number;
  /** Connections it listed though neither end was on its node. */
  readonly misplaced: number;
}

/** What became of a report. */
export type ReportFate = 'taken' | 'replayed' | 'too old' | 'from the future' | 'too many reporters';

/** Everything counted since the process began. Connections where not said otherwise. */
export interface ObservedCounts {
  readonly reports: number;
  readonly replayed: number;
  /** Reports that were refused for their time, or for their reporter. */
  readonly refused: number;
  readonly records: number;
  readonly connections: number;
  readonly unattributed: { readonly nobody: number; readonly several: number };
  /** Ends that share a node's address, so that any of its host-network pods may be meant. */
  readonly onNodes: number;
  readonly lost: FlowLoss;
  readonly overflowedConnections: number;
  readonly foreign: number;
  readonly misplaced: number;
  readonly spoofed: number;
  /** Of relationships beyond the number that is kept. */
  readonly beyondBounds: number;
}

/** An address nobody, or more than one, held when it was seen. */
export interface UnattributedAddress {
  readonly address: string;
  readonly why: 'nobody held it' | 'several held it';
  readonly connections: number;
  readonly lastSeen: number;
  /** One of those at the other end, for a person to start from. */
  readonly other: string;
}
