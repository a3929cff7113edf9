import { type Address, parsePrefix } from '#model';

import { refuse } from './trace-lines.ts';
import type { TracePacket } from './trace-packet.ts';
import type { Passage, Statement } from './trace-passage.ts';
import type { Field, FieldValue, TracedSet } from './trace-set.ts';
import { unquote, type Words } from './trace-words.ts';

/** Reads what compares fields of a packet with values, sets or maps. */
export function readLookUp(words: Words, sets: ReadonlyMap<string, TracedSet>): Statement {
  const fields = [readField(words)];
  while (words.take('.')) fields.push(readField(words));
  const types = fields.map(({ type }) => type);
  if (words.take('vmap')) {
    const map = readReference(words, sets, types, 'map');
    return ({ packet }) => {
      const values = valuesOf(fields, packet);
      return (values === undefined ? undefined : map.find(values)) ?? 'no match';
    };
  }
  const isInverted = words.take('!=');
  if (words.peek().startsWith('@')) {
    const set = readReference(words, sets, types, 'set');
    return ({ packet }) => {
      const values = valuesOf(fields, packet);
      return values !== undefined && (set.find(values) !== undefined) !== isInverted ? 'next' : 'no match';
    };
  }
  const [field, ...more] = fields;
  if (field === undefined || more.length > 0 || isInverted) return refuse(words.line, `unknown comparison with ${words.peek()}`);
  const tests = words.list().map((word) => readValue(field, word, words.line));
  return ({ packet }) => {
    const value = field.valueOf(packet);
    return value !== undefined && tests.some((test) => test(value)) ? 'next' : 'no match';
  };
}

export function readReference(words: Words, sets: ReadonlyMap<string, TracedSet>, types: readonly Field['type'][], kind: 'set' | 'map'): TracedSet {
  const word = words.next();
  const set = word.startsWith('@') ? sets.get(word.slice(1)) : undefined;
  if (set?.kind !== kind) return refuse(words.line, `no such ${kind}: ${word}`);
  return set.types.join() === types.join() ? set : refuse(words.line, `${word} holds ${set.types.join()}, not ${types.join()}`);
}

type Test = (value: FieldValue) => boolean;

function readValue({ type }: Field, word: string, line: number): Test {
  if (type === 'protocol' && /^[a-z0-9-]+$/.test(word)) return (value) => value === word;
  if (type === 'port' && /^\d{1,5}$/.test(word)) return (value) => value === word;
  const name = type === 'interface' ? unquote(word) : undefined;
  if (name !== undefined) return (value) => value === name;
  const width = type === 'ipv4' ? 32 : type === 'ipv6' ? 128 : undefined;
  const prefix = width === undefined ? undefined : parsePrefix(word.includes('/') ? word : `${word}/${String(width)}`);
  if (width === undefined || prefix?.family !== (width === 32 ? 4 : 6)) return refuse(line, `unknown comparison with ${word}`);
  const host = BigInt(width - prefix.length);
  return (value) => typeof value !== 'string' && value.bits >> host === prefix.first >> host;
}

function valuesOf(fields: readonly Field[], packet: TracePacket): readonly FieldValue[] | undefined {
  const values: FieldValue[] = [];
  for (const field of fields) {
    const value = field.valueOf(packet);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function readField(words: Words): Field {
  for (const [name, field] of FIELDS) if (words.take(name)) return field;
  return refuse(words.line, `unknown word: ${words.peek()}`);
}

const FIELDS: readonly (readonly [string, Field])[] = [
  ['ip saddr', { type: 'ipv4', valueOf: ({ source }) => ofFamily(source, 4) }],
  ['ip daddr', { type: 'ipv4', valueOf: ({ destination }) => ofFamily(destination, 4) }],
  ['ip6 saddr', { type: 'ipv6', valueOf: ({ source }) => ofFamily(source, 6) }],
  ['ip6 daddr', { type: 'ipv6', valueOf: ({ destination }) => ofFamily(destination, 6) }],
  ['meta l4proto', { type: 'protocol', valueOf: protocolName }],
  ['th sport', { type: 'port', valueOf: ({ sourcePort }) => String(sourcePort) }],
  ['th dport', { type: 'port', valueOf: ({ destinationPort }) => String(destinationPort) }],
  ['udp dport', { type: 'port', valueOf: ({ protocol, destinationPort }) => (protocol === 'UDP' ? String(destinationPort) : undefined) }],
  ['meta nfproto', { type: 'family', valueOf: ({ source }) => (source.family === 4 ? 'ipv4' : 'ipv6') }],
  ['iifname', { type: 'interface', valueOf: ({ hook, inputInterface }) => (hook === 'output' ? undefined : inputInterface) }],
  ['oifname', { type: 'interface', valueOf: ({ hook, outputInterface }) => (hook === 'input' || hook === 'prerouting' ? undefined : outputInterface) }],
];

function ofFamily(address: Address, family: 4 | 6): Address | undefined {
  return address.family === family ? address : undefined;
}

function protocolName({ protocol, source }: TracePacket): string {
  if (protocol !== 'ICMP') return protocol.toLowerCase();
  return source.family === 4 ? 'icmp' : 'ipv6-icmp';
}

/** Reads what compares a mark, or bytes of the payload: `& mask`, then a value, one of several, or, for a mark, a map. */
export function readNumberComparison(words: Words, sets: ReadonlyMap<string, TracedSet>): Statement | undefined {
  if (words.take('ct mark')) return compareNumber(words, sets, 8, ({ mark }) => BigInt(mark));
  const [, offset, bits] = /^@ih,(\d+),(\d+)$/.exec(words.peek()) ?? [];
  if (offset === undefined || bits === undefined) return undefined;
  if (Number(offset) % 8 !== 0 || Number(bits) % 8 !== 0 || Number(bits) === 0) return refuse(words.line, `not whole bytes: ${words.peek()}`);
  words.next();
  return compareNumber(words, sets, Number(bits) / 4, ({ packet }) => bytesOf(packet, Number(offset) / 8, Number(bits) / 8));
}

function compareNumber(words: Words, sets: ReadonlyMap<string, TracedSet>, digits: number, valueOf: (passage: Passage) => bigint | undefined): Statement {
  const mask = words.take('&') ? words.number(digits) : undefined;
  const masked = (passage: Passage): bigint | undefined => {
    const value = valueOf(passage);
    return value === undefined || mask === undefined ? value : value & mask;
  };
  if (words.take('vmap')) {
    const map = readReference(words, sets, ['mark'], 'map');
    return (passage) => map.find([`0x${(masked(passage) ?? 0n).toString(16).padStart(8, '0')}`]) ?? 'no match';
  }
  const operator = ['==', '!=', '>='].find((each) => words.take(each)) ?? '==';
  if (words.peek() !== '{') {
    const wanted = words.number(digits);
    return (passage) => (holds(operator, masked(passage), wanted) ? 'next' : 'no match');
  }
  if (operator !== '==') return refuse(words.line, `unknown comparison with ${words.peek()}`);
  const wanted = words.list().map((word) => (new RegExp(`^0x[0-9a-f]{${String(digits)}}$`).test(word) ? BigInt(word) : refuse(words.line, `not a number: ${word}`)));
  return (passage) => (wanted.some((each) => each === masked(passage)) ? 'next' : 'no match');
}

function holds(operator: string, value: bigint | undefined, wanted: bigint): boolean {
  if (value === undefined) return false;
  if (operator === '>=') return value >= wanted;
  return (value === wanted) === (operator === '==');
}

/** Undefined where the payload ends before. */
function bytesOf({ protocol, payload }: TracePacket, offset: number, length: number): bigint | undefined {
  if ((protocol !== 'TCP' && protocol !== 'UDP') || payload.length < offset + length) return undefined;
  return payload.subarray(offset, offset + length).reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
}
