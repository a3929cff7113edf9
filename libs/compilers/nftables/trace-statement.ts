import { readLookUp, readNumberComparison } from './trace-field.ts';
import type { Outcome, Passage, Statement } from './trace-passage.ts';
import { refuse, type RuleText } from './trace-lines.ts';
import type { TcpFlag, TracePacket } from './trace-packet.ts';
import type { TracedSet } from './trace-set.ts';
import { readVerdict, type TracedVerdict } from './trace-verdict.ts';
import { Words } from './trace-words.ts';

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
  if (words.take('icmpv6 type')) return oneOf(words.list(), ({ protocol, source, icmpType }) => (protocol === 'ICMP' && source.family === 6 ? icmpType : undefined));
  if (words.take('fib saddr type local')) return ({ packet }) => (packet.isSourceLocal ? 'next' : 'no match');
  if (words.take('tcp flags &')) return compareFlags(words);
  if (words.take('limit rate')) return limit(words);
  if (words.take('log prefix')) return log(words);
  if (words.take('reject with tcp reset')) return reset;
  return readNumberComparison(words, sets) ?? readLookUp(words, sets);
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

function setMark(words: Words): Statement {
  const kept = Number(words.number(8));
  words.expect('|');
  const added = Number(words.number(8));
  return (passage) => {
    passage.mark = ((passage.mark & kept) | added) >>> 0;
    return 'next';
  };
}

/** One packet is never too many. */
function limit(words: Words): Statement {
  const rate = words.next();
  if (!/^[1-9]\d*\/second$/.test(rate)) refuse(words.line, `not a rate: ${rate}`);
  words.expect('burst');
  words.decimal();
  words.expect('packets');
  return () => 'next';
}

function log(words: Words): Statement {
  const prefix = words.quoted();
  for (const word of ['group', 'snaplen', 'queue-threshold']) {
    words.expect(word);
    words.decimal();
  }
  return ({ logs }) => {
    logs.push(prefix);
    return 'next';
  };
}

function reset(passage: Passage): Outcome {
  if (passage.packet.protocol !== 'TCP') return 'no match';
  passage.isReset = true;
  return { kind: 'drop' };
}

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
