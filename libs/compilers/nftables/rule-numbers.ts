import { compareText } from '#model';

import { type Digest, digestOf } from './digest.ts';
import type { NodeBundle, Profile, ProfileRule } from './node-bundle.ts';

/** The most rules of one node that have a number a whole connection mark can hold: 12 bits, and 0 means none. */
export const MOST_NUMBERS = 4095;

/**
 * Numbers for the rules of one node, by which a connection mark says what let it through.
 *
 * A rule's number comes from its name, moved on to the next free one where two want the same: so
 * numbers do not depend on order, and another rule moves few of them. Rules beyond `most` get
 * numbers too, which no mark can hold.
 */
export function numberRules({ profiles }: NodeBundle, most = MOST_NUMBERS): ReadonlyMap<string, number> {
  const homes = new Map<string, number>();
  for (const rule of profiles.flatMap(rulesOf)) homes.set(ruleKey(rule), rule.home);
  const taken = new Set<number>();
  const numbers = new Map<string, number>();
  for (const [key, home] of [...homes].sort(([a, left], [b, right]) => left - right || compareText(a, b))) {
    let number = ((home - 1) % most) + 1;
    if (numbers.size >= most) number = numbers.size + 1;
    else while (taken.has(number)) number = (number % most) + 1;
    taken.add(number);
    numbers.set(key, number);
  }
  return numbers;
}

export function rulesOf({ admin, namespaced, baseline }: Profile): readonly ProfileRule[] {
  return [...admin, ...namespaced, ...baseline];
}

export function ruleKey({ policy, rule }: { readonly policy: string; readonly rule: string }): string {
  return JSON.stringify([policy, rule]);
}

/** The number a rule takes where no other wants it. */
export function homeNumber(rule: { readonly policy: string; readonly rule: string }, digest: Digest): number {
  return (Number.parseInt(digestOf(digest, [ruleKey(rule)]).slice(0, 8), 16) % MOST_NUMBERS) + 1;
}
