import { cleanLogText } from '../operator/log.ts';
import type { LabAttempt } from './lab-messages.ts';

/** What a line of numbers is made of. */
export interface LabNumbers {
  readonly relationships: number;
  readonly seen: number;
  readonly proposals: number;
  readonly approved: number;
  readonly revision: number;
  /** Absent where no enforcer runs: flows are played back, and what is approved decides what gets through. */
  readonly nodes?: { readonly realised: number; readonly all: number };
}

export interface LabViewOptions {
  readonly write: (text: string) => void;
  /** Whether a line can be written over. */
  readonly isTerminal: boolean;
  readonly now: () => number;
}

const NEWS_EVERY_MS = 4_000;
const MOST_NAMES = 4;

/**
 * What somebody sees who started the lab: what happens, in a line now and then, and what to type next.
 *
 * On a terminal the numbers stand in one line that is written over; elsewhere they are a line
 * of their own whenever they are others.
 */
export class LabView {
  readonly #options: LabViewOptions;
  readonly #startedAt: number;
  #numbers = '';
  #isLineOpen = false;
  #fresh: string[] = [];
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #outcomes = new Map<string, LabAttempt>();

  constructor(options: LabViewOptions) {
    this.#options = options;
    this.#startedAt = options.now();
  }

  say(text: string): void {
    if (this.#isLineOpen) this.#options.write('\r\x1b[K');
    this.#isLineOpen = false;
    this.#options.write(`${cleanLogText(text)}\n`);
    if (this.#options.isTerminal && this.#numbers !== '') this.#writeNumbers();
  }

  numbers({ relationships, seen, proposals, approved, revision, nodes }: LabNumbers): void {
    const text = `${String(relationships)} connections known, ${String(seen)} of them seen | ${String(proposals)} proposals, ${String(approved)} approved | revision ${String(revision)} | ${nodes === undefined ? 'no enforcers: played back' : `nodes ${String(nodes.realised)} of ${String(nodes.all)} in step`}`;
    this.#tellFresh();
    if (text === this.#numbers) return;
    this.#numbers = text;
    if (this.#options.isTerminal) this.#writeNumbers();
    else this.#options.write(`${this.#time()} ${text}\n`);
  }

  /** A connection was tried for the first time, or went otherwise than before. */
  attempt(attempt: LabAttempt): void {
    const key = `${attempt.from} ${attempt.to} ${attempt.port}`;
    const before = this.#outcomes.get(key);
    this.#outcomes.set(key, attempt);
    const what = `${short(attempt.from)} -> ${short(attempt.to)} ${attempt.port}`;
    if (attempt.kind === 'intruder') {
      if (before === undefined || fates(before) !== fates(attempt)) this.say(this.#intruder(what, attempt, before));
    } else if (before === undefined) {
      if (attempt.outcomes.some(({ outcome }) => outcome === 'answered')) this.#fresh.push(what);
    } else if (fates(before) === fates(attempt)) {
      return;
    } else if (attempt.outcomes.some(({ outcome }) => outcome === 'died')) {
      this.say(`${this.#time()} ${what} does not get through any more`);
    } else {
      this.say(`${this.#time()} ${what} gets through again`);
    }
  }

  /** Who does something they have no business with, over both families. */
  #intruder(what: string, { outcomes }: LabAttempt, before: LabAttempt | undefined): string {
    const died = outcomes.filter(({ outcome }) => outcome === 'died').map(({ family }) => `IPv${String(family)}`);
    if (died.length === 0) return `${this.#time()} ! ${what} gets through: nobody declared it; somebody has broken into ${short(what.split(' -> ')[0] ?? '')}`;
    if (died.length < outcomes.length) return `${this.#time()} ! ${what} is dropped over ${died.join(' and ')} so far`;
    return before === undefined ? `${this.#time()} x ${what} is dropped (${died.join(', ')})` : `${this.#time()} x ${what} is dropped now (${died.join(', ')}); what is allowed goes on: ${String(this.#answered())} connections of the shop get through`;
  }

  #answered(): number {
    return [...this.#outcomes.values()].filter(({ kind, outcomes }) => kind !== 'intruder' && outcomes.every(({ outcome }) => outcome === 'answered')).length;
  }

  #tellFresh(): void {
    const now = this.#options.now();
    if (this.#fresh.length === 0 || now - this.#toldAt < NEWS_EVERY_MS) return;
    this.#toldAt = now;
    const shown = this.#fresh.slice(0, MOST_NAMES).join(', ');
    const rest = this.#fresh.length - MOST_NAMES;
    this.#fresh = [];
    this.say(`${this.#time()} + ${shown}${rest > 0 ? `, and ${String(rest)} more` : ''}`);
  }

  #writeNumbers(): void {
    this.#options.write(`\r\x1b[K${this.#time()} ${this.#numbers}`);
    this.#isLineOpen = true;
  }

  #time(): string {
    const seconds = Math.round((this.#options.now() - this.#startedAt) / 1_000);
    return `${String(seconds).padStart(4)}s`;
  }
}

function fates({ outcomes }: LabAttempt): string {
  return outcomes.map(({ family, outcome }) => `${String(family)} ${outcome}`).join();
}

/** `shop/reviews` of `shop/Deployment/reviews`. */
function short(name: string): string {
  const parts = name.split('/');
  return parts.length === 3 ? `${parts[0] ?? ''}/${parts[2] ?? ''}` : name;
}
