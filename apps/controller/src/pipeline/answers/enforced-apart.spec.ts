import { describe, expect, it } from '@jest/globals';

import type { Mode, ObservedRelationship, OutputTarget, WorkloadRef } from '#model';
import { formatPorts, type Invariant } from '#policy';
import { NOTHING_DECIDED, type ReviewContext, type ReviewState } from '#review';

import { networkPolicy } from '../../../../../test/support/policies.ts';
import { API, approvalOf, carryOut, contextOf, DB, dbProposal, shop, WEB } from '../../../../../test/support/review-world.ts';
import { origin } from '../../../../../test/support/worlds.ts';
import { invariantCheck } from '../proposal-invariants.ts';
import type { Answer, WhyConnection } from './live-answer.ts';
import { diffLive } from './live-diff.ts';
import { liveFlows } from './live-flows.ts';
import { simulateLive } from './live-simulation.ts';
import { whyLive } from './live-why.ts';

/*
 * What is proposed lets api in to the database; what somebody else wrote lets web in. Together, in
 * one enforcer, both come in; enforced apart, nobody does.
 */
const theirs = networkPolicy('data/theirs', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'web' } } }] }] });
const context = contextOf({ snapshot: { ...shop, policies: [theirs] } });
const observed = [seen(API), seen(WEB)];

function seen(client: WorkloadRef, denied = 0): ObservedRelationship {
  const { now } = context;
  return { from: { kind: 'workload', workload: client }, to: { kind: 'workload', workload: DB }, protocol: 'TCP', port: 5432, firstSeen: now - 9_000_000, lastSeen: now - 1_000, buckets: 3, connections: 10, bytes: 1, replied: 10, denied, wouldBeDenied: 0, clientPods: 1, serverPods: 1, applications: [], processes: [], reporters: ['node-1'] };
}

function stateOf(target: OutputTarget, mode: Mode = 'observe'): ReviewState {
  const state = carryOut(NOTHING_DECIDED, { kind: 'set-target', namespace: 'data', target }, context);
  return carryOut(state, { kind: 'set-mode', scope: { kind: 'workload', workload: DB }, mode }, context);
}

function approvedIn(target: OutputTarget, mode?: Mode): ReviewState {
  const state = stateOf(target, mode);
  return carryOut(state, approvalOf(state, context, DB), context);
}

function valueOf<T>(answer: Answer<T>): T {
  if (answer.kind !== 'answer') throw new Error(JSON.stringify(answer.diagnostics));
  return answer.value;
}

const APART: readonly (readonly [OutputTarget, boolean])[] = [['nftables', false], ['none', false]];
const TOGETHER: readonly (readonly [OutputTarget, boolean])[] = [['networkpolicy', false], ['folder', false], ['nftables', true], ['networkpolicy', true]];
const MIXTURES = [...APART.map(([target, existing]) => [target, existing, true] as const), ...TOGETHER.map(([target, existing]) => [target, existing, false] as const)];

describe.each(MIXTURES)('target %s, enforcers that enforce what exists %s', (target, enforcesExisting, isApart) => {
  const asked: ReviewContext = { ...context, enforcesExisting };

  it('simulates what would die', () => {
    const { lost, change } = valueOf(simulateLive(stateOf(target), { what: { kind: 'proposals', workloads: [DB] }, days: 30 }, asked, () => observed));
    // what theirs drops already no approval changes
    expect(lost.map(({ from, deniedBefore }) => [from, deniedBefore]).sort()).toEqual(isApart ? [['workload shop/Deployment/api', true], ['workload shop/Deployment/web', false]] : []);
    const between = [...change.opened.map((one) => ['opened', one] as const), ...change.closed.map((one) => ['closed', one] as const)].flatMap(([word, { from, to, ports }]) => (from.kind === 'workload' && to.kind === 'workload' && to.workload.name === 'db' ? [`${word} ${from.workload.name} ${formatPorts(ports)}`] : []));
    expect(between).toEqual(isApart ? ['closed web all'] : ['opened api 5432/TCP']);
  });

  it('compares', () => {
    const { opened } = valueOf(diffLive(approvedIn(target), { kind: 'revision', number: 0 }, { kind: 'revision', number: 1 }, asked));
    expect(opened.map(({ from }) => from.kind === 'workload' && from.workload.name)).toEqual(isApart ? [] : ['api']);
  });

  it('tells what a denied flow lacks', () => {
    const { items } = liveFlows(approvedIn(target), [seen(API, 4)], {}, { limit: 10 }, asked);
    expect(items[0]?.missing).toBe(isApart ? 'missing in NetworkPolicy data/theirs: ingress of data/StatefulSet/db from shop/Deployment/api on 5432/TCP' : undefined);
  });

  it('judges invariants of what is proposed', () => {
    const invariant = (claim: Invariant['claim'], client: WorkloadRef): Invariant => ({ name: `${claim} ${client.name}`, claim, from: { kind: 'workload', workload: client }, to: { kind: 'workload', workload: DB }, port: { protocol: 'TCP', port: 5432 }, origin });
    const broken = (invariants: readonly Invariant[]): readonly string[] => (invariantCheck(stateOf(target), invariants, asked)?.(dbProposal) ?? []).map((text) => text.slice(0, text.indexOf(':')));
    expect(broken([invariant('must', WEB), invariant('must', API)])).toEqual(isApart ? ['must web'] : []);
    expect(broken([invariant('never', WEB), invariant('never', API)])).toEqual(isApart ? [] : ['never web', 'never api']);
  });

  it.each(['observe', 'audit', 'enforce'] as const)('says why, in mode %s', (mode) => {
    const state = approvedIn(target, mode);
    const why = (from: WorkloadRef): readonly WhyConnection[] => valueOf(whyLive(state, { from: `${from.namespace}/${from.kind}/${from.name}`, to: 'data/StatefulSet/db', port: 5432 }, asked, [])).connections;
    const [api, web] = [why(API), why(WEB)];
    // one answer for both families
    expect([api, web].map((connections) => connections.map(({ alike }) => alike))).toEqual([[2], [2]]);
    const decision = isApart ? 'deny' : 'allow';
    expect([api[0]?.decision, web[0]?.decision]).toEqual([decision, decision]);
    const theirsDrops = !enforcesExisting && (isApart || mode !== 'enforce');
    const oursDrops = isApart && target === 'nftables' && mode === 'enforce';
    expect([api[0]?.now, web[0]?.now]).toEqual([theirsDrops ? 'deny' : 'allow', oursDrops ? 'deny' : 'allow']);
    const remedies = [api, web].map(([connection]) => connection?.sides[1]?.remedies.map(({ kind }) => kind));
    expect(remedies).toEqual(isApart ? [['change-others'], ['add-rule']] : [[], []]);
  });
});

describe('enforced apart, why', () => {
  const [connection] = valueOf(whyLive(approvedIn('nftables', 'enforce'), { from: 'shop/Deployment/api', to: 'data/StatefulSet/db', port: 5432 }, context, [])).connections;

  it('says which of the two denies, and who approved what the other allows', () => {
    const side = connection?.sides[1];
    expect(side?.reasons.map(({ enforcedBy, effect, policy }) => [enforcedBy, effect, policy])).toEqual([
      ['enforcers', 'allow', 'learned data/StatefulSet/db'],
      ['network', 'deny', 'NetworkPolicy data/theirs'],
    ]);
    expect(side?.rules.map(({ policy, approval }) => [policy, approval?.number])).toEqual([['learned data/StatefulSet/db', 1]]);
    expect([side?.isAllowed, side?.missing.map(({ enforcedBy }) => enforcedBy)]).toEqual([false, ['network']]);
  });

  it('offers as the smallest change what is not ours to change', () => {
    expect(connection?.sides[1]?.remedies).toMatchObject([{ kind: 'change-others', policies: ['NetworkPolicy data/theirs'], text: "whoever manages NetworkPolicy data/theirs adds a rule to it, for the cluster's network enforces it whatever is approved here: ingress of data/StatefulSet/db from shop/Deployment/api on 5432/TCP" }]);
  });
});
