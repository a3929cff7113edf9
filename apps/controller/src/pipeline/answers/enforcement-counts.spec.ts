import { describe, expect, it } from '@jest/globals';

import { type Mode, type ModeScope, type OutputTarget, type WorkloadKey, workloadKey } from '#model';
import { NOTHING_DECIDED, type ReviewState } from '#review';

import { API, approvalOf, carryOut, contextOf, DB, shop, WEB } from '../../../../../test/support/review-world.ts';
import { podsOf, node, ref, world } from '../../../../../test/support/worlds.ts';
import { countEnforcement, type EnforcementCounts } from './enforcement-counts.ts';

const nodes = [node('a', ['192.0.2.1', '2001:db8:a::1']), node('b', ['192.0.2.2', '2001:db8:a::2'])];
const [web, api, db, proxy] = [WEB, API, DB, ref('edge/Deployment/proxy')].map(({ namespace, kind, name }) => shop.workloads.get(`${namespace}/${kind}/${name}`)!);
// web on both nodes, api on b, db not running, and a finished pod that counts for nothing
const snapshot = world({
  namespaces: [...shop.namespaces.values()],
  nodes,
  workloads: [...shop.workloads.values()],
  pods: [...podsOf(web!, 1, nodes[0]), ...podsOf({ ...web!, replicas: 2 }, 2, nodes[1]).slice(1), ...podsOf(api!, 3, nodes[1]), ...podsOf(proxy!, 4, nodes[1]), ...podsOf(db!, 5, nodes[1]).map((one) => ({ ...one, phase: 'finished' as const }))],
});
const context = contextOf({ snapshot });
const NONE: EnforcementCounts = { realised: 0, pending: 0, unapproved: 0, audited: 0, unaudited: 0, observed: 0 };

function inMode(state: ReviewState, mode: Mode, scope: ModeScope = { kind: 'cluster' }): ReviewState {
  return carryOut(state, { kind: 'set-mode', scope, mode, skipsRamp: true }, context);
}

function counts(state: ReviewState, realised: Readonly<Record<string, number>> = {}, written: Readonly<Record<WorkloadKey, number>> = {}): EnforcementCounts {
  return countEnforcement(state, [WEB, API, DB, proxy!.ref], snapshot, { nodes: new Map(Object.entries(realised)), written: new Map(Object.entries(written)) });
}

const approved = carryOut(NOTHING_DECIDED, approvalOf(NOTHING_DECIDED, context, WEB, API, DB), context);

describe('workloads are counted', () => {
  it.each<readonly [string, EnforcementCounts, Partial<EnforcementCounts>]>([
    ['as observed where nothing is set', counts(approved), { observed: 4 }],
    ['as open where the mode is enforce and nothing is approved', counts(inMode(NOTHING_DECIDED, 'enforce')), { unapproved: 4 }],
    ['as not audited where nothing is approved', counts(inMode(NOTHING_DECIDED, 'audit')), { unaudited: 4 }],
    ['as audited where something is', counts(inMode(approved, 'audit')), { audited: 3, unaudited: 1 }],
    // db runs nowhere, so nothing of it is open
    ['as pending while no node has said so', counts(inMode(approved, 'enforce')), { pending: 2, realised: 1, unapproved: 1 }],
    ['as pending while one node of theirs has not', counts(inMode(approved, 'enforce'), { b: 1 }), { pending: 1, realised: 2, unapproved: 1 }],
    ['as pending while a node holds what was before', counts(inMode(approved, 'enforce'), { a: 1, b: 0 }), { pending: 2, realised: 1, unapproved: 1 }],
    ['as realised where all have', counts(inMode(approved, 'enforce'), { a: 1, b: 7 }), { realised: 3, unapproved: 1 }],
    ['each in its own mode', counts(inMode(inMode(approved, 'audit'), 'enforce', { kind: 'namespace', namespace: 'shop' }), { a: 1, b: 1 }), { realised: 2, audited: 1, unaudited: 1 }],
  ])('%s', (_what, found, expected) => {
    expect(found).toEqual({ ...NONE, ...expected });
  });

  it.each<OutputTarget>(['networkpolicy', 'folder', 'none'])('as pending where no node enforces them: %s', (target) => {
    const elsewhere = carryOut(inMode(approved, 'enforce'), { kind: 'set-target', namespace: 'shop', target }, context);
    expect(counts(elsewhere, { a: 1, b: 1 })).toEqual({ ...NONE, pending: 2, realised: 1, unapproved: 1 });
  });

  it('as realised where their NetworkPolicy is on the API server, of that revision or a later one', () => {
    const elsewhere = (target: OutputTarget): ReviewState => carryOut(inMode(approved, 'enforce'), { kind: 'set-target', namespace: 'shop', target }, context);
    const [one, two] = [WEB, API].map(workloadKey) as [WorkloadKey, WorkloadKey];
    expect(counts(elsewhere('networkpolicy'), {}, { [one]: 1, [two]: 7 })).toEqual({ ...NONE, realised: 3, unapproved: 1 });
    expect(counts(elsewhere('networkpolicy'), {}, { [one]: 0 })).toEqual({ ...NONE, pending: 2, realised: 1, unapproved: 1 });
    expect(counts(elsewhere('folder'), {}, { [one]: 1, [two]: 1 })).toEqual({ ...NONE, pending: 2, realised: 1, unapproved: 1 });
  });
});
