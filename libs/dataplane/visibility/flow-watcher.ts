import { writeFileSync } from 'node:fs';

import type { FlowReport } from '#model';

import { inNetworkNamespace } from '../netlink/network-namespace.ts';
import { addressText } from './address-text.ts';
import { ConnectionListener } from './connection-listener.ts';
import { readDnsAnswer } from './dns-answer.ts';
import { DnsNames } from './dns-names.ts';
import { protocolName } from './flow-key.ts';
import { FlowTable } from './flow-table.ts';
import type { TalliedFlow } from './flow-tally.ts';
import type { LocalPod } from './local-pods.ts';
import { LogListener } from './log-listener.ts';
import { readLogPrefix } from './log-prefix.ts';
import type { LogRecord } from './log-record.ts';
import { ProcessSampler } from './process-sampler.ts';
import type { Identification } from './protocol-signature.ts';
import { identifyProtocol } from './protocol-table.ts';

/** What was refused, and by which profile. */
export const VERDICT_GROUP = 7;
/** First payloads and answers of name servers: apart, so that they do not push refusals out. */
export const PAYLOAD_GROUP = 8;

export interface FlowWatcherOptions {
  /** The node. */
  readonly reporter: string;
  /** The node's network namespace; without it that of the thread. */
  readonly namespacePath?: string;
  readonly onReport: (report: FlowReport) => void;
  /** An address that was closed because nobody vouched for it, or for it behind that interface, each time it is logged, and when the kernel saw it. */
  readonly onUnknown?: (address: string, at: number) => void;
  readonly bucketMs?: number;
  readonly mostFlows?: number;
  readonly receiveBufferBytes?: number;
  /** Beyond so many beginnings and ends of connections a second a sample is taken; see ConnectionListener. */
  readonly mostEventsASecond?: number;
  /** Whether the programs behind pods' ends are looked for, a few times a second: takes the processes of the host. */
  readonly findsProcesses?: boolean;
}

/**
 * Watches what the kernel lets through and refuses on a node, and reports it a stretch at a time.
 *
 * ```
 * conntrack events ──────────────► allowed, ended  ┐
 * log group 7  D A U S 7 ────────► refused         ├─► FlowTable ─► FlowReport
 * log group 8  P ─► protocol ────► spoken          │      ▲
 *              N ─► DnsNames ──────────────────────┴──────┘ names
 * ```
 *
 * Takes the two log groups of the network namespace for itself. Everything happens on the event
 * loop of the thread that made it, some ten milliseconds at a turn at most.
 */
export class FlowWatcher {
  readonly #options: FlowWatcherOptions;
  readonly #names = new DnsNames();
  readonly #table: FlowTable;
  readonly #connections: ConnectionListener;
  readonly #logs: readonly LogListener[];
  readonly #clock: NodeJS.Timeout;
  readonly #processes: ProcessSampler | undefined;

  constructor(options: FlowWatcherOptions) {
    this.#options = options;
    const { reporter, namespacePath, bucketMs, mostFlows, receiveBufferBytes, mostEventsASecond, findsProcesses = false } = options;
    const onFound = (flow: TalliedFlow, end: 'client' | 'server', name: string): void => {
      this.#table.foundProcess(flow, end, name);
    };
    this.#processes = findsProcesses ? new ProcessSampler({ onFound }) : undefined;
    const startedAt = Date.now();
    this.#table = new FlowTable({
      reporter,
      startedAt,
      ...(bucketMs === undefined ? {} : { bucketMs }),
      ...(mostFlows === undefined ? {} : { mostFlows }),
      namesOf: (address) => this.#names.namesOf(address, Date.now()),
      onBegun: (flow, record, bytes) => {
        this.#processes?.begun(flow, record, bytes);
      },
    });
    const place = namespacePath === undefined ? {} : { namespacePath };
    this.#connections = new ConnectionListener(
      {
        connection: (change, record, bytes) => {
          this.#table.connection(change, record, bytes);
        },
        lost: (events) => {
          this.#table.lost('connectionEvents', events);
        },
        resynced: () => {
          this.#table.lost('resyncs', 1);
        },
        unreadable: () => {
          this.#table.lost('unreadable', 1);
        },
        sampledOut: (events) => {
          this.#table.lost('sampledOut', events);
        },
      },
      { ...place, ...(mostEventsASecond === undefined ? {} : { mostEventsASecond }), ...(receiveBufferBytes === undefined ? {} : { receiveBufferBytes }) },
    );
    try {
      this.#logs = this.#listen(place);
    } catch (error) {
      this.#connections.close();
      throw error;
    }
    this.#clock = setInterval(() => {
      this.#turn();
    }, Math.min(1_000, bucketMs ?? 1_000));
    this.#clock.unref();
  }

  /** Who holds which address from now on: the pods of a bundle. */
  replacePods(pods: Iterable<LocalPod>): void {
    this.#table.replacePods(pods, Date.now());
  }

  /** Stops watching, with a last report of what there is. */
  close(): void {
    clearInterval(this.#clock);
    this.#processes?.close();
    this.#connections.close();
    for (const log of this.#logs) log.close();
    this.#options.onReport(this.#table.finish(Date.now()));
  }

  #turn(): void {
    const report = this.#table.turn(Date.now());
    if (report !== undefined) this.#options.onReport(report);
  }

  #listen(place: { readonly namespacePath?: string }): readonly LogListener[] {
    const visitor = {
      packet: (record: LogRecord, bytes: Buffer) => {
        this.#readPacket(record, bytes);
      },
      lost: (packets: number) => {
        this.#table.lost('logRecords', packets);
      },
      unreadable: () => {
        this.#table.lost('unreadable', 1);
      },
    };
    const verdicts = new LogListener(visitor, { ...place, group: VERDICT_GROUP });
    try {
      return [verdicts, new LogListener(visitor, { ...place, group: PAYLOAD_GROUP, copyBytes: 2_048 })];
    } catch (error) {
      verdicts.close();
      throw error;
    }
  }

  #readPacket(record: LogRecord, bytes: Buffer): void {
    const reason = readLogPrefix(record.prefix);
    if (reason.kind === 'foreign') return;
    if (reason.kind === 'verdict') {
      record.isAnswer = reason.isAnswer;
      if (reason.verdict === 'unknown-pod' || reason.verdict === 'spoofed') this.#tellUnknown(record, bytes);
      this.#table.refused(reason.verdict, reason.profile, record, bytes, reason.verdict === 'wrong-protocol' ? spokenIn(record, bytes) : undefined);
      return;
    }
    if (reason.kind === 'payload') {
      record.isAnswer = reason.isAnswer;
      const spoken = spokenIn(record, bytes);
      if (spoken !== undefined) this.#table.spoken(spoken, record, bytes);
      return;
    }
    const { protocol, payloadStart, payloadEnd } = record.packet;
    const answer = readDnsAnswer(bytes, payloadStart, payloadEnd, protocolName(protocol) === 'TCP' ? 'TCP' : 'UDP');
    if (answer !== undefined) this.#names.note(answer, Date.now());
  }

  // which of the two ends it was about, whoever knows the pods can tell
  #tellUnknown({ packet: { sourceAt, destinationAt, addressLength }, at }: LogRecord, bytes: Buffer): void {
    const { onUnknown } = this.#options;
    if (onUnknown === undefined) return;
    const seenAt = at > 0 ? at : Date.now();
    onUnknown(addressText(bytes, sourceAt, addressLength), seenAt);
    onUnknown(addressText(bytes, destinationAt, addressLength), seenAt);
  }
}

function spokenIn({ packet: { protocol, payloadStart, payloadEnd } }: LogRecord, bytes: Buffer): Identification | undefined {
  const transport = protocolName(protocol);
  return transport === undefined || transport === 'ICMP' ? undefined : identifyProtocol(transport, bytes, payloadStart, payloadEnd);
}

/** Makes the kernel count bytes and note times of connections that begin from now on in a network namespace. */
export function countConnections(namespacePath?: string): void {
  inNetworkNamespace(namespacePath, () => {
    for (const name of ['nf_conntrack_acct', 'nf_conntrack_timestamp']) writeFileSync(`/proc/sys/net/netfilter/${name}`, '1');
  });
}
