import { compareText, type FlowReport, type FlowVerdict, type PodKey, type Protocol } from '#model';

import { addressText } from './address-text.ts';
import type { ConnectionChange } from './connection-listener.ts';
import type { ConnectionRecord } from './connection-record.ts';
import { FlowKey, protocolName } from './flow-key.ts';
import { compareFlows, NOTHING_YET, noteApplication, noteAudited, noteProcess, reportFlow, type TalliedFlow } from './flow-tally.ts';
import { LocalPods, type LocalPod } from './local-pods.ts';
import type { LogRecord } from './log-record.ts';
import type { Identification } from './protocol-signature.ts';
import { SpokenTable } from './spoken-table.ts';

export interface FlowTableOptions {
  /** The node. */
  readonly reporter: string;
  readonly startedAt: number;
  readonly bucketMs?: number;
  /** Different flows kept apart in one bucket. */
  readonly mostFlows?: number;
  readonly namesOf?: (address: string) => readonly string[];
  /** A connection of a pod of this node has begun; record and bytes are good until this returns. */
  readonly onBegun?: (flow: TalliedFlow, record: ConnectionRecord, bytes: Buffer) => void;
}

type LossKind = 'connectionEvents' | 'logRecords' | 'resyncs' | 'unreadable' | 'sampledOut';

const NO_LOSS: Readonly<Record<LossKind, number>> = { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0, sampledOut: 0 };
/** The kernel saw packets both ways. */
const SEEN_REPLY = 2;

/**
 * Adds up what the kernel tells about single connections and packets, and gives a report for each
 * stretch of time.
 *
 * Memory is bounded by the different flows of one stretch, and one pod can have an eighth of them
 * at most, so a scan by one does not hide the others; connections that no longer fit are counted
 * by pod. Connections without a pod of this node are counted only, but for those it translates.
 *
 * The first stretch begins when the table does and ends at a round time, so that no two reports of
 * one node have the same beginning, also when it starts again within a stretch.
 */
export class FlowTable {
  readonly #reporter: string;
  readonly #bucketMs: number;
  readonly #mostFlows: number;
  readonly #namesOf: (address: string) => readonly string[];
  readonly #onBegun: FlowTableOptions['onBegun'];
  readonly #pods = new LocalPods();
  readonly #key = new FlowKey();
  readonly #index = new Map<string, TalliedFlow>();
  readonly #flows: TalliedFlow[] = [];
  readonly #flowsOfPod = new Map<PodKey, number>();
  readonly #spoken: SpokenTable;
  readonly #overflowed = new Map<PodKey, number>();
  readonly #loss: Record<LossKind, number> = { ...NO_LOSS };
  #foreign = 0;
  #from: number;

  constructor({ reporter, startedAt, bucketMs = 10_000, mostFlows = 20_000, namesOf = () => [], onBegun }: FlowTableOptions) {
    this.#reporter = reporter;
    this.#from = startedAt;
    this.#bucketMs = bucketMs;
    this.#mostFlows = mostFlows;
    this.#namesOf = namesOf;
    this.#onBegun = onBegun;
    this.#spoken = new SpokenTable(mostFlows);
  }

  /** Who holds which address from now on. What was seen before stays with who held it then. */
  replacePods(pods: Iterable<LocalPod>, now: number): void {
    const changed = this.#pods.replace(pods, now);
    if (changed.size === 0) return;
    const isChanged = ({ clientKey, serverKey }: TalliedFlow): boolean => changed.has(clientKey) || changed.has(serverKey);
    for (const [key, flow] of this.#index) if (isChanged(flow)) this.#index.delete(key);
    this.#spoken.forget(isChanged);
  }

  connection(change: ConnectionChange, record: ConnectionRecord, bytes: Buffer): void {
    if (change === 'update') return;
    const flow = this.#find(this.#key.fromConnection('allowed', record, bytes), 'allowed', '', record.startedAt, change === 'new');
    if (flow === undefined) return;
    if (change === 'new') {
      flow.connections += 1;
      this.#onBegun?.(flow, record, bytes);
    }
    else if (change === 'alive') flow.alive += 1;
    else countEnd(flow, record);
  }

  /**
   * A packet that was logged because of what became of it: refused ones count, and of connections
   * that are let through although they would be refused every one counts once.
   */
  refused(verdict: FlowVerdict, profile: string, record: LogRecord, bytes: Buffer, spoken?: Identification): void {
    const flow = this.#find(this.#key.fromLog(verdict, record, bytes), verdict, profile, 0, true);
    if (flow === undefined) return;
    if (verdict === 'would-be-denied') noteAudited(flow, clientPortOf(record), goesOn(record, profile));
    else flow.connections += 1;
    if (spoken !== undefined) noteApplication(flow, spoken);
  }

  /** What the first bytes of an allowed connection told. */
  spoken(spoken: Identification, record: LogRecord, bytes: Buffer): void {
    this.#spoken.note(this.#key.fromLog('allowed', record, bytes).ends(), spoken, (like) => this.#again(like));
  }

  /** Which program one end of a flow belongs to. What is found out after the flow was reported goes into the next stretch. */
  foundProcess(like: TalliedFlow, end: 'client' | 'server', name: string): void {
    const flow = this.#again(like);
    if (flow !== undefined) noteProcess(flow, end, name);
  }

  lost(kind: LossKind, count: number): void {
    this.#loss[kind] += count;
  }

  /** The report of the stretch that ended before `now`, or undefined where it still goes on. */
  turn(now: number): FlowReport | undefined {
    // a clock that went back keeps the stretch going: reports of one node never overlap
    return now < this.#end() ? undefined : this.#report(now);
  }

  /** The report of what there is, with an end now; for the last one. */
  finish(now: number): FlowReport {
    return this.#report(Math.max(now, this.#from + 1));
  }

  #end(): number {
    return (Math.floor(this.#from / this.#bucketMs) + 1) * this.#bucketMs;
  }

  #report(now: number): FlowReport {
    const report: FlowReport = {
      reporter: this.#reporter,
      from: this.#from,
      to: now,
      flows: this.#flows.map((flow) => reportFlow(flow, this.#namesOf)).sort(compareFlows),
      loss: this.#lossSoFar(),
      overflowed: [...this.#overflowed].map(([pod, connections]) => ({ pod, connections })).sort((a, b) => compareText(a.pod, b.pod)),
      foreign: this.#foreign,
    };
    this.#from = now;
    this.#index.clear();
    this.#spoken.turn();
    this.#flows.length = 0;
    this.#flowsOfPod.clear();
    this.#overflowed.clear();
    Object.assign(this.#loss, NO_LOSS);
    this.#foreign = 0;
    return report;
  }

  #lossSoFar(): FlowReport['loss'] {
    const { sampledOut, ...others } = this.#loss;
    return sampledOut === 0 ? others : { ...others, connectionEvents: others.connectionEvents + sampledOut, sampledOut };
  }

  #find(key: FlowKey, verdict: FlowVerdict, profile: string, startedAt: number, counts: boolean): TalliedFlow | undefined {
    const text = key.text(profile);
    const known = this.#index.get(text);
    if (known !== undefined && startedAt === 0) return known;
    const protocol = protocolName(key.protocol);
    const clientKey = key.clientKey();
    const serverKey = key.serverKey();
    const clientPod = this.#pods.at(clientKey, startedAt);
    const serverPod = this.#pods.at(serverKey, startedAt);
    const pod = clientPod ?? serverPod;
    // what this node translated for others is seen nowhere else: the server's node sees an address of this one
    const isShown = pod !== undefined || verdict === 'unknown-pod' || verdict === 'spoofed' || (verdict === 'allowed' && key.hasService);
    if (protocol === undefined || !isShown) {
      if (counts) this.#foreign += 1;
      return undefined;
    }
    if (known !== undefined && known.clientPod === clientPod && known.serverPod === serverPod) return known;
    const flow = this.#add(this.#describe(key, { key: text, verdict, profile, protocol, clientKey, serverKey, clientPod, serverPod }));
    if (flow === undefined) {
      if (counts && pod === undefined && verdict === 'allowed') this.#foreign += 1;
      else if (counts) this.#overflowed.set(pod ?? '', (this.#overflowed.get(pod ?? '') ?? 0) + 1);
      return undefined;
    }
    // what ended too late to be the present holder's stands by itself
    if (this.#pods.at(clientKey, 0) === clientPod && this.#pods.at(serverKey, 0) === serverPod) {
      this.#index.set(text, flow);
      if (verdict === 'allowed') this.#spoken.begun(key.ends(), flow);
    }
    return flow;
  }

  #again(like: TalliedFlow): TalliedFlow | undefined {
    const known = this.#index.get(like.key);
    if (known !== undefined) return known;
    const flow = this.#add({ ...like, ...NOTHING_YET });
    if (flow !== undefined) this.#index.set(like.key, flow);
    return flow;
  }

  /** Undefined where there is no more room, or the flow's pod has had its part of it. */
  #add(flow: TalliedFlow): TalliedFlow | undefined {
    const pod = flow.clientPod ?? flow.serverPod ?? '';
    const count = this.#flowsOfPod.get(pod) ?? 0;
    if (this.#flows.length >= this.#mostFlows || count * 8 >= this.#mostFlows) return undefined;
    this.#flowsOfPod.set(pod, count + 1);
    this.#flows.push(flow);
    return flow;
  }

  #describe({ bytes, addressLength, clientAt, serverAt, serviceAt, port, servicePort, rules, hasService }: FlowKey, parts: FlowParts): TalliedFlow {
    return {
      ...parts,
      ...NOTHING_YET,
      client: addressText(bytes, clientAt, addressLength),
      server: addressText(bytes, serverAt, addressLength),
      service: hasService ? { address: addressText(bytes, serviceAt, addressLength), port: servicePort } : undefined,
      port,
      rules,
    };
  }
}

interface FlowParts {
  readonly key: string;
  readonly verdict: FlowVerdict;
  readonly profile: string;
  readonly protocol: Protocol;
  readonly clientKey: string;
  readonly serverKey: string;
  readonly clientPod: PodKey | undefined;
  readonly serverPod: PodKey | undefined;
}

const SYN = 2;
const SYN_AND_ACK = 18;

function clientPortOf({ packet, isAnswer }: LogRecord): number {
  return isAnswer ? packet.destinationPort : packet.sourcePort;
}

// What speaks another protocol than it may is found out by the first bytes. Without a connection a new
// one cannot be told from one that goes on but by its answers.
function goesOn({ packet, isAnswer }: LogRecord, profile: string): boolean {
  if (profile.startsWith('7:')) return false;
  return isAnswer || (protocolName(packet.protocol) === 'TCP' && (packet.tcpFlags & SYN_AND_ACK) !== SYN);
}

function countEnd(flow: TalliedFlow, record: ConnectionRecord): void {
  flow.ended += 1;
  if ((record.status & SEEN_REPLY) !== 0) flow.replied += 1;
  flow.sentBytes += Math.max(0, record.originalBytes);
  flow.receivedBytes += Math.max(0, record.replyBytes);
  flow.sentPackets += Math.max(0, record.originalPackets);
  flow.receivedPackets += Math.max(0, record.replyPackets);
  if (record.startedAt > 0) flow.longestMs = Math.max(flow.longestMs, record.stoppedAt - record.startedAt);
}
