import { readRulesetText, refuse, type RuleNote } from './trace-lines.ts';
import type { TracePacket } from './trace-packet.ts';
import { TracedSet } from './trace-set.ts';
import type { Passage } from './trace-passage.ts';
import { readRule, type TracedRule } from './trace-statement.ts';
import type { TracedVerdict } from './trace-verdict.ts';

/** A rule of the text that decided something about a packet. */
export interface TraceStep {
  readonly chain: string;
  /** Counts from 1. */
  readonly line: number;
  readonly text: string;
  readonly comment: string;
}

/** A rule of a policy, by what the text says about it. `application` is what it is meant for. */
export type TracedPolicyRule = RuleNote & { readonly number: number };

export interface TraceResult {
  readonly verdict: 'accept' | 'drop';
  /** Every rule that matched, in order. */
  readonly path: readonly TraceStep[];
  /** The rules of policies among them: of egress, then of ingress. */
  readonly rules: readonly TracedPolicyRule[];
  /** The last of `rules`: the one that decided, if a policy's rule did. */
  readonly rule?: TracedPolicyRule;
  /** The connection's mark afterwards. */
  readonly ctMark: number;
  /** Prefixes under which it was logged, in order. */
  readonly logs: readonly string[];
  /** Whether its sender was sent a reset. */
  readonly isReset: boolean;
}

export interface Tracer {
  trace(packet: TracePacket): TraceResult;
}

/**
 * Reads the text of a ruleset back and says what it does to packets.
 *
 * Knows exactly the nftables statements that rulesets of ours are made of and refuses a text with
 * any other by throwing, with the line. Nothing is taken from the code that writes rulesets.
 */
export function createTracer(text: string): Tracer {
  const { sets, chains, notes } = readRulesetText(text);
  const known = unique(sets, (set) => new TracedSet(set));
  const traced = unique(chains, ({ name, rules }): TracedChain => ({ name, rules: rules.map((rule) => readRule(rule, known)) }));
  for (const { rules } of traced.values()) for (const { verdicts, line } of rules) for (const verdict of verdicts) checkVerdict(verdict, traced, line);
  for (const set of sets) for (const verdict of known.get(set.name)?.verdicts() ?? []) checkVerdict(verdict, traced, set.line);
  const hooks = new Map<string, string>();
  for (const { hook, name, line } of chains) {
    if (hook === undefined) continue;
    if (hooks.has(hook)) refuse(line, `a second chain at ${hook}`);
    hooks.set(hook, name);
  }
  return new RulesetTracer(traced, hooks, notes);
}

function unique<T extends { readonly name: string; readonly line: number }, R>(items: readonly T[], make: (item: T) => R): ReadonlyMap<string, R> {
  const made = new Map<string, R>();
  for (const item of items) {
    if (made.has(item.name)) refuse(item.line, `a second object called ${item.name}`);
    made.set(item.name, make(item));
  }
  return made;
}

function checkVerdict(verdict: TracedVerdict, chains: ReadonlyMap<string, TracedChain>, line: number): void {
  if ('target' in verdict && !chains.has(verdict.target)) refuse(line, `no chain is called ${verdict.target}`);
}

interface TracedChain {
  readonly name: string;
  readonly rules: readonly TracedRule[];
}

// The kernel refuses deeper ones.
const DEEPEST_JUMP = 16;

class RulesetTracer implements Tracer {
  readonly #chains: ReadonlyMap<string, TracedChain>;
  readonly #hooks: ReadonlyMap<string, string>;
  readonly #notes: ReadonlyMap<number, RuleNote>;

  constructor(chains: ReadonlyMap<string, TracedChain>, hooks: ReadonlyMap<string, string>, notes: ReadonlyMap<number, RuleNote>) {
    this.#chains = chains;
    this.#hooks = hooks;
    this.#notes = notes;
  }

  trace(packet: TracePacket): TraceResult {
    const passage: Passage = { packet, mark: packet.ctMark, logs: [], isReset: false };
    const path: TraceStep[] = [];
    const numbers: number[] = [];
    const first = this.#hooks.get(packet.hook);
    // what no rule decides is let through: every chain the kernel calls says `policy accept`
    const verdict = first === undefined ? 'accept' : (this.#run(this.#chain(first), passage, path, numbers, 0) ?? 'accept');
    const rules = numbers.map((number) => this.#rule(number)).filter((rule) => rule !== undefined);
    const rule = rules.at(-1);
    return { verdict, path, rules, ...(rule === undefined ? {} : { rule }), ctMark: passage.mark, logs: passage.logs, isReset: passage.isReset };
  }

  /** Undefined where the end of the chain is reached, or `return`. */
  #run(start: TracedChain, passage: Passage, path: TraceStep[], numbers: number[], depth: number): 'accept' | 'drop' | undefined {
    if (depth > DEEPEST_JUMP) throw new Error(`trace packet: more than ${String(DEEPEST_JUMP)} jumps at ${start.name}`);
    for (const rule of start.rules) {
      const verdict = verdictOf(rule, passage);
      if (verdict === undefined) continue;
      path.push({ chain: start.name, line: rule.line, text: rule.text, comment: rule.comment });
      if (rule.number !== undefined) numbers.push(rule.number);
      if (verdict.kind === 'accept' || verdict.kind === 'drop') return verdict.kind;
      if (verdict.kind === 'return') return undefined;
      if (!('target' in verdict)) continue;
      const decided = this.#run(this.#chain(verdict.target), passage, path, numbers, depth + 1);
      if (decided !== undefined || verdict.kind === 'goto') return decided;
    }
    return undefined;
  }

  #chain(name: string): TracedChain {
    const chain = this.#chains.get(name);
    if (chain === undefined) throw new Error(`trace packet: no chain is called ${name}`);
    return chain;
  }

  #rule(number: number): TracedPolicyRule | undefined {
    const note = this.#notes.get(number);
    return note === undefined ? undefined : { ...note, number };
  }
}

/** The verdict of a rule that matches; undefined where it does not, or has none. */
function verdictOf({ statements }: TracedRule, passage: Passage): TracedVerdict | undefined {
  for (const statement of statements) {
    const outcome = statement(passage);
    if (outcome === 'next') continue;
    return outcome === 'no match' ? undefined : outcome;
  }
  return undefined;
}
