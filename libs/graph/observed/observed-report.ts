import type { AttributedFlow, FlowLoss, UnattributedWhy, WorkloadRef } from '#model';

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
  /** With an end that has a node's address, so that any of its host-network pods may be meant. */
  readonly onNodes: number;
  readonly lost: FlowLoss;
  readonly overflowedConnections: number;
  readonly foreign: number;
  readonly misplaced: number;
  readonly spoofed: number;
  /** Of relationships beyond the number that is kept. */
  readonly beyondBounds: number;
}

/** An end that could not be told to be one workload's, and why. Times are milliseconds since 1970. */
export interface UnattributedAddress {
  /** Of a node or a Service all addresses together. */
  readonly kind: 'address' | 'node' | 'service';
  /** The address, the name of the node, or `namespace/name` of the Service. */
  readonly name: string;
  /** `shared by a node`: with every pod on its network; `translated by a node`: it stands for clients of a node port or load balancer. */
  readonly why: UnattributedWhy | 'shared by a node' | 'translated by a node' | 'a node that does not report' | 'a Service nobody translated';
  /** Pods that held it then or last before, workloads on the network of the node; a few, sorted. */
  readonly mayBe: readonly string[];
  readonly connections: number;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** The nodes that told of it, sorted, a few at most. */
  readonly reporters: readonly string[];
  /** Of those at the other end a few, sorted, for a person to start from. */
  readonly others: readonly string[];
}
