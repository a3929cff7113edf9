import { createHash } from 'node:crypto';

import type { NftMap } from '#compilers/nftables';

import type { Expression } from './expression.ts';
import { REGISTER_1, registerAt } from './kernel-numbers.ts';

/*
 * Maps that dispatch pods, written in two steps:
 *
 *   ip saddr ─► in4: address ─► number ─► in4_to: number ─► jump i_web
 *
 * Whenever an entry that jumps is added to a map, the kernel walks every way through the table,
 * once for each entry of each such map: half a millisecond with 500 pods. Numbers do not jump, and
 * of the entries that do there is one for each profile, mostly there already.
 */

const TARGETS = '_to';
/** As an Ethernet address: six bytes that nft shows as they are. */
export const NUMBER_TYPE = 9;
export const NUMBER_BYTES = 6;
/** The key of the second step, as an IPv6 address: eight zeros, the number, two zeros. */
export const TARGET_TYPE = 8;
export const TARGET_BYTES = 16;
const NUMBER_AT = 8;
const NETWORK_HEADER = 1;
const ADDRESS_REGISTER = registerAt(32);

/** Addresses are what pods are told apart by. */
export function isNumbered({ keyType }: Pick<NftMap, 'keyType'>): boolean {
  return keyType === 'ip saddr' || keyType === 'ip6 saddr';
}

export function targetsName(map: string): string {
  return `${map}${TARGETS}`;
}

const numbers = new Map<string, Buffer>();
const MOST_NUMBERS = 20_000;

/** The number a verdict has in every map: from its words, so that nobody has to remember it. */
export function verdictNumber(verdict: string): Buffer {
  const known = numbers.get(verdict);
  if (known !== undefined) return known;
  const number = createHash('sha256').update(verdict).digest().subarray(0, NUMBER_BYTES);
  if (numbers.size >= MOST_NUMBERS) numbers.clear();
  numbers.set(verdict, number);
  return number;
}

/** The key of the second step for a number. */
export function targetKey(number: Uint8Array): Buffer {
  const key = Buffer.alloc(TARGET_BYTES);
  key.set(number, NUMBER_AT);
  return key;
}

/** The number in a key of the second step. */
export function numberInKey(key: Buffer): Buffer {
  return key.subarray(NUMBER_AT, NUMBER_AT + NUMBER_BYTES);
}

/**
 * Rewrites look-ups of verdicts by one address.
 *
 * ```
 *   register 3   address
 *   register 1   16 bytes of the header; the number over the upper half; the lower half cleared
 * ```
 *
 * The bytes of the header are there for nft alone: it cannot list a look-up by the outcome of
 * another, and ends with a failed assertion that would take the listing of every other table with
 * it. So it shows a look-up by header bytes, which are never what is looked up.
 */
export function lookUpByNumber(expressions: readonly Expression[]): readonly Expression[] {
  const isByAddress = (at: number): boolean => {
    const [loaded, looked] = [expressions[at], expressions[at + 1]];
    return loaded?.kind === 'payload' && loaded.base === NETWORK_HEADER && loaded.register === REGISTER_1 && looked?.kind === 'lookup' && looked.isVerdict;
  };
  return expressions.flatMap((expression, at): readonly Expression[] => {
    if (expression.kind === 'payload' && isByAddress(at)) return [{ ...expression, register: ADDRESS_REGISTER }];
    const loaded = expressions[at - 1];
    if (expression.kind !== 'lookup' || loaded?.kind !== 'payload' || !isByAddress(at - 1)) return [expression];
    const { set, register } = expression;
    const offset = loaded.size === 4 ? 4 : 8;
    return [
      { kind: 'payload', register, base: NETWORK_HEADER, offset, size: TARGET_BYTES },
      { kind: 'lookup', register: ADDRESS_REGISTER, set, isVerdict: false, isInverted: false, target: registerAt(NUMBER_AT) },
      { kind: 'bitwise', register, size: TARGET_BYTES, mask: `${'00'.repeat(NUMBER_AT)}${'ff'.repeat(TARGET_BYTES - NUMBER_AT)}`, xor: '00'.repeat(TARGET_BYTES) },
      { kind: 'lookup', register, set: targetsName(set), isVerdict: true, isInverted: false },
    ];
  });
}

/**
 * What stands in the numbered maps, so that a verdict is sent when it is first used and taken away
 * when its chain goes and nothing uses it. Where something still does, it stays, and the kernel
 * refuses to delete the chain.
 */
export class VerdictUse {
  readonly #verdicts = new Map<string, Map<string, string>>();
  readonly #counts = new Map<string, Map<string, number>>();

  /** Notes an entry of a map, its key as bytes; says whether the verdict is new there. */
  add(map: string, key: string, verdict: string): boolean {
    entriesOf(this.#verdicts, map).set(key, verdict);
    return this.#count(map, verdict, 1);
  }

  /** Notes a verdict that stands in the second step, used or not; says whether it is new there. */
  #count(map: string, verdict: string, change: number): boolean {
    const counts = entriesOf(this.#counts, map);
    const before = counts.get(verdict);
    counts.set(verdict, (before ?? 0) + change);
    return before === undefined;
  }

  note(map: string, verdict: string): void {
    this.#count(map, verdict, 0);
  }

  delete(map: string, key: string): void {
    const verdicts = entriesOf(this.#verdicts, map);
    const verdict = verdicts.get(key);
    if (verdict === undefined) return;
    verdicts.delete(key);
    this.#count(map, verdict, -1);
  }

  /** Forgets the verdicts that lead to these chains and that nothing uses, and says which they are. */
  *takeUnused(chains: ReadonlySet<string>): Generator<readonly [map: string, verdict: string]> {
    for (const [map, counts] of this.#counts) {
      for (const [verdict, count] of [...counts]) {
        if (count !== 0 || !chains.has(verdict.slice(verdict.indexOf(' ') + 1))) continue;
        counts.delete(verdict);
        yield [map, verdict];
      }
    }
  }
}

function entriesOf<T>(maps: Map<string, Map<string, T>>, name: string): Map<string, T> {
  const known = maps.get(name);
  if (known !== undefined) return known;
  const fresh = new Map<string, T>();
  maps.set(name, fresh);
  return fresh;
}
