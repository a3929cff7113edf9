import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import type { NodeBundle, Profile } from './node-bundle.ts';
import { homeNumber, MOST_NUMBERS, numberRules } from './rule-numbers.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function bundle(rules: readonly { readonly rule: string; readonly home: number }[]): NodeBundle {
  const namespaced = rules.map((each) => ({ ...each, policy: 'p', action: 'allow' as const, why: [], matches: [] }));
  const profile: Profile = { direction: 'ingress', name: 'i_p', why: '', admin: [], isolatedBy: ['p'], namespaced, baseline: [], digest: '' };
  return { node: 'n', revision: 1, hash: '', local4: [], local6: [], contested: [], pods: [], profiles: [profile] };
}

function numbers(rules: Parameters<typeof bundle>[0]): Readonly<Record<string, number>> {
  return Object.fromEntries([...numberRules(bundle(rules))].map(([key, number]): [string, number] => [(JSON.parse(key) as readonly string[])[1]!, number]));
}

describe('numbers of rules', () => {
  it.each([
    ['each its own', [['a', 7], ['b', 9]], { a: 7, b: 9 }],
    ['the next free one where two want the same', [['a', 7], ['b', 7]], { a: 7, b: 8 }],
    ['which moves the one that wanted that', [['a', 7], ['b', 7], ['c', 8]], { a: 7, b: 8, c: 9 }],
    ['round the end', [['a', MOST_NUMBERS], ['b', MOST_NUMBERS]], { a: MOST_NUMBERS, b: 1 }],
  ] as const)('%s', (_name, wanted, given) => {
    const rules = wanted.map(([rule, home]) => ({ rule, home }));
    expect(numbers(rules)).toEqual(given);
    expect(numbers([...rules].reverse())).toEqual(given);
  });

  it('are unique, and fit a mark as long as there are enough', () => {
    const rules = Array.from({ length: MOST_NUMBERS + 5 }, (_, at) => ({ rule: String(at), home: homeNumber({ policy: 'p', rule: String(at) }, digest) }));
    const given = [...numberRules(bundle(rules)).values()];
    expect(new Set(given).size).toBe(rules.length);
    expect(given.filter((number) => number >= 1 && number <= MOST_NUMBERS)).toHaveLength(MOST_NUMBERS);
  });
});
