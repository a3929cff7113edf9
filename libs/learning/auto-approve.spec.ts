import { describe, expect, it } from '@jest/globals';

import type { LabelRequirement } from '#model';

import { context, evidence, observed } from '../../test/support/observed-worlds.ts';
import { graph, namespace, relationship, workload, world } from '../../test/support/worlds.ts';
import { autoApprovable, type AutoApprovalRule, review } from './index.ts';

const notRegulated: LabelRequirement = { key: 'regulated', operator: 'DoesNotExist', values: [] };
const notProduction: LabelRequirement = { key: 'stage', operator: 'NotIn', values: ['production'] };

function ruleFor(requirements: readonly LabelRequirement[]): AutoApprovalRule {
  return { name: 'rule', title: 'A rule', why: 'why not', namespaces: { requirements }, workloads: { requirements: [] }, kinds: [], evidence: ['both'], coverage: { low: 0 }, closed: [], quarantined: 'block', widenings: 'allow' };
}

function answer(platform: 'kubernetes' | 'compose' | 'host', requirements: readonly LabelRequirement[]): readonly string[] | 'approved' {
  const [web, api] = ['shop/Deployment/web', 'shop/Deployment/api'] as const;
  const snapshot = world({ workloads: [workload(web, { platform }), workload(api, { platform })], namespaces: [namespace('shop', {})] });
  const found = review(graph(snapshot, { relationships: [relationship(web, api, 8080)] }), evidence({ relationships: [observed(web, api, 8080, { clientPods: 32 })] }), snapshot, context(snapshot, { catalogue: { entries: [] } })).get(api);
  if (found === undefined) throw new Error('no review of the api');
  const result = autoApprovable(found, [ruleFor(requirements)], snapshot);
  return result.kind === 'approved' ? 'approved' : result.refusals.flatMap(({ reasons }) => reasons);
}

describe('a rule that asks of namespaces only what they must not have', () => {
  it.each([[[notRegulated]], [[notProduction, notRegulated]]])('is about those of a cluster: %j', (requirements) => {
    expect(answer('kubernetes', requirements)).toBe('approved');
  });

  it.each(['compose', 'host'] as const)('is about nothing on %s, where namespaces have no labels', (platform) => {
    expect(answer(platform, [notProduction, notRegulated])).toEqual([expect.stringContaining(`namespaces have no labels on platform ${platform}, and stage!=production,!regulated asks only`)]);
  });
});

describe('a program that chose its own name', () => {
  const anyone: AutoApprovalRule = { ...ruleFor([{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ['edge'] }]), quarantined: 'leave-out' };
  function reviewOf(name: string): { readonly approval: ReturnType<typeof autoApprovable>; readonly why: string } {
    const key = `edge/${name}`;
    const snapshot = world({ workloads: [workload('edge/Container/web', { platform: 'host' }), workload(key, { platform: 'host', hostNetwork: true })], namespaces: [namespace('edge', {})] });
    const reviewed = review(graph(snapshot, { relationships: [relationship('edge/Container/web', key, 8080)] }), evidence({ relationships: [observed('edge/Container/web', key, 8080, { clientPods: 32 })] }), snapshot, context(snapshot, { catalogue: { entries: [] } })).get(key)!;
    return { approval: autoApprovable(reviewed, [anyone], snapshot), why: reviewed.proposal.ingress.why };
  }

  it('is approved by no rule, and its proposal says why', () => {
    const { approval, why } = reviewOf('Process/postgres');
    expect(approval).toMatchObject({ kind: 'not-approved', refusals: [{ reasons: ['it is for people to judge: any program on host edge may call itself postgres, and gets what is approved for it; run it as a systemd unit, whose name nobody else can take'] }] });
    expect(why).toContain('any program on host edge may call itself postgres');
  });

  it('is another than a unit, whose name is given to it', () => {
    const { approval, why } = reviewOf('Unit/postgres.service');
    expect(approval.kind).toBe('approved');
    expect(why).not.toContain('may call itself');
  });
});
