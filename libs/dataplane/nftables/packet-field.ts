import { type Datatype, datatypes, rawBytes } from './datatype.ts';
import type { Expression } from './expression.ts';

/** What has to hold before a field can be read: which family the packet is of, which protocol it carries. */
export interface Demand {
  readonly nfProto?: number;
  readonly inetProto?: number;
}

/** Something of a packet, its connection or its way, that a rule can look at. */
export interface PacketField {
  readonly type: Datatype;
  readonly demand: Demand;
  /** What nft keeps beside a set to show what its keys are. */
  readonly described: { readonly kind: 'payload'; readonly header: number; readonly field: number } | { readonly kind: 'meta' | 'ct'; readonly key: number } | undefined;
  readonly load: (register: number) => Expression;
}

const NETWORK = 1;
const TRANSPORT = 2;
const INNER = 3;
const FIB_RESULT_ADDRTYPE = 3;

function payload(type: Datatype, base: number, offset: number, demand: Demand, header?: number, field = 0): PacketField {
  return {
    type,
    demand,
    described: header === undefined ? undefined : { kind: 'payload', header, field },
    load: (register) => ({ kind: 'payload', register, base, offset, size: type.size }),
  };
}

function meta(type: Datatype, key: number): PacketField {
  return { type, demand: {}, described: { kind: 'meta', key }, load: (register) => ({ kind: 'meta', register, key }) };
}

function ct(type: Datatype, key: number): PacketField {
  return { type, demand: {}, described: { kind: 'ct', key }, load: (register) => ({ kind: 'ct', register, key }) };
}

function fib(flags: number): PacketField {
  return { type: datatypes.fibType, demand: {}, described: undefined, load: (register) => ({ kind: 'fib', register, result: FIB_RESULT_ADDRTYPE, flags }) };
}

function port(inetProto: number, offset: number): PacketField {
  return payload(datatypes.inetService, TRANSPORT, offset, { inetProto });
}

// nft's own numbers of headers and of fields in them
const fields: Readonly<Record<string, PacketField>> = {
  'ip saddr': payload(datatypes.ipv4, NETWORK, 12, { nfProto: 2 }, 12, 11),
  'ip daddr': payload(datatypes.ipv4, NETWORK, 16, { nfProto: 2 }, 12, 12),
  'ip6 saddr': payload(datatypes.ipv6, NETWORK, 8, { nfProto: 10 }, 13, 8),
  'ip6 daddr': payload(datatypes.ipv6, NETWORK, 24, { nfProto: 10 }, 13, 9),
  'th sport': payload(datatypes.inetService, TRANSPORT, 0, {}, 11, 1),
  'th dport': payload(datatypes.inetService, TRANSPORT, 2, {}, 11, 2),
  'tcp sport': port(6, 0),
  'tcp dport': port(6, 2),
  'udp sport': port(17, 0),
  'udp dport': port(17, 2),
  'sctp sport': port(132, 0),
  'sctp dport': port(132, 2),
  'tcp flags': payload(datatypes.tcpFlag, TRANSPORT, 13, { inetProto: 6 }),
  'icmp type': payload(datatypes.icmpType, TRANSPORT, 0, { nfProto: 2, inetProto: 1 }),
  'icmpv6 type': payload(datatypes.icmpv6Type, TRANSPORT, 0, { nfProto: 10, inetProto: 58 }),
  'meta mark': meta(datatypes.mark, 3),
  'meta iif': meta(datatypes.interfaceIndex, 4),
  'meta oif': meta(datatypes.interfaceIndex, 5),
  'meta iifname': meta(datatypes.interfaceName, 6),
  'meta oifname': meta(datatypes.interfaceName, 7),
  'meta skuid': meta(datatypes.uid, 10),
  'meta nfproto': meta(datatypes.nfProto, 15),
  'meta l4proto': meta(datatypes.inetProto, 16),
  'ct state': ct(datatypes.ctState, 0),
  'ct direction': ct(datatypes.ctDirection, 1),
  'ct status': ct(datatypes.ctStatus, 2),
  'ct mark': ct(datatypes.mark, 3),
  'fib saddr type': fib(1),
  'fib daddr type': fib(2),
};

const shorthands: Readonly<Record<string, string>> = { iif: 'meta iif', oif: 'meta oif', iifname: 'meta iifname', oifname: 'meta oifname' };

/** The field some words begin with, and how many of them name it; undefined where they name none we know. */
export function readField(words: readonly string[], at: number): { readonly field: PacketField; readonly words: number } | undefined {
  const first = words[at] ?? '';
  const raw = /^@ih,([0-9]{1,4}),([0-9]{1,3})$/.exec(first);
  if (raw !== null) return readRaw(Number(raw[1]), Number(raw[2]));
  if (Object.hasOwn(shorthands, first)) return found(shorthands[first] ?? '', 1);
  for (const count of [3, 2]) {
    const name = words.slice(at, at + count).join(' ');
    if (Object.hasOwn(fields, name)) return found(name, count);
  }
  return undefined;
}

function found(name: string, words: number): { readonly field: PacketField; readonly words: number } | undefined {
  const field = fields[name];
  return field === undefined ? undefined : { field, words };
}

function readRaw(offset: number, bits: number): { readonly field: PacketField; readonly words: number } | undefined {
  if (offset % 8 !== 0 || bits % 8 !== 0 || bits === 0 || bits > 128) return undefined;
  return { field: payload(rawBytes(bits / 8), INNER, offset / 8, {}), words: 1 };
}
