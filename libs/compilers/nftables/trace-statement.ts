import type { Address } from '#model';

import { refuse, type RuleText } from './trace-lines.ts';
import type { TcpFlag, TracePacket } from './trace-packet.ts';
import type { Field, FieldValue, TracedSet } from './trace-set.ts';
import { readVerdict, type TracedVerdict } from './trace-verdict.ts';

/** A packet on its way through one node. */
export interface Passage {
  readonly packet: TracePacket;
  mark: number;
}

/** What a statement says: go on with the next one, leave the rule, or a verdict. */
export type Outcome = 'next' | 'no match' | TracedVerdict;
export type Statement = (passage: Passage) => Outcome;

export interface TracedRule extends RuleText {
  readonly statements: readonly Statement[];
  /** What it may decide by itself. */
  readonly verdicts: readonly TracedVerdict[];
  readonly comment: string;
  /** The number of the policy rule it was made for. */
  readonly number: number | undefined;
}

const COMMENT = /^(.*?) ?comment "([^"]*)"$/;
const NUMBERED = /^r(\d+)(?: |$)/;

/** Reads one rule; refuses every word it does not know. */
export function readRule({ line, text }: RuleText, sets: ReadonlyMap<string, TracedSet>): TracedRule {
  const [, body = text, comment = ''] = COMMENT.exec(text) ?? [];
  const words = new Words(line, body);
  const statements: Statement[] = [];
  const verdicts: TracedVerdict[] = [];
  while (!words.isDone()) statements.push(readStatement(words, sets, verdicts));
  const number = NUMBERED.exec(comment)?.[1];
  return { line, text: body, statements, verdicts, comment, number: number === undefined ? undefined : Number(number) };
}

/** The words of a rule, read from left to right. */
class Words {
  readonly line: number;
  readonly #words: readonly string[];
  #at = 0;

  constructor(line: number, body: string) {
    this.line = line;
    this.#words = body.split(/\s+/).filter((word) => word !== '');
  }

  isDone(): boolean {
    return this.#at >= this.#words.length;
  }

  peek(): string {
    return this.#words[this.#at] ?? '';
  }

  next(): string {
    this.#at += 1;
    return this.#words[this.#at - 1] ?? refuse(this.line, 'a rule that ends in the middle');
  }

  /** Takes these words if they are next. */
  take(words: string): boolean {
    // most statements are told apart by their first word, and this is asked for every one of them
    if (!words.startsWith(this.peek())) return false;
    const wanted = words.split(' ');
    if (wanted.some((word, at) => this.#words[this.#at + at] !== word)) return false;
    this.#at += wanted.length;
    return true;
  }

  expect(words: string): void {
    if (!this.take(words)) refuse(this.line, `expected ${words} and found ${this.peek()}`);
  }

  /** `{ a, b }` or one word. */
  list(): readonly string[] {
    if (!this.take('{')) return [this.next()];
    const found: string[] = [];
    while (!this.take('}')) found.push(this.next().replace(/,$/, ''));
    return found;
  }
}

function readStatement(words: Words, sets: ReadonlyMap<string, TracedSet>, verdicts: TracedVerdict[]): Statement {
  if (words.take('counter')) return () => 'next';
  const verdict = takeVerdict(words);
  if (verdict !== undefined) {
    verdicts.push(verdict);
    return () => verdict;
  }
  if (words.take('ct state')) return oneOf(words.next().split(','), ({ ctState }) => ctState);
  if (words.take('ct direction')) return oneOf([words.next()], ({ ctState, ctDirection }) => (isTracked(ctState) ? ctDirection : undefined));
  if (words.take('ct mark set ct mark &')) return setMark(words);
  if (words.take('ct mark &')) return lookUpMark(words, sets);
  if (words.take('iifname')) return oneOf([unquoted(words)], ({ hook, inputInterface }) => (hook === 'output' ? undefined : inputInterface));
  if (words.take('oifname')) return oneOf([unquoted(words)], ({ hook, outputInterface }) => (hook === 'input' ? undefined : outputInterface));
  if (words.take('icmpv6 type')) return oneOf(words.list(), ({ protocol, source, icmpType }) => (protocol === 'ICMP' && source.family === 6 ? icmpType : undefined));
  if (words.take('fib saddr type local')) return ({ packet }) => (packet.isSourceLocal ? 'next' : 'no match');
  if (words.take('tcp flags &')) return compareFlags(words);
  return readLookUp(words, sets);
}

function takeVerdict(words: Words): TracedVerdict | undefined {
  const word = words.peek();
  if (word === 'goto' || word === 'jump') return readVerdict(`${words.next()} ${words.next()}`);
  const verdict = readVerdict(word);
  if (verdict !== undefined) words.next();
  return verdict;
}

function oneOf(wanted: readonly string[], valueOf: (packet: TracePacket) => string | undefined): Statement {
  return ({ packet }) => {
    const value = valueOf(packet);
    return value !== undefined && wanted.includes(value) ? 'next' : 'no match';
  };
}

function isTracked(state: TracePacket['ctState']): boolean {
  return state !== 'invalid' && state !== 'untracked';
}

function unquoted(words: Words): string {
  const [, name] = /^"([^"]*)"$/.exec(words.next()) ?? refuse(words.line, 'a name without quotes');
  return name ?? '';
}

function readNumber(words: Words): number {
  const word = words.next();
  return /^0x[0-9a-f]{8}$/.test(word) ? Number(word) : refuse(words.line, `not a mark: ${word}`);
}

function setMark(words: Words): Statement {
  const kept = readNumber(words);
  words.expect('|');
  const added = readNumber(words);
  return (passage) => {
    passage.mark = ((passage.mark & kept) | added) >>> 0;
    return 'next';
  };
}

function lookUpMark(words: Words, sets: ReadonlyMap<string, TracedSet>): Statement {
  const mask = readNumber(words);
  words.expect('vmap');
  const map = readReference(words, sets, ['mark'], 'map');
  return ({ packet, mark }) => {
    if (!isTracked(packet.ctState)) return 'no match';
    const verdict = map.find([`0x${((mark & mask) >>> 0).toString(16).padStart(8, '0')}`]);
    return verdict ?? 'no match';
  };
}

// `& (fin | syn | rst | ack) != syn` or `& rst == rst`
function compareFlags(words: Words): Statement {
  const mask = words.take('(fin | syn | rst | ack)') ? ['fin', 'syn', 'rst', 'ack'] : [words.next()];
  const isEqual = words.take('==');
  if (!isEqual) words.expect('!=');
  const wanted = words.next();
  for (const flag of [...mask, wanted]) if (!isTcpFlag(flag)) refuse(words.line, `unknown TCP flag: ${flag}`);
  return ({ packet: { protocol, tcpFlags } }) => {
    if (protocol !== 'TCP') return 'no match';
    const set = tcpFlags.filter((flag) => mask.includes(flag));
    return (set.length === 1 && set[0] === wanted) === isEqual ? 'next' : 'no match';
  };
}

function isTcpFlag(word: string): word is TcpFlag {
  return word === 'fin' || word === 'syn' || word === 'rst' || word === 'ack';
}

function readLookUp(words: Words, sets: ReadonlyMap<string, TracedSet>): Statement {
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
  if (words.peek().startsWith('@')) {
    const set = readReference(words, sets, types, 'set');
    return ({ packet }) => {
      const values = valuesOf(fields, packet);
      return values !== undefined && set.find(values) !== undefined ? 'next' : 'no match';
    };
  }
  const [field, ...more] = fields;
  if (field?.type !== 'protocol' || more.length > 0) return refuse(words.line, `unknown comparison with ${words.peek()}`);
  return oneOf(words.list(), (packet) => asText(field.valueOf(packet)));
}

function readReference(words: Words, sets: ReadonlyMap<string, TracedSet>, types: readonly Field['type'][], kind: 'set' | 'map'): TracedSet {
  const word = words.next();
  const set = word.startsWith('@') ? sets.get(word.slice(1)) : undefined;
  if (set?.kind !== kind) return refuse(words.line, `no such ${kind}: ${word}`);
  return set.types.join() === types.join() ? set : refuse(words.line, `${word} holds ${set.types.join()}, not ${types.join()}`);
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

function asText(value: FieldValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
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
  ['meta nfproto', { type: 'family', valueOf: ({ source }) => (source.family === 4 ? 'ipv4' : 'ipv6') }],
];

function ofFamily(address: Address, family: 4 | 6): Address | undefined {
  return address.family === family ? address : undefined;
}

function protocolName({ protocol, source }: TracePacket): string {
  if (protocol !== 'ICMP') return protocol.toLowerCase();
  return source.family === 4 ? 'icmp' : 'ipv6-icmp';
}
