import { AttributeWriter } from '../netlink/attribute-writer.ts';
import { acknowledgementIn, messages, NLM_F_ACK, NLM_F_REQUEST } from '../netlink/netlink-message.ts';
import { NETLINK_NETFILTER, NetlinkSocket } from '../netlink/netlink-socket.ts';
import { type ReadableWatch, whenReadable } from '../netlink/readable-watch.ts';
import { SystemCallError } from '../netlink/system-calls.ts';
import { type LogRecord, newLogRecord, readLogRecord } from './log-record.ts';
import { droppedMessages } from './socket-drops.ts';

const LOG_PACKET = 0x400;
const LOG_CONFIG = 0x401;
const NFULA_CFG_CMD = 1;
const NFULA_CFG_MODE = 2;
const NFULA_CFG_NLBUFSIZ = 3;
const NFULA_CFG_TIMEOUT = 4;
const NFULA_CFG_QTHRESH = 5;
const NFULA_CFG_FLAGS = 6;
const BIND = 1;
const COPY_PACKET = 2;
const WITH_SEQUENCE = 1;
const WITH_CONNECTION = 4;

const READ_SIZE = 128 * 1_024;
/** Waiting packets are sent together. The kernel sets so many bytes aside for each piece, full or not, and counts them against the receive buffer. */
const PIECE_BYTES = 8 * 1_024;
const DELAY_HUNDREDTHS = 20;
const PIECES_A_TURN = 32;

/** What a listener is told, on the event loop. */
export interface LogVisitor {
  /** The record and the bytes are good until this returns. */
  packet(record: LogRecord, bytes: Buffer): void;
  /** So many logged packets never arrived. */
  lost(packets: number): void;
  /** A message nothing could be made of. */
  unreadable(): void;
}

export interface LogListenerOptions {
  readonly namespacePath?: string;
  readonly group: number;
  /** The most that is copied of a packet; a rule may ask for less. */
  readonly copyBytes?: number;
  /** How many packets wait to be sent together; a rule may ask for less. */
  readonly queueThreshold?: number;
  readonly receiveBufferBytes?: number;
}

/**
 * Receives what rules log to one group.
 *
 * A group has one listener in a network namespace; a second one is refused with EPERM. The kernel
 * numbers what it logs, so every packet that was thrown away on the way is counted, and known from
 * the next one that arrives.
 */
export class LogListener {
  readonly #socket: NetlinkSocket;
  readonly #watch: ReadableWatch;
  readonly #buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  readonly #record = newLogRecord();
  readonly #visitor: LogVisitor;
  readonly #namespacePath: string | undefined;
  #next = -1;
  #dropped = 0;
  /** Of the packets that a number to come will show to be missing, so many have been reported as lost. */
  #counted = 0;

  constructor(visitor: LogVisitor, { namespacePath, group, copyBytes = 128, queueThreshold = 32, receiveBufferBytes = 8 * 1_024 * 1_024 }: LogListenerOptions) {
    this.#visitor = visitor;
    this.#namespacePath = namespacePath;
    this.#socket = new NetlinkSocket({ ...(namespacePath === undefined ? {} : { namespacePath }), receiveBufferBytes });
    try {
      this.#configure(group, copyBytes, queueThreshold);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
    this.#watch = whenReadable(this.#socket.fd, () => {
      this.#drain();
    });
  }

  close(): void {
    this.#watch.stop();
    this.#socket.close();
  }

  #configure(group: number, copyBytes: number, queueThreshold: number): void {
    this.#ask(`listen to log group ${String(group)}`, group, (writer) => writer.u8(NFULA_CFG_CMD, BIND));
    const mode = Buffer.alloc(6);
    mode.writeUInt32BE(copyBytes, 0);
    mode[4] = COPY_PACKET;
    this.#ask(`set up log group ${String(group)}`, group, (writer) =>
      writer.raw(NFULA_CFG_MODE, mode).u32(NFULA_CFG_NLBUFSIZ, PIECE_BYTES).u32(NFULA_CFG_TIMEOUT, DELAY_HUNDREDTHS).u32(NFULA_CFG_QTHRESH, queueThreshold),
    );
    // many kernels are built without connections in the log and refuse that; packets then come by themselves
    this.#ask(`number log group ${String(group)}`, group, (writer) => writer.u16(NFULA_CFG_FLAGS, WITH_SEQUENCE));
    this.#tryAsk(group, (writer) => writer.u16(NFULA_CFG_FLAGS, WITH_SEQUENCE | WITH_CONNECTION));
  }

  #ask(what: string, group: number, fill: (writer: AttributeWriter) => void): void {
    const answer = this.#tryAsk(group, fill);
    if (answer !== undefined && answer.errno !== 0) throw new SystemCallError(what, answer.errno);
  }

  // packets may already be arriving between the answers
  #tryAsk(group: number, fill: (writer: AttributeWriter) => void): ReturnType<typeof acknowledgementIn> {
    const writer = new AttributeWriter(128).begin(LOG_CONFIG, NLM_F_REQUEST | NLM_F_ACK, 1, 0, group);
    fill(writer);
    this.#socket.send(writer.finish().bytes());
    for (;;) {
      const received = this.#socket.receive(this.#buffer, 1_000);
      if (received.kind === 'nothing') throw new Error(`listen to log group ${String(group)}: the kernel did not answer`);
      if (received.kind === 'overflow') continue;
      for (const message of messages(this.#buffer, received.length)) {
        const answer = acknowledgementIn(message);
        if (answer !== undefined) return answer;
      }
      this.#read(received.length);
    }
  }

  #drain(): void {
    for (let piece = 0; piece < PIECES_A_TURN && !this.#socket.isClosed; piece += 1) {
      const received = this.#socket.receive(this.#buffer, 0);
      if (received.kind === 'nothing') return;
      if (received.kind === 'bytes') this.#read(received.length);
      else this.#countPieces();
    }
  }

  #read(length: number): void {
    for (const { type, bytes, start, end } of messages(this.#buffer, length)) {
      if (type !== LOG_PACKET) continue;
      if (!readLogRecord(bytes, start + 4, end, this.#record)) {
        this.#visitor.unreadable();
        continue;
      }
      this.#count(this.#record.sequence);
      this.#visitor.packet(this.#record, bytes);
    }
  }

  // every piece held one packet at least; how many more is told by the number of the next that arrives
  #countPieces(): void {
    const dropped = droppedMessages(NETLINK_NETFILTER, this.#socket.portId, this.#namespacePath) ?? this.#dropped;
    const pieces = Math.max(0, dropped - this.#dropped);
    this.#dropped = dropped;
    if (pieces === 0) return;
    this.#counted += pieces;
    this.#visitor.lost(pieces);
  }

  #count(sequence: number): void {
    if (sequence < 0) return;
    const missing = this.#next < 0 ? 0 : (sequence - this.#next) >>> 0;
    // a number that went back is a listener that was set up anew, not four thousand million packets
    if (missing > 0 && missing < 0x80000000) {
      if (missing > this.#counted) this.#visitor.lost(missing - this.#counted);
      this.#counted = Math.max(0, this.#counted - missing);
    }
    this.#next = (sequence + 1) >>> 0;
  }
}
