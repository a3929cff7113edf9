import { describe, expect, it } from '@jest/globals';

import { decide, foldReview, NOTHING_DECIDED, readEvent, writeEvent } from '#review';

import { contextOf } from '../../test/support/review-world.ts';

const alice = { kind: 'person', name: 'alice' } as const;

describe('removing a node', () => {
  it('is an entry of the journal, and changes nothing that was decided', () => {
    const decision = decide(NOTHING_DECIDED, { kind: 'remove-node', node: 'a', reason: 'scrapped' }, { ...contextOf({}), actor: alice });
    expect(decision).toEqual({ kind: 'events', events: [{ kind: 'node-removed', node: 'a', by: alice, reason: 'scrapped' }], notes: [] });
    const [event] = decision.kind === 'events' ? decision.events : [];
    expect(readEvent(writeEvent(event!))).toEqual({ kind: 'read', value: event });
    expect(foldReview(NOTHING_DECIDED, { seq: 1, at: 1, event: event! })).toEqual({ ...NOTHING_DECIDED, seq: 1 });
  });

  it.each([
    ['by a rule', 'a', { kind: 'rule', name: 'tidy' }, 'removal-by-rule'],
    ['without a name', '', alice, 'name-too-long'],
    ['with a name nobody has', 'a'.repeat(254), alice, 'name-too-long'],
  ] as const)('is refused %s', (_how, node, actor, code) => {
    expect(decide(NOTHING_DECIDED, { kind: 'remove-node', node }, { ...contextOf({}), actor })).toMatchObject({ kind: 'refused', diagnostics: [{ code }] });
  });
});
