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
