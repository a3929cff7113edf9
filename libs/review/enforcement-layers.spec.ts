import { describe, expect, it } from '@jest/globals';

import type { Decision, EnforcedBy, Mode, OutputTarget } from '#model';
import { evaluate, everyPolicyOf, layersOf } from '#policy';
import { enforcerOf, NOTHING_DECIDED, policiesDropping, policiesInForce, type ReviewState } from '#review';

import { connection, networkPolicy } from '../../test/support/policies.ts';
import { approvalOf, carryOut, contextOf, DB, shop } from '../../test/support/review-world.ts';

// what is approved lets api in, and what somebody else wrote lets web in
const theirs = networkPolicy('data/theirs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } }] }] });
const context = contextOf({ snapshot: { ...shop, policies: [theirs] } });
const approved = carryOut(NOTHING_DECIDED, approvalOf(NOTHING_DECIDED, context, DB), context);

function stateOf(target: OutputTarget | undefined, mode: Mode = 'observe'): ReviewState {
  const state = target === undefined ? approved : carryOut(approved, { kind: 'set-target', namespace: 'data', target }, context);
  return carryOut(state, { kind: 'set-mode', scope: { kind: 'workload', workload: DB }, mode }, context);
}

const TARGETS = [undefined, 'nftables', 'networkpolicy', 'folder', 'none'] as const;

describe.each([4, 6])('what holds, IPv%d', (family) => {
  const decisions = (inForce: Parameters<typeof evaluate>[0]): readonly Decision[] => ['shop/api-1', 'shop/web-1'].map((from) => evaluate(inForce, context.snapshot, connection(context.snapshot, `${from}@${String(family)}`, `data/db-1@${String(family)}`, '5432/TCP')).decision);

  it.each<readonly [OutputTarget | undefined, boolean, EnforcedBy, Decision]>([
    [undefined, false, 'enforcers', 'deny'],
    ['nftables', false, 'enforcers', 'deny'],
    ['none', false, 'enforcers', 'deny'],
    ['networkpolicy', false, 'network', 'allow'],
    ['folder', false, 'network', 'allow'],
    ...TARGETS.map((target) => [target, true, 'enforcers', 'allow'] as const),
  ])('needs both where they are enforced apart: target %s, enforcers that enforce what exists %s', (target, enforcesExisting, enforcedBy, decision) => {
    const state = stateOf(target);
    const world = { ...context, enforcesExisting };
    expect(enforcerOf(state, DB, world)).toBe(enforcedBy);
    expect(decisions(policiesInForce(state, world))).toEqual([decision, decision]);
    expect(layersOf(policiesInForce(state, world)).length).toBe(decision === 'deny' ? 2 : 1);
  });

  it.each<readonly [OutputTarget, Mode, boolean, readonly Decision[]]>([
    ['nftables', 'enforce', false, ['deny', 'deny']],
    ['nftables', 'audit', false, ['deny', 'allow']],
    ['nftables', 'observe', false, ['deny', 'allow']],
    ['none', 'enforce', false, ['deny', 'allow']],
    ['networkpolicy', 'enforce', false, ['allow', 'allow']],
    ['networkpolicy', 'audit', false, ['deny', 'allow']],
    ['folder', 'enforce', false, ['allow', 'allow']],
    ['folder', 'observe', false, ['deny', 'allow']],
    ['nftables', 'enforce', true, ['allow', 'allow']],
    ['nftables', 'audit', true, ['allow', 'allow']],
    ['networkpolicy', 'enforce', true, ['allow', 'allow']],
  ])('is dropped as the mode is: target %s, %s, enforcers that enforce what exists %s', (target, mode, enforcesExisting, expected) => {
    expect(decisions(policiesDropping(stateOf(target, mode), { ...context, enforcesExisting }))).toEqual(expected);
  });
});

describe('what holds', () => {
  it('is dropped by enforcers only of pods that are set to it, whoever wrote it', () => {
    const denyAll = networkPolicy('data/deny', { podSelector: {}, policyTypes: ['Ingress'] });
    const world = contextOf({ snapshot: { ...shop, policies: [denyAll] }, enforcesExisting: true });
    const decide = (mode: Mode): Decision => evaluate(policiesDropping(stateOf('nftables', mode), world), world.snapshot, connection(world.snapshot, 'shop/web-1', 'data/db-1', '5432/TCP')).decision;
    expect([decide('observe'), decide('audit'), decide('enforce')]).toEqual(['allow', 'allow', 'deny']);
  });

  it('is all of what is approved and found, and the number of the revision', () => {
    const inForce = policiesInForce(stateOf('nftables'), context);
    expect([inForce.number, everyPolicyOf(inForce).map(({ name }) => name)]).toEqual([1, ['learned data/StatefulSet/db', 'NetworkPolicy data/theirs']]);
  });
});
