import type { PodKey } from './pod.ts';
import type { Protocol } from './protocol.ts';
import type { WireProtocol } from './wire-protocol.ts';

/** What became of a connection at the node that saw it. */
export type FlowVerdict = 'allowed' | 'denied' | 'would-be-denied' | 'unknown-pod' | 'spoofed' | 'wrong-protocol';

/** One end of an observed flow; the pod only where it is the reporter's own. */
export interface ObservedEnd {
  /** Canonical text. */
  readonly address: string;
  readonly pod?: PodKey;
  /** What this address was called in DNS answers, or by the client itself, sorted. Hearsay: whoever answers chooses the address. */
  readonly names?: readonly string[];
}

/** What was spoken over the connections of a flow whose first bytes were looked at. */
export interface ObservedApplication {
  readonly protocol: WireProtocol;
  readonly connections: number;
}

/** The program behind an end that belongs to the reporter, where it was asked for. */
export interface ObservedProcess {
  readonly end: 'client' | 'server';
  /** As the kernel calls it (`comm`): at most 15 bytes, chosen by the program itself. */
  readonly name: string;
  readonly connections: number;
}

/**
 * Connections between the same two ends on the same port with the same fate, added up.
 *
 * `connections` counts beginnings; bytes and packets come from connections that ended, which need
 * not be the same ones. A flow may have none of either: it was found alive after a loss, or only
 * its first bytes fell into this bucket.
 */
export interface ObservedFlow {
  readonly client: ObservedEnd;
  readonly server: ObservedEnd;
  /** The address and port the client asked for, where a Service stood between. */
  readonly service?: { readonly address: string; readonly port: number };
  readonly protocol: Protocol;
  /** Where the server listens; null for ICMP. */
  readonly port: number | null;
  /** Of refused ones every packet that was logged counts: attempts, repeated ones too. */
  readonly verdict: FlowVerdict;
  /** Which numbers of the bundle let it through; 0 where no rule was asked. */
  readonly egressRule: number;
  readonly ingressRule: number;
  /** The profile that refused it. */
  readonly profile?: string;
  readonly connections: number;
  /** Alive when the list was read again after a loss, or judged again when rules became narrower: may or may not be counted already. */
  readonly alive: number;
  readonly ended: number;
  /** Connections known to be answered; absent: the reporter cannot tell. */
  readonly replied?: number;
  /** Of ended connections, where the kernel counts them. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly sentPackets: number;
  readonly receivedPackets: number;
  /** The longest of the ended ones, where the kernel notes times. */
  readonly longestMs: number;
  readonly applications: readonly ObservedApplication[];
  /** Absent: nobody asked. */
  readonly processes?: readonly ObservedProcess[];
}

/** What a reporter knows it did not see. Absence from a report proves nothing where any of these is not 0. */
export interface FlowLoss {
  /** Connection events the kernel threw away because nobody read them in time, or the node because there were too many. */
  readonly connectionEvents: number;
  /** Log records the kernel threw away. */
  readonly logRecords: number;
  /** How often the list of connections was read again because of that. */
  readonly resyncs: number;
  /** Messages nothing could be made of. */
  readonly unreadable: number;
  /** Of `connectionEvents`, those the node left out itself, because there were more than it looks at: one in eight of the rest was. Absent: none. */
  readonly sampledOut?: number;
}

/**
 * Everything a node saw in one stretch of time.
 *
 * `reporter` and `from` name it: a report that comes twice is the same report. Stretches of one
 * reporter never overlap, also across its restarts.
 */
export interface FlowReport {
  readonly reporter: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Sorted. */
  readonly flows: readonly ObservedFlow[];
  readonly loss: FlowLoss;
  /** Connections of flows that no longer fitted, by pod, sorted: what is missing of a pod that is not in here was not seen. */
  readonly overflowed: readonly { readonly pod: PodKey; readonly connections: number }[];
  /** Connections that no pod of this node took part in and that it did not translate, or of protocols no rule can name; not listed. */
  readonly foreign: number;
}
