import { describe, expect, it } from '@jest/globals';

import { decide, NOTHING_DECIDED, type ReviewCommand } from '#review';

import { ALICE, AUTO, carryOut, contextOf, obstaclesOf } from '../../test/support/review-world.ts';

const byPerson = { ...contextOf(), actor: ALICE };

function confirm(trials: readonly (readonly [string, string])[], reason?: string): ReviewCommand {
  return { kind: 'confirm-trials', trials: trials.map(([node, hash]) => ({ node, hash })), ...(reason === undefined ? {} : { reason }) };
}

describe('what nodes have on trial', () => {
  it('is confirmed by a person, once for each node, in the order of their names', () => {
    const decision = decide(NOTHING_DECIDED, confirm([['b', 'b1'], ['a', 'a1'], ['b', 'b1']], 'I am still logged in'), byPerson);
    expect(decision).toEqual({ kind: 'events', events: [{ kind: 'trials-confirmed', trials: [{ node: 'a', hash: 'a1' }, { node: 'b', hash: 'b1' }], by: ALICE, reason: 'I am still logged in' }], notes: [] });
    expect(carryOut(NOTHING_DECIDED, confirm([['a', 'a1']]), byPerson)).toEqual({ ...NOTHING_DECIDED, seq: 1 });
    expect(decide(NOTHING_DECIDED, { kind: 'retry-trials', trials: [{ node: 'a', hash: 'a1' }] }, byPerson)).toEqual({ kind: 'events', events: [{ kind: 'trials-retried', trials: [{ node: 'a', hash: 'a1' }], by: ALICE }], notes: [] });
  });

  it.each<[string, ReviewCommand, typeof ALICE]>([
    ['trial-by-rule trials of nodes', confirm([['a', 'a1']]), AUTO],
    ['trial-missing decision', confirm([]), ALICE],
    ['name-too-long decision', confirm([['x'.repeat(254), 'a1']]), ALICE],
    ['reason-too-long decision', confirm([['a', 'a1']], 'x'.repeat(4_001)), ALICE],
  ])('is not: %s', (obstacle, command, actor) => {
    expect(obstaclesOf(decide(NOTHING_DECIDED, command, { ...byPerson, actor }))).toEqual([obstacle]);
  });
});
