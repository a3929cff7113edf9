import { describe, expect, it } from '@jest/globals';

import type { AutoApprovalRule } from '#learning';
import { type Proposal, workloadKey, type WorkloadReview } from '#model';
import { decide, NOTHING_DECIDED, type ReviewState } from '#review';

import { ALICE, API, apiProposal, approvalOf, carryOut, closed, contextOf, DB, dbProposal, digest, obstaclesOf, OPEN, proposedRule, reviewOf, reviewsOf, shop, WEB, webProposal } from '../../../../test/support/review-world.ts';
import { automaticApproval, automaticApprovals } from './automatic-approvals.ts';

const rule: AutoApprovalRule = {
  name: 'steady',
  title: 'Steady',
  why: 'metadata says so',
  namespaces: { requirements: [{ key: 'kubernetes.io/metadata.name', operator: 'Exists', values: [] }] },
  workloads: { requirements: [] },
  kinds: [],
  evidence: ['declared'],
  coverage: { low: 0.9 },
  closed: [],
  quarantined: 'leave-out',
  widenings: 'block',
};

function approvals(state: ReviewState, ...reviews: readonly WorkloadReview[]) {
  return automaticApprovals(reviewsOf(...reviews), { state, snapshot: shop, rules: [rule], digest });
}

/** The workloads a round approves; every command of it has to go through. */
function carriedOut(state: ReviewState, ...reviews: readonly WorkloadReview[]): { readonly state: ReviewState; readonly workloads: readonly string[] } {
  const context = contextOf({ reviews: reviewsOf(...reviews) });
  let after = state;
  const workloads: string[] = [];
  for (const { command, actor } of approvals(state, ...reviews)) {
    expect(obstaclesOf(decide(after, command, { ...context, actor }))).toEqual([]);
    after = carryOut(after, command, { ...context, actor });
    workloads.push(...command.items.map(({ workload }) => workloadKey(workload)));
  }
  return { state: after, workloads };
}

const reasonsFor = (state: ReviewState, review: WorkloadReview) => automaticApproval(review, { state, snapshot: shop, rules: [rule], digest });
const wider: Proposal = { workload: WEB, ingress: OPEN, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080), proposedRule('to-db', 'data/StatefulSet/db', 5432)) };

describe('automatic approvals', () => {
  it('approve by rule and namespace, with the reason of the rule, and once', () => {
    const all = [reviewOf(webProposal), reviewOf(apiProposal), reviewOf(dbProposal)];
    expect(approvals(NOTHING_DECIDED, ...all)).toMatchObject([
      { actor: { kind: 'rule', name: 'steady' }, command: { reason: 'metadata says so', items: [{ workload: DB }] } },
      { actor: { kind: 'rule', name: 'steady' }, command: { items: [{ workload: API }, { workload: WEB }] } },
    ]);
    const first = carriedOut(NOTHING_DECIDED, ...all);
    expect(first.workloads).toHaveLength(3);
    expect(carriedOut(first.state, ...all).workloads).toEqual([]);
  });

  it('say nothing where there is no rule', () => {
    expect(automaticApprovals(reviewsOf(reviewOf(webProposal)), { state: NOTHING_DECIDED, snapshot: shop, rules: [], digest })).toEqual([]);
    expect(automaticApproval(reviewOf(webProposal), { state: NOTHING_DECIDED, snapshot: shop, rules: [], digest })).toBeUndefined();
  });

  it('leave what is in quarantine out, and nothing else', () => {
    const held = reviewOf(wider, { quarantined: [{ direction: 'egress', rule: 'to-db', reasons: ['only 1 of 40 pods does it'] }] });
    const { state, workloads } = carriedOut(NOTHING_DECIDED, held);
    expect(workloads).toEqual(['shop/Deployment/web']);
    const approved = state.approvals.get('shop/Deployment/web')?.approved;
    expect(approved?.leftOut).toEqual(['to-db']);
    expect(approved?.proposal.egress).toMatchObject({ rules: [{ id: 'to-api' }] });
    expect(carriedOut(state, held).workloads).toEqual([]);
  });

  it.each<{ who: string; by: typeof ALICE; leaveOut: readonly string[]; taken: readonly string[] }>([
    { who: 'a rule', by: { kind: 'rule', name: 'steady' }, leaveOut: ['to-db'], taken: ['shop/Deployment/web'] },
    { who: 'a person who did not admit it', by: ALICE, leaveOut: [], taken: ['shop/Deployment/web'] },
    { who: 'a person who chose to', by: ALICE, leaveOut: ['to-db'], taken: [] },
  ])('take a rule when its quarantine ends that $who left out: $taken', ({ by, leaveOut, taken }) => {
    const held = reviewOf(wider, { quarantined: [{ direction: 'egress', rule: 'to-db', reasons: ['only 1 of 40 pods does it'] }] });
    const context = contextOf({ reviews: reviewsOf(held), actor: by });
    const { items, ...rest } = approvalOf(NOTHING_DECIDED, context, WEB);
    const before = carryOut(NOTHING_DECIDED, { ...rest, items: items.map((item) => ({ ...item, leaveOut })) }, context);
    expect(carriedOut(before, held).workloads).toEqual([]);
    const { state, workloads } = carriedOut(before, reviewOf(wider));
    expect(workloads).toEqual(taken);
    if (taken.length === 0) return;
    expect(state.approvals.get('shop/Deployment/web')?.approved.proposal.egress).toMatchObject({ rules: [{ id: 'to-api' }, { id: 'to-db' }] });
    expect(carriedOut(state, reviewOf(wider)).workloads).toEqual([]);
  });

  it('ask no further evidence of what is in force, and never let it last longer', () => {
    const observedOnly = proposedRule('to-db', 'data/StatefulSet/db', 5432, { evidence: [{ kind: 'observed', source: 'flows', where: 'n1', text: 'seen' }] });
    const now = (...more: readonly ReturnType<typeof proposedRule>[]): WorkloadReview => reviewOf({ ...wider, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080), observedOnly, ...more) });
    const next = proposedRule('to-proxy', 'edge/Deployment/proxy', 8443);
    const approvedUntil = (expiresAt?: number): ReviewState => {
      const context = contextOf({ reviews: reviewsOf(now()) });
      return carryOut(NOTHING_DECIDED, { ...approvalOf(NOTHING_DECIDED, context, WEB), ...(expiresAt === undefined ? {} : { expiresAt }) }, context);
    };
    expect(reasonsFor(NOTHING_DECIDED, now())).toEqual({ why: [expect.stringContaining('rule to-db is only observed')] });
    expect(carriedOut(approvedUntil(), now(next)).workloads).toEqual(['shop/Deployment/web']);
    expect(reasonsFor(approvedUntil(1_800_000_000_000), now(next))).toEqual({ why: ['steady: rule to-api was approved for a time only', 'steady: rule to-db was approved for a time only'] });
  });

  it('name the rule that takes a proposal, or why none does', () => {
    expect(reasonsFor(NOTHING_DECIDED, reviewOf(webProposal))).toEqual({ rule: 'steady' });
    expect(reasonsFor(NOTHING_DECIDED, reviewOf(webProposal, { isReady: false, waitsFor: ['none of its traffic was seen'] }))).toEqual({ why: ['steady: it is not ready: none of its traffic was seen'] });
  });

  it.each<{ name: string; decided: (state: ReviewState) => ReviewState; now: Proposal; why: string }>([
    { name: 'rejected', decided: (state) => carryOut(state, { kind: 'reject', items: [{ workload: WEB, hash: reviewOf(webProposal).hash }], reason: 'no' }, contextOf()), now: webProposal, why: 'a person rejected it' },
    { name: 'edited', decided: (state) => carryOut(state, { kind: 'edit', item: { workload: WEB, hash: reviewOf(webProposal).hash }, edit: { kind: 'set-expiry', direction: 'egress', rule: 'to-api', expiresAt: 1_800_000_000_000 } }, contextOf()), now: webProposal, why: 'a person edited it' },
    {
      name: 'left out',
      decided: (state) => {
        const context = contextOf({ reviews: reviewsOf(reviewOf(wider)) });
        const { items, ...rest } = approvalOf(state, context, WEB);
        return carryOut(state, { ...rest, items: items.map((item) => ({ ...item, leaveOut: ['to-db'] })) }, context);
      },
      now: { ...wider, ingress: closed() },
      why: 'a person left out rule to-db',
    },
    {
      name: 'rolled back',
      decided: (state) => {
        const first = carryOut(state, approvalOf(state, contextOf(), DB), contextOf());
        const second = carryOut(first, { ...approvalOf(first, contextOf(), WEB) }, contextOf({ actor: { kind: 'rule', name: 'steady' } }));
        return carryOut(second, { kind: 'roll-back', to: 1, reason: 'it broke something' }, contextOf());
      },
      now: webProposal,
      why: 'revision 2, which approved this, was rolled back',
    },
  ])('never overrule a person: $name', ({ decided, now, why }) => {
    const state = decided(NOTHING_DECIDED);
    expect(state.seq).toBeGreaterThan(0);
    expect(carriedOut(state, reviewOf(now)).workloads).toEqual([]);
    expect(reasonsFor(state, reviewOf(now))).toEqual({ why: [`steady: ${why}`] });
  });

  it('go on from what a person approved, but take nothing of it back', () => {
    const state = carryOut(NOTHING_DECIDED, approvalOf(NOTHING_DECIDED, contextOf({ reviews: reviewsOf(reviewOf(wider)) }), WEB), contextOf({ reviews: reviewsOf(reviewOf(wider)), actor: ALICE }));
    expect(carriedOut(state, reviewOf(webProposal)).workloads).toEqual([]);
    const more: Proposal = { ...wider, egress: closed(proposedRule('to-api', 'shop/Deployment/api', 8080), proposedRule('to-db', 'data/StatefulSet/db', 5432), proposedRule('to-proxy', 'edge/Deployment/proxy', 8443)) };
    expect(carriedOut(state, reviewOf(more)).workloads).toEqual(['shop/Deployment/web']);
  });
});
