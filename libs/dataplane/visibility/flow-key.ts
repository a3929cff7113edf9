import type { FlowVerdict, Protocol } from '#model';

import type { ConnectionRecord } from './connection-record.ts';
import type { LogRecord } from './log-record.ts';

const VERDICTS: readonly FlowVerdict[] = ['allowed', 'denied', 'would-be-denied', 'unknown-pod', 'spoofed', 'wrong-protocol'];
const PROTOCOL_NAMES: Readonly<Record<number, Protocol>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMP', 132: 'SCTP' };
/** The two rule numbers in a connection's mark. */
const RULES = 0x00ffffff;
const PORTS_AND_RULES = 8;

export function protocolName(protocol: number): Protocol | undefined {
  return PROTOCOL_NAMES[protocol];
}

/**
 * Which flow a connection or a packet belongs to, as a text that equal flows share.
 *
 * ```
 * verdict protocol │ client  server  service │ port  service's port  rules │ profile
 *    1       1     │  4 or 16 bytes each     │  2          2          4    │
 * ```
 *
 * One is filled again and again; making the text is its only allocation.
 */
export class FlowKey {
  readonly bytes = Buffer.alloc(2 + 3 * 16 + PORTS_AND_RULES);
  protocol = 0;
  addressLength = 4;
  port = 0;
  servicePort = 0;
  rules = 0;
  hasService = false;

  /** Who began it is the client; who answers is the server, and what was asked for is the service where it is another. */
  fromConnection(verdict: FlowVerdict, { original, reply, mark }: ConnectionRecord, source: Buffer): this {
    const isIcmp = original.icmpType >= 0;
    this.port = isIcmp ? 0 : reply.sourcePort;
    this.servicePort = isIcmp ? 0 : original.destinationPort;
    this.protocol = original.protocol;
    this.rules = mark & RULES;
    this.#addresses(verdict, original.addressLength, source, original.sourceAt, reply.sourceAt, original.destinationAt);
    return this;
  }

  /** The connection's ends where the kernel sent it along, since the packet may be an answer; else the packet's. */
  fromLog(verdict: FlowVerdict, record: LogRecord, source: Buffer): this {
    if (record.hasConnection && record.connection.original.protocol === record.packet.protocol) return this.fromConnection(verdict, record.connection, source);
    const { packet, isAnswer } = record;
    const [client, server] = isAnswer ? [packet.destinationAt, packet.sourceAt] : [packet.sourceAt, packet.destinationAt];
    this.port = this.servicePort = isAnswer ? packet.sourcePort : packet.destinationPort;
    this.protocol = packet.protocol;
    this.rules = 0;
    this.#addresses(verdict, packet.addressLength, source, client, server, server);
    return this;
  }

  /** The part that an allowed connection has in common with its packets behind service translation: its ends, and the server's port. */
  ends(): string {
    return this.bytes.toString('latin1', 1, this.serviceAt) + String.fromCharCode(this.port);
  }

  text(profile = ''): string {
    const end = 2 + 3 * this.addressLength;
    this.bytes.writeUInt16BE(this.port, end);
    this.bytes.writeUInt16BE(this.servicePort, end + 2);
    this.bytes.writeUInt32BE(this.rules, end + 4);
    const text = this.bytes.toString('latin1', 0, end + 8);
    return profile === '' ? text : text + profile;
  }

  get clientAt(): number {
    return 2;
  }

  get serverAt(): number {
    return 2 + this.addressLength;
  }

  get serviceAt(): number {
    return 2 + 2 * this.addressLength;
  }

  /** The client's address as a key of its own. */
  clientKey(): string {
    return this.bytes.toString('latin1', this.clientAt, this.serverAt);
  }

  serverKey(): string {
    return this.bytes.toString('latin1', this.serverAt, this.serviceAt);
  }

  #addresses(verdict: FlowVerdict, length: number, source: Buffer, client: number, server: number, service: number): void {
    const { bytes } = this;
    this.addressLength = length;
    bytes[0] = VERDICTS.indexOf(verdict);
    bytes[1] = this.protocol;
    let differs = this.port !== this.servicePort;
    // a loop of single bytes: calling out to copy four of them costs more
    for (let at = 0; at < length; at += 1) {
      const served = source[server + at] ?? 0;
      const asked = source[service + at] ?? 0;
      bytes[2 + at] = source[client + at] ?? 0;
      bytes[2 + length + at] = served;
      bytes[2 + 2 * length + at] = asked;
      if (served !== asked) differs = true;
    }
    this.hasService = differs;
  }
}
