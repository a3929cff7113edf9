import { describe, expect, it } from '@jest/globals';

import type { Mode, OutputTarget } from '#model';
import { decide, NOTHING_DECIDED } from '#review';

import { networkPolicy } from '../../test/support/policies.ts';
import { approvalOf, carryOut, contextOf, DB, shop } from '../../test/support/review-world.ts';

// what is approved lets api in, and what somebody else wrote lets web in
const theirs = networkPolicy('data/theirs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } }] }] });
const context = contextOf({ snapshot: { ...shop, policies: [theirs] } });

function notes(from: OutputTarget, to: OutputTarget | 'cleared', mode: Mode): readonly string[] {
  const targeted = carryOut(NOTHING_DECIDED, { kind: 'set-target', namespace: 'data', target: from }, context);
  const approved = carryOut(targeted, approvalOf(targeted, context, DB), context);
  const state = carryOut(approved, { kind: 'set-mode', scope: { kind: 'workload', workload: DB }, mode }, context);
  const decision = decide(state, { kind: 'set-target', namespace: 'data', target: to }, context);
  if (decision.kind !== 'events') throw new Error(JSON.stringify(decision.diagnostics));
  return decision.notes.map(({ code, subject, message }) => `${code} ${subject} ${message}`);
}

describe('another target', () => {
  it('from where policies add up to where each is enforced says what is dropped from then on', () => {
    const message = 'target-closes namespace data drops 2 paths from now on, such as shop/Deployment/api to data/StatefulSet/db on 5432/TCP';
    expect([notes('networkpolicy', 'nftables', 'enforce'), notes('folder', 'cleared', 'enforce')]).toEqual([[message], [message]]);
  });

  it('the other way round says what is let through', () => {
    expect(notes('nftables', 'networkpolicy', 'enforce')).toEqual(['target-opens namespace data lets 2 paths through from now on, such as shop/Deployment/api to data/StatefulSet/db on 5432/TCP']);
  });

  it('that goes nowhere opens what only the enforcers closed', () => {
    expect(notes('nftables', 'none', 'enforce').join('\n')).toMatch(/^target-opens namespace data lets \d+ paths through from now on, such as data\/StatefulSet\/db to /);
  });

  it.each(['observe', 'audit'] as const)('changes nothing of what is not enforced: %s', (mode) => {
    expect(notes('networkpolicy', 'nftables', mode)).toEqual([]);
  });

  it('that enforces the same says nothing', () => {
    expect(notes('networkpolicy', 'folder', 'enforce')).toEqual([]);
  });
});
