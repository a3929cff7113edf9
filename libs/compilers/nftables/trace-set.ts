import { type Address, parseAddress } from '#model';

import { refuse, type SetText } from './trace-lines.ts';
import type { TracePacket } from './trace-packet.ts';
import { readVerdict, type TracedVerdict } from './trace-verdict.ts';
import { unquote } from './trace-words.ts';

/** What a field of a packet holds, so that only like is compared with like. */
export type FieldType = 'ipv4' | 'ipv6' | 'protocol' | 'port' | 'mark' | 'family' | 'interface';

/** One field as it is looked up: an address, or anything else as text. */
export type FieldValue = Address | string;

export interface Field {
  readonly type: FieldType;
  /** Undefined where the packet has no such field, so that nothing matches. */
  readonly valueOf: (packet: TracePacket) => FieldValue | undefined;
}

/** A set or a map as it is looked up in; elements are read when they are first needed. */
export class TracedSet {
  readonly types: readonly FieldType[];
  readonly kind: 'set' | 'map';
  readonly #text: SetText;
  #index: Index | undefined;

  constructor(text: SetText) {
    this.#text = text;
    this.kind = text.kind;
    const [keys = '', verdict] = text.type.split(' : ');
    if (text.kind === 'map' ? verdict !== 'verdict' : verdict !== undefined) refuse(text.line, `unknown type: ${text.type}`);
    this.types = keys.split(' . ').map((name) => TYPES.get(name) ?? refuse(text.line, `unknown type: ${name}`));
  }

  /** What the element that matches decides; in a set, which decides nothing, that is to go on. */
  find(values: readonly FieldValue[]): TracedVerdict | undefined {
    this.#index ??= this.#text.isInterval ? indexRanges(this.#text, this.types) : indexElements(this.#text, this.types);
    return this.#index(values);
  }

  /** Every verdict of a map. */
  verdicts(): readonly TracedVerdict[] {
    return this.kind === 'map' ? this.#text.elements.map((element) => splitElement(element, this.#text)[1]) : [];
  }
}

const TYPES: ReadonlyMap<string, FieldType> = new Map([
  ['ip saddr', 'ipv4'],
  ['ip daddr', 'ipv4'],
  ['ip6 saddr', 'ipv6'],
  ['ip6 daddr', 'ipv6'],
  ['meta l4proto', 'protocol'],
  ['th dport', 'port'],
  ['ct mark', 'mark'],
  ['meta nfproto', 'family'],
  ['iifname', 'interface'],
]);

type Index = (values: readonly FieldValue[]) => TracedVerdict | undefined;

const PRESENT: TracedVerdict = { kind: 'continue' };

const ENDING = /^(.*) timeout [1-9]\d*s$/;

function splitElement(element: string, { kind, line, hasTimeouts }: SetText): readonly [key: string, verdict: TracedVerdict] {
  // an element that ends by itself is there until then
  if (kind === 'set') return [(hasTimeouts ? ENDING.exec(element)?.[1] : undefined) ?? element, PRESENT];
  const at = element.indexOf(' : ');
  const verdict = at < 0 ? undefined : readVerdict(element.slice(at + 3));
  return verdict === undefined ? refuse(line, `an element without a verdict: ${element}`) : [element.slice(0, at), verdict];
}

function indexElements(text: SetText, types: readonly FieldType[]): Index {
  const found = new Map<string, TracedVerdict>();
  for (const element of text.elements) {
    const [key, verdict] = splitElement(element, text);
    const canonical = key === '*' ? key : partsOf(key, types, text).map((part, at) => canonicalText(part, types[at], text)).join(' . ');
    if (found.has(canonical)) refuse(text.line, `the same element twice: ${key}`);
    found.set(canonical, verdict);
  }
  const otherwise = found.get('*');
  if (types.length === 1) return ([value = '']) => found.get(textOf(value)) ?? otherwise;
  return (values) => found.get(values.map(textOf).join(' . ')) ?? otherwise;
}

function indexRanges(text: SetText, types: readonly FieldType[]): Index {
  if (text.kind === 'map') refuse(text.line, 'a map of intervals');
  const rows = text.elements.map((element) => partsOf(element, types, text).map((part, at) => readRange(part, types[at], text)));
  if (types.length > 1) return (values) => (rows.some((row) => row.every((range, at) => isInside(range, values[at] ?? ''))) ? PRESENT : undefined);
  const ranges = rows.map(([range]) => range ?? refuse(text.line, 'an empty element')).sort((a, b) => (a.first < b.first ? -1 : 1));
  ranges.forEach((range, at) => {
    const previous = ranges[at - 1];
    if (previous !== undefined && previous.last >= range.first) refuse(text.line, 'intervals that overlap');
  });
  return ([value = '']) => (isInside(lastStartingBefore(ranges, numberOf(value)), value) ? PRESENT : undefined);
}

interface NumberRange {
  readonly first: bigint;
  readonly last: bigint;
}

function lastStartingBefore(ranges: readonly NumberRange[], number: bigint): NumberRange | undefined {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[middle]?.first ?? 0n) <= number) low = middle + 1;
    else high = middle;
  }
  return ranges[low - 1];
}

function isInside(range: NumberRange | undefined, value: FieldValue): boolean {
  if (range === undefined) return false;
  const number = numberOf(value);
  return range.first <= number && number <= range.last;
}

const PROTOCOL_NUMBERS: ReadonlyMap<string, bigint> = new Map([
  ['icmp', 1n],
  ['tcp', 6n],
  ['udp', 17n],
  ['ipv6-icmp', 58n],
  ['sctp', 132n],
]);

function numberOf(value: FieldValue): bigint {
  if (typeof value !== 'string') return value.bits;
  return PROTOCOL_NUMBERS.get(value) ?? BigInt(value);
}

function textOf(value: FieldValue): string {
  return typeof value === 'string' ? value : value.text;
}

function partsOf(key: string, types: readonly FieldType[], { line }: SetText): readonly string[] {
  const parts = key.split(' . ');
  return parts.length === types.length ? parts : refuse(line, `an element with ${String(parts.length)} parts: ${key}`);
}

function readRange(part: string, type: FieldType | undefined, text: SetText): NumberRange {
  const slash = part.indexOf('/');
  if (slash >= 0) {
    const address = readAddress(part.slice(0, slash), type, text);
    const host = BigInt((type === 'ipv4' ? 32 : 128) - Number(part.slice(slash + 1)));
    const first = (address.bits >> host) << host;
    return first === address.bits ? { first, last: first + (1n << host) - 1n } : refuse(text.line, `host bits are set: ${part}`);
  }
  const [low = '', high = low] = part.split('-').length === 2 && !PROTOCOL_NUMBERS.has(part) ? part.split('-') : [part];
  const [first, last] = [low, high].map((end) => numberOf(isAddressType(type) ? readAddress(end, type, text) : canonicalText(end, type, text)));
  return first !== undefined && last !== undefined && first <= last ? { first, last } : refuse(text.line, `not a range: ${part}`);
}

function canonicalText(part: string, type: FieldType | undefined, text: SetText): string {
  switch (type) {
    case 'ipv4':
    case 'ipv6':
      return readAddress(part, type, text).text;
    case 'protocol':
      return PROTOCOL_NUMBERS.has(part) ? part : refuse(text.line, `unknown protocol: ${part}`);
    case 'port':
      return /^\d{1,5}$/.test(part) && Number(part) <= 65535 ? String(Number(part)) : refuse(text.line, `not a port: ${part}`);
    case 'mark':
      return /^0x[0-9a-f]{8}$/.test(part) ? part : refuse(text.line, `not a mark: ${part}`);
    case 'family':
      return part === 'ipv4' || part === 'ipv6' ? part : refuse(text.line, `not a family: ${part}`);
    case 'interface':
      return unquote(part) ?? refuse(text.line, `not an interface: ${part}`);
    case undefined:
      return refuse(text.line, `an element with too many parts: ${part}`);
  }
}

function isAddressType(type: FieldType | undefined): boolean {
  return type === 'ipv4' || type === 'ipv6';
}

function readAddress(part: string, type: FieldType | undefined, { line }: SetText): Address {
  const address = parseAddress(part);
  if (address === undefined || address.family !== (type === 'ipv4' ? 4 : 6)) return refuse(line, `not an address of this family: ${part}`);
  return address;
}
