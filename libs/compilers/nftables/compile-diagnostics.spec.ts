import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import type { AdminRule, Namespace } from '#model';
import { adoptPolicies } from '#policy';

import { admin, rule } from '../../../test/support/policy-worlds.ts';
import { address, node, podsOf, ref, workload, world } from '../../../test/support/worlds.ts';
import { compileNodes } from './compile.ts';

const host = node('n1', ['192.0.2.1']);
const [a, b] = [workload('x/Deployment/a'), workload('y/Deployment/b')];

function codesOf(rules: readonly AdminRule[], isDeclared: boolean): readonly string[] {
  const namespaces = ['x', 'y'].map((name): Namespace => ({ name, labels: { 'kubernetes.io/metadata.name': name }, isDeclared }));
  const pods = [a, b].flatMap((each, at) => podsOf(each, at + 1, host).map((pod) => ({ ...pod, addresses: [address(`10.1.0.${String(at + 1)}`), address(`2001:db8::${String(at + 1)}`)] })));
  const snapshot = world({ namespaces, nodes: [host], workloads: [a, b], pods });
  const policy = admin('AdminNetworkPolicy p', 'admin', 1, { kind: 'workload', workload: ref('x/Deployment/a') }, { ingress: rules });
  return compileNodes(adoptPolicies([policy]), snapshot, { digest: (text) => createHash('sha256').update(text).digest('hex') }).diagnostics.map(({ code }) => code);
}

describe('a rule that hands over by labels of namespaces', () => {
  const team = { kind: 'pods', namespaces: { kind: 'selector', selector: { requirements: [{ key: 'team', operator: 'In', values: ['ops'] }] } }, pods: { requirements: [] } } as const;
  const passing: AdminRule = { ...rule('p', [team], 'any'), action: 'pass' };

  it('is told to hand nothing over where nobody knows the labels', () => {
    expect(codesOf([passing], false)).toEqual(['namespace-labels-unknown', 'pass-undecided']);
    expect(codesOf([passing], true)).toEqual([]);
  });

  it('is not where it decides itself, or hands over whatever the labels', () => {
    expect(codesOf([{ ...passing, action: 'deny' }], false)).toEqual(['namespace-labels-unknown']);
    expect(codesOf([{ ...rule('p', 'any', 'any'), action: 'pass' }], false)).toEqual([]);
  });
});
