import { describe, expect, it } from '@jest/globals';

import type { ObservedRelationship, Proposal, ProposedRule, Relationship } from '#model';

import { context, evidence, HOUR, NOW, observed, reporter } from '../../test/support/observed-worlds.ts';
import { graph, relationship, workload, world } from '../../test/support/worlds.ts';
import { compareWithApproved, type DirectionComparison, ObservedIndex, proposalDifference, review, STALE_AFTER_MS } from './index.ts';

const web = 'shop/Deployment/web';
const api = 'shop/Deployment/api';
const DAY = 24 * HOUR;
const snapshot = world({ workloads: [workload(web), workload(api)] });

interface State {
  readonly declared?: readonly Relationship[];
  readonly seen?: readonly ObservedRelationship[];
  readonly watchedDays?: number;
  readonly unknown?: readonly string[];
}

function evidenceOf({ seen = [], watchedDays = 28 }: State) {
  const steady = observed(web, web, 9999, { buckets: watchedDays * 24 });
  return evidence({ relationships: [steady, ...seen], hours: watchedDays * 24, reporters: [reporter({ from: NOW - watchedDays * DAY, coveredMs: watchedDays * DAY })] });
}

function reviewOf(state: State) {
  const { declared = [], unknown = [] } = state;
  const found = review(graph(snapshot, { relationships: declared, unknown }), evidenceOf(state), snapshot, context(snapshot, { catalogue: { entries: [] } })).get(web);
  if (found === undefined) throw new Error('no review');
  return found;
}

function compare(before: State, now: State): DirectionComparison {
  const approved: Proposal = reviewOf(before).proposal;
  const [, egress] = compareWithApproved(reviewOf(now).proposal, approved, { index: new ObservedIndex(evidenceOf(now)), now: NOW, staleAfterMs: STALE_AFTER_MS });
  if (egress === undefined) throw new Error('no comparison of egress');
  return egress;
}

const call = (port: number, fields: Partial<Relationship> = {}) => relationship(web, api, port, fields);
const seen = (port: number, daysAgo = 0) => observed(web, api, port, { firstSeen: NOW - 28 * DAY, lastSeen: NOW - daysAgo * DAY - 60_000 });
const ports = (rules: readonly { readonly ports: unknown }[]) => rules.map(({ ports: each }) => (each as readonly { from: number }[])[0]?.from);

describe('compareWithApproved', () => {
  it('finds no difference in the same', () => {
    const state = { declared: [call(8080)], seen: [seen(8080), seen(9000)] };
    expect(compare(state, state)).toEqual({ direction: 'egress', approved: 'closed', proposed: 'closed', added: [], changed: [], missing: [], stale: [], unused: [] });
  });

  it('shows what is new', () => {
    expect(ports(compare({ declared: [call(8080)], seen: [seen(8080)] }, { declared: [call(8080)], seen: [seen(8080), seen(9000)] }).added)).toEqual([9000]);
  });

  it('shows what nothing speaks for any more, once nobody has used it for two weeks', () => {
    const before = { seen: [seen(8080), seen(9000)] };
    const { stale, missing } = compare(before, { seen: [seen(8080)] });
    expect(missing).toEqual([]);
    expect(stale).toMatchObject([{ lastSeen: undefined, why: 'nothing speaks for it any more: no metadata, and nobody has used it for 14 days' }]);
  });

  it('does not call stale what was watched for too short a time', () => {
    const { stale, missing } = compare({ declared: [call(8080)], seen: [] }, { seen: [], watchedDays: 3 });
    expect(stale).toEqual([]);
    expect(missing).toMatchObject([{ why: 'nothing speaks for it any more, but it was not watched for long enough to say that nobody uses it' }]);
  });

  it('tells a rule that is used in another shape from one that is gone', () => {
    const many = Array.from({ length: 30 }, (_, at) => seen(30_000 + at));
    const { added, missing } = compare({ seen: [seen(30_000)] }, { seen: many });
    expect(ports(added)).toEqual([29_952]);
    expect(missing).toMatchObject([{ lastSeen: NOW - 60_000, why: 'it is used, but not proposed in this shape any more' }]);
  });

  it.each([
    { daysAgo: 1, unused: 0 },
    { daysAgo: 15, unused: 1 },
  ])('says of what metadata asks for that nobody used it, $daysAgo days after the last use: $unused', ({ daysAgo, unused }) => {
    const state = { declared: [call(8080)], seen: [seen(8080, daysAgo)] };
    expect(compare(state, state).unused).toHaveLength(unused);
  });

  it('finds the use of hosts, addresses and blocks outside', () => {
    const outside = ['198.51.100.7', '2001:db8:f00::7', '203.0.0.0/16', 'pay.example.com'].map((to) => observed(web, to, 443, { firstSeen: NOW - 28 * DAY }));
    const comparison = compare({ seen: outside }, { seen: outside.map((each) => ({ ...each, lastSeen: NOW - 20 * DAY })) });
    expect(comparison.unused.map(({ lastSeen }) => lastSeen)).toEqual([NOW - 20 * DAY, NOW - 20 * DAY, NOW - 20 * DAY, NOW - 20 * DAY]);
    expect(compare({ seen: outside }, { seen: outside }).unused).toEqual([]);
  });

  it('calls nothing unused of a workload that has not been there for two weeks, however long its node was watched', () => {
    const state = { declared: [call(8080)], seen: [] };
    const [, egress] = compareWithApproved(reviewOf(state).proposal, reviewOf(state).proposal, { index: new ObservedIndex({ ...evidenceOf(state), workloads: new Map([[web, { since: NOW - 13 * DAY, hours: [], reporters: ['node-1'], overflowed: 0, unattributed: 0, beyondBounds: 0 }]]) }), now: NOW, staleAfterMs: STALE_AFTER_MS });
    expect(egress?.unused).toEqual([]);
  });

  it.each<[string, (rule: ProposedRule) => ProposedRule, readonly string[]]>([
    ['would not end any more', (rule) => ({ ...rule, expiresAt: NOW + DAY }), ['it would not end any more']],
    ['is meant for something else', (rule) => ({ ...rule, application: 'grpc' }), ['it is meant for http, and was for grpc']],
    ['refused what speaks something else', (rule) => ({ ...rule, enforceApplication: true }), ['what speaks something else would not be refused']],
    ['was added by a person', (rule) => ({ ...rule, evidence: [] }), ['it was added by a person, and is declared and observed']],
  ])('says of a rule that it %s', (_what, was, expected) => {
    const { proposal } = reviewOf({ declared: [call(8080, { application: 'http' })], seen: [seen(8080)] });
    if (proposal.egress.kind !== 'closed') throw new Error('egress is open');
    const before = { ...proposal, egress: { ...proposal.egress, rules: proposal.egress.rules.map((rule) => (ports([rule])[0] === 8080 ? was(rule) : rule)) } };
    const [, egress] = proposalDifference(before, proposal);
    expect([egress?.added, egress?.gone, egress?.changed.map(({ what }) => what)]).toEqual([[], [], [expected]]);
  });

  it('says of a rule a person added that taking it away is no more than that', () => {
    const { proposal } = reviewOf({ declared: [call(8080)], seen: [seen(8080)] });
    if (proposal.egress.kind !== 'closed') throw new Error('egress is open');
    const added: ProposedRule = { ...proposal.egress.rules[0]!, id: 'egress-added-1', peers: [{ kind: 'host', host: 'bank.example' }], evidence: [] };
    const [, egress] = compareWithApproved(proposal, { ...proposal, egress: { ...proposal.egress, rules: [...proposal.egress.rules, added] } }, { index: new ObservedIndex(evidenceOf({})), now: NOW, staleAfterMs: STALE_AFTER_MS });
    expect([egress?.stale, egress?.missing.map(({ why }) => why)]).toEqual([[], ['a person added it, and neither metadata nor flows ask for it']]);
  });

  it('shows a direction that would be open again, and calls none of its rules stale', () => {
    const comparison = compare({ declared: [call(8080)] }, { unknown: [`${web} egress`], watchedDays: 0.5 });
    expect(comparison).toMatchObject({ approved: 'closed', proposed: 'open', added: [], missing: [], stale: [] });
  });
});
