import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, approve } from '#policy';
import type { DirectionProposal, Proposal, ProposedRule } from '#model';
import { clusterPolicy, networkPolicy } from '../../test/support/policies.ts';
import { ref } from '../../test/support/worlds.ts';

const approval = { number: 1, approvedBy: 'anna', reason: 'reviewed' };
const rule: ProposedRule = { id: 'a', peers: 'any', ports: 'any', application: 'http', evidence: [], widenings: ['w'], tier: 'strong', confidence: 0.9, why: 'because' };
const closed: DirectionProposal = { kind: 'closed', rules: [rule], why: 'known' };
const open: DirectionProposal = { kind: 'open', why: 'not known' };

function proposal(name: string, ingress: DirectionProposal, egress: DirectionProposal): Proposal {
  return { workload: ref(name), ingress, egress };
}

describe('approve', () => {
  it('closes what was proposed closed and leaves out what was proposed open', () => {
    const { policies } = approve([proposal('shop/Deployment/web', closed, open)], approval);
    expect(policies).toEqual([
      {
        kind: 'namespaced',
        name: 'learned shop/Deployment/web',
        subject: { kind: 'workload', workload: ref('shop/Deployment/web') },
        why: { ingress: 'known' },
        ingress: [{ id: 'a', peers: 'any', ports: 'any', application: 'http', evidence: [], confidence: 0.9, why: 'because', widenings: ['w'] }],
        origin: { file: 'revision 1', line: 1 },
      },
    ]);
  });

  it('a direction closed without rules is present and empty', () => {
    const { policies } = approve([proposal('shop/Deployment/web', { kind: 'closed', rules: [], why: '' }, open)], approval);
    expect(policies[0]?.ingress).toEqual([]);
    expect(policies[0]).not.toHaveProperty('egress');
  });

  it('makes no policy of a workload open both ways', () => {
    expect(approve([proposal('shop/Deployment/web', open, open)], approval).policies).toEqual([]);
  });

  it('does not depend on the order of proposals', () => {
    const proposals = [proposal('shop/Deployment/web', closed, open), proposal('data/StatefulSet/db', closed, closed)];
    expect(approve([...proposals].reverse(), approval)).toEqual(approve(proposals, approval));
  });

  it.each<readonly [string, () => unknown, RegExp]>([
    ['0 is for what was found', () => approve([], { ...approval, number: 0 }), /count from 1/],
    ['a workload has one proposal', () => approve([proposal('a/b/c', closed, open), proposal('a/b/c', open, closed)], approval), /two proposals/],
  ])('refuses a broken promise: %s', (_why, act, message) => {
    expect(act).toThrow(message);
  });
});

describe('adoptPolicies', () => {
  it('sorts by tier, priority and name, and is revision 0', () => {
    const admin = (name: string, tier: string, priority: number) => clusterPolicy(name, { tier, priority, subject: { namespaces: {} } });
    const policies = [networkPolicy('b/p', {}), admin('base', 'Baseline', 0), admin('late', 'Admin', 9), networkPolicy('a/p', {}), admin('b', 'Admin', 1), admin('a', 'Admin', 1)];
    const revision = adoptPolicies(policies);
    expect(revision.number).toBe(0);
    expect(revision.policies.map(({ name }) => name.split(' ')[1])).toEqual(['a', 'b', 'late', 'a/p', 'b/p', 'base']);
  });
});
