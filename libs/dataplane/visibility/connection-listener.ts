import { NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.ts';
import { type ConnectionRecord, newConnectionRecord, readConnection } from './connection-record.ts';
import { ConnectionList } from './connection-list.ts';
import { DatagramBatch } from './datagram-batch.ts';
import { PacedReading } from './paced-reading.ts';
import { droppedMessages } from './socket-drops.ts';

const NFNLGRP_CONNTRACK_NEW = 1;
const NFNLGRP_CONNTRACK_UPDATE = 2;
const NFNLGRP_CONNTRACK_DESTROY = 3;
const CT_NEW = 0x100;
const CT_DELETE = 0x102;
const NLM_F_CREATE = 0x400;
const HEADERS = 20;

/** One event is about 300 bytes, whatever its connection. */
const SLOT_SIZE = 1_024;
const SLOTS = 256;
/** A turn of the event loop reads at most so many batches, some ten milliseconds. */
const BATCHES_A_TURN = 16;
const RECEIVE_BUFFER = 32 * 1_024 * 1_024;
/** Reading the list again while events are still being lost would only lose more. */
const RESYNC_PAUSE_MS = 2_000;
/** A connection begins and ends. */
const MOST_EVENTS = 200_000;
const WINDOW_MS = 100;
const ONE_IN = 8;

export type ConnectionChange = 'new' | 'update' | 'destroy' | 'alive';

/** What a listener is told, on the event loop. */
export interface ConnectionVisitor {
  /** The record and the bytes are good until this returns. `alive`: found in the list that was read after a loss. */
  connection(change: ConnectionChange, record: ConnectionRecord, bytes: Buffer): void;
  /** So many events were thrown away by the kernel; the list of connections is about to be read. */
  lost(events: number): void;
  /** The list has been read, to its end or not. */
  resynced(isWhole: boolean): void;
  /** A message nothing could be made of. */
  unreadable(): void;
  /** So many events were counted and not looked at: there are more than {@link ConnectionListenerOptions.mostEventsASecond}. */
  sampledOut?(events: number): void;
}

export interface ConnectionListenerOptions {
  readonly namespacePath?: string;
  readonly receiveBufferBytes?: number;
  /** Beyond so many, beginnings and ends together, one in eight is looked at; two hundred thousand unless given. */
  readonly mostEventsASecond?: number;
  /** Also changes of a connection's state. */
  readonly withUpdates?: boolean;
}

/**
 * Hears of every connection the node's kernel begins and ends to track.
 *
 * The kernel tells about a connection when its first packet has got through every chain, so what
 * was dropped never comes here. Connections that were there before are not told about, not even
 * when they end. When the reader falls behind, the kernel throws events away until all that wait
 * have been read; the loss is counted, exactly, and made good as far as it can be by reading the
 * list of connections once.
 */
export class ConnectionListener {
  readonly #socket: NetlinkSocket;
  readonly #reading: PacedReading;
  readonly #batch = new DatagramBatch(SLOTS, SLOT_SIZE);
  readonly #record = newConnectionRecord();
  readonly #visitor: ConnectionVisitor;
  readonly #namespacePath: string | undefined;
  readonly #mostInWindow: number;
  #windowFrom = Number.NEGATIVE_INFINITY;
  #inWindow = 0;
  #leftOut = 0;
  #dropped: number;
  #list: ConnectionList | undefined;
  #resyncTimer: NodeJS.Timeout | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(visitor: ConnectionVisitor, { namespacePath, receiveBufferBytes = RECEIVE_BUFFER, mostEventsASecond = MOST_EVENTS, withUpdates = false }: ConnectionListenerOptions = {}) {
    this.#visitor = visitor;
    this.#namespacePath = namespacePath;
    this.#mostInWindow = Math.ceil((mostEventsASecond * WINDOW_MS) / 1_000);
    this.#socket = new NetlinkSocket({ ...(namespacePath === undefined ? {} : { namespacePath }), receiveBufferBytes });
    this.#socket.join(NFNLGRP_CONNTRACK_NEW);
    this.#socket.join(NFNLGRP_CONNTRACK_DESTROY);
    if (withUpdates) this.#socket.join(NFNLGRP_CONNTRACK_UPDATE);
    this.#dropped = this.#readDrops() ?? 0;
    this.#reading = new PacedReading(this.#socket.fd, () => this.#drain());
  }

  close(): void {
    this.#reading.close();
    this.#list?.close();
    clearTimeout(this.#resyncTimer);
    this.#socket.close();
  }

  #drain(): boolean {
    let hadSome = false;
    const now = performance.now();
    if (now - this.#windowFrom >= WINDOW_MS) {
      this.#windowFrom = now;
      this.#inWindow = 0;
    }
    for (let turn = 0; turn < BATCHES_A_TURN && !this.#socket.isClosed; turn += 1) {
      const count = this.#batch.receive(this.#socket.fd);
      if (count !== 0) hadSome = true;
      if (count === 'overflow') {
        this.#countLoss();
        continue;
      }
      for (let at = 0; at < count; at += 1) this.#read(at);
      if (count < this.#batch.slots) break;
    }
    if (this.#leftOut > 0) this.#visitor.sampledOut?.(this.#leftOut);
    this.#leftOut = 0;
    return hadSome;
  }

  #read(at: number): void {
    this.#inWindow += 1;
    if (this.#inWindow > this.#mostInWindow && this.#inWindow % ONE_IN !== 0) {
      this.#leftOut += 1;
      return;
    }
    const { bytes } = this.#batch;
    const start = this.#batch.start(at);
    const end = this.#batch.end(at);
    const type = end - start < HEADERS ? -1 : bytes.readUInt16LE(start + 4);
    const length = type < 0 ? 0 : bytes.readUInt32LE(start);
    if ((type !== CT_NEW && type !== CT_DELETE) || length < HEADERS || start + length > end || !readConnection(bytes, start + HEADERS, start + length, this.#record)) {
      this.#visitor.unreadable();
      return;
    }
    const isNew = (bytes.readUInt16LE(start + 6) & NLM_F_CREATE) !== 0;
    this.#visitor.connection(type === CT_DELETE ? 'destroy' : isNew ? 'new' : 'update', this.#record, bytes);
  }

  #countLoss(): void {
    const dropped = this.#readDrops();
    // the error itself says that one event was lost at least
    const lost = dropped === undefined || dropped <= this.#dropped ? 1 : dropped - this.#dropped;
    this.#dropped = dropped ?? this.#dropped;
    this.#visitor.lost(lost);
    this.#resyncSoon();
  }

  #resyncSoon(): void {
    if (this.#resyncTimer !== undefined) return;
    const wait = Math.max(0, this.#listedAt + RESYNC_PAUSE_MS - performance.now());
    this.#resyncTimer = setTimeout(() => {
      this.#resyncTimer = undefined;
      this.#resync();
    }, wait);
  }

  #resync(): void {
    if (this.#list !== undefined) {
      this.#resyncSoon();
      return;
    }
    // what was dropped while the socket stayed congested is only known now
    const dropped = this.#readDrops() ?? this.#dropped;
    if (dropped > this.#dropped) this.#visitor.lost(dropped - this.#dropped);
    this.#dropped = dropped;
    this.#listedAt = performance.now();
    const finish = (isWhole: boolean): void => {
      this.#list = undefined;
      this.#listedAt = performance.now();
      this.#visitor.resynced(isWhole);
    };
    this.#list = new ConnectionList(this.#namespacePath, (record, bytes) => {
      this.#visitor.connection('alive', record, bytes);
    }, finish);
  }

  #readDrops(): number | undefined {
    return droppedMessages(NETLINK_NETFILTER, this.#socket.portId, this.#namespacePath);
  }
}
