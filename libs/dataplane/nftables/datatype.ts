import { writeIpv4, writeIpv6 } from './address-bytes.ts';

/** What a field of a packet is: how its values are written, and how long they are. */
export interface Datatype {
  /** As nft numbers it. */
  readonly id: number;
  readonly size: number;
  /** Numbers of the machine (marks, states, interfaces) are in its own order, those of the wire are not. */
  readonly isHostOrder: boolean;
  /** Values of which several may be there at once. */
  readonly isFlags: boolean;
  readonly names: Readonly<Record<string, number>>;
}

const none: Readonly<Record<string, number>> = {};

function datatype(id: number, size: number, options: Partial<Datatype> = {}): Datatype {
  return { id, size, isHostOrder: false, isFlags: false, names: none, ...options };
}

export const datatypes = {
  nfProto: datatype(2, 1, { isHostOrder: true, names: { ipv4: 2, ipv6: 10 } }),
  ipv4: datatype(7, 4),
  ipv6: datatype(8, 16),
  inetProto: datatype(12, 1, { names: { icmp: 1, igmp: 2, tcp: 6, udp: 17, dccp: 33, esp: 50, ah: 51, 'ipv6-icmp': 58, icmpv6: 58, sctp: 132, udplite: 136 } }),
  inetService: datatype(13, 2),
  icmpType: datatype(14, 1, { names: { 'echo-reply': 0, 'destination-unreachable': 3, redirect: 5, 'echo-request': 8, 'router-advertisement': 9, 'router-solicitation': 10, 'time-exceeded': 11, 'parameter-problem': 12 } }),
  tcpFlag: datatype(15, 1, { isFlags: true, names: { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 } }),
  mark: datatype(19, 4, { isHostOrder: true }),
  interfaceIndex: datatype(20, 4, { isHostOrder: true }),
  uid: datatype(24, 4, { isHostOrder: true }),
  ctState: datatype(26, 4, { isHostOrder: true, isFlags: true, names: { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } }),
  ctDirection: datatype(27, 1, { isHostOrder: true, names: { original: 0, reply: 1 } }),
  ctStatus: datatype(28, 4, { isHostOrder: true, isFlags: true, names: { expected: 1, 'seen-reply': 2, assured: 4, confirmed: 8, snat: 16, dnat: 32, dying: 512 } }),
  icmpv6Type: datatype(29, 1, {
    names: {
      'destination-unreachable': 1, 'packet-too-big': 2, 'time-exceeded': 3, 'parameter-problem': 4, 'echo-request': 128, 'echo-reply': 129,
      'mld-listener-query': 130, 'mld-listener-report': 131, 'mld-listener-done': 132, 'nd-router-solicit': 133, 'nd-router-advert': 134,
      'nd-neighbor-solicit': 135, 'nd-neighbor-advert': 136, 'nd-redirect': 137, 'mld2-listener-report': 143,
    },
  }),
  fibType: datatype(38, 4, { isHostOrder: true, names: { unspec: 0, unicast: 1, local: 2, broadcast: 3, anycast: 4, multicast: 5, blackhole: 6, unreachable: 7, prohibit: 8 } }),
  interfaceName: datatype(41, 16, { isHostOrder: true }),
} as const;

/** Bytes of the wire that have no name of their own. */
export function rawBytes(size: number): Datatype {
  return datatype(4, size);
}

/**
 * Reads one value as it is written in a ruleset; undefined where it is none of this type.
 *
 * Strict: what is not clearly a value is refused, never guessed at.
 */
export function parseValue(type: Datatype, text: string): Buffer | undefined {
  const bytes = Buffer.alloc(type.size);
  return writeValue(type, text, 0, text.length, bytes, 0) ? bytes : undefined;
}

/** Writes the value between two places of a text; false, with nothing promised about `into`, where it is none of this type. */
export function writeValue(type: Datatype, text: string, from: number, to: number, into: Buffer, at: number): boolean {
  if (type === datatypes.ipv4) return writeIpv4(text, from, to, into, at);
  if (type === datatypes.ipv6) return writeIpv6(text, from, to, into, at);
  if (type === datatypes.inetService) {
    const port = decimal(text, from, to, 65_535);
    into[at] = port >> 8;
    into[at + 1] = port & 255;
    return port >= 0;
  }
  const word = text.slice(from, to);
  if (type === datatypes.inetProto && Object.hasOwn(type.names, word)) {
    into[at] = type.names[word] ?? 0;
    return true;
  }
  const bytes = parseOther(type, word);
  bytes?.copy(into, at);
  return bytes !== undefined;
}

/** -1 where it is no number of digits only, or too large. */
function decimal(text: string, from: number, to: number, largest: number): number {
  let value = from < to ? 0 : -1;
  for (let place = from; place < to; place += 1) {
    const digit = text.charCodeAt(place) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
    if (value > largest) return -1;
  }
  return value;
}

function parseOther(type: Datatype, text: string): Buffer | undefined {
  if (type === datatypes.interfaceName) return parseInterfaceName(text);
  const named = Object.hasOwn(type.names, text) ? type.names[text] : undefined;
  const number = named === undefined ? parseNumber(text) : BigInt(named);
  return number === undefined ? undefined : numberBytes(type, number);
}

/** A number as this type holds it; undefined where it is too large. */
export function numberBytes({ size, isHostOrder }: Datatype, value: bigint): Buffer | undefined {
  if (value < 0n || value >= 1n << BigInt(8 * size)) return undefined;
  const bytes = Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
  return isHostOrder ? bytes.reverse() : bytes;
}

function parseNumber(text: string): bigint | undefined {
  return /^(?:0x[0-9a-fA-F]{1,32}|[0-9]{1,39})$/.test(text) ? BigInt(text) : undefined;
}

function parseInterfaceName(text: string): Buffer | undefined {
  const name = text.startsWith('"') && text.endsWith('"') && text.length >= 2 ? text.slice(1, -1) : text;
  // a trailing asterisk would mean a prefix
  if (!/^[^\s/*"]{1,15}$/.test(name) || Buffer.byteLength(name) > 15) return undefined;
  const bytes = Buffer.alloc(16);
  bytes.write(name, 'utf8');
  return bytes;
}
