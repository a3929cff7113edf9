import type { Address, Protocol } from '#model';

/** A packet as a node's kernel would see it, with what connection tracking knows about it. */
export interface TracePacket {
  readonly hook: 'prerouting' | 'forward' | 'input' | 'output';
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: Protocol;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly ctState: 'new' | 'established' | 'related' | 'invalid' | 'untracked';
  readonly ctDirection: 'original' | 'reply';
  /** The connection's mark before this packet. */
  readonly ctMark: number;
  readonly tcpFlags: readonly TcpFlag[];
  /** As in an IPv6 header: `echo-request`, `nd-neighbor-solicit`, … */
  readonly icmpType: string;
  /** Whether the source is an address of the node itself. */
  readonly isSourceLocal: boolean;
  readonly inputInterface: string;
  readonly outputInterface: string;
  /** What comes after the header of TCP or UDP. */
  readonly payload: Uint8Array;
}

export type TcpFlag = 'fin' | 'syn' | 'rst' | 'ack';

type Optional = 'isSourceLocal' | 'sourcePort' | 'destinationPort' | 'ctState' | 'ctDirection' | 'ctMark' | 'tcpFlags' | 'icmpType' | 'inputInterface' | 'outputInterface' | 'payload';

/** A connection's first packet, but for what is given. */
export function packet(fields: Omit<TracePacket, Optional> & Partial<TracePacket>): TracePacket {
  const isNew = (fields.ctState ?? 'new') === 'new';
  return {
    sourcePort: 40000,
    destinationPort: 0,
    ctState: 'new',
    isSourceLocal: fields.hook === 'output',
    ctDirection: 'original',
    ctMark: 0,
    tcpFlags: isNew ? ['syn'] : ['ack'],
    icmpType: 'echo-request',
    inputInterface: 'veth0',
    outputInterface: 'veth1',
    payload: new Uint8Array(),
    ...fields,
  };
}
