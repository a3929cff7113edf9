import { describe, expect, it } from '@jest/globals';

import type { Decision, EnforcedBy, Json, NamespacedPolicy, Policy } from '#model';
import { adoptPolicies, approvedPolicy, checkInvariants, diff, evaluate, explain, formatPorts, layerPolicies, layersOf, onlyLayer, type PoliciesInForce, simulate } from '#policy';

import { clusterPolicy, connection, networkPolicy, pod } from '../../test/support/policies.ts';
import { closed, OPEN, proposedRule } from '../../test/support/review-world.ts';
import { namespace, origin, ref, world } from '../../test/support/worlds.ts';

const app = (name: string): object => ({ labels: { app: name }, workload: ref(`shop/Deployment/${name}`), ports: [{ port: 80, protocol: 'TCP' }] });
const cluster = world({
  namespaces: [namespace('shop')],
  pods: ['web', 'api', 'job'].map((name, at) => pod(`shop/${name}-1`, [`10.0.0.${String(at + 1)}`, `fd00::${String(at + 1)}`], app(name))),
});

function learned(name: string, ingress: readonly string[] | undefined, egress?: readonly string[]): NamespacedPolicy {
  const direction = (peers: readonly string[] | undefined): ReturnType<typeof closed> => (peers === undefined ? OPEN : closed(...peers.map((peer) => proposedRule(peer, `shop/Deployment/${peer}`, 80))));
  const policy = approvedPolicy({ workload: ref(`shop/Deployment/${name}`), ingress: direction(ingress), egress: direction(egress) }, 1);
  if (policy === undefined) throw new Error('nothing is closed');
  return policy;
}

const theirs = (name: string, spec: object): Policy => networkPolicy(`shop/${name}`, { podSelector: { matchLabels: { app: name } }, ...spec });
const from = (...names: readonly string[]): object => ({ policyTypes: ['Ingress'], ingress: names.map((name) => ({ from: [{ podSelector: { matchLabels: { app: name } } }] })) });
const to = (...names: readonly string[]): object => ({ policyTypes: ['Egress'], egress: names.map((name) => ({ to: [{ podSelector: { matchLabels: { app: name } } }] })) });
const enforcedBy = ({ subject }: Policy): EnforcedBy => (subject.kind === 'workload' ? 'enforcers' : 'network');
const apart = (...policies: readonly Policy[]): PoliciesInForce => layerPolicies(adoptPolicies(policies), enforcedBy);

describe.each([4, 6])('policies that are enforced apart, IPv%d', (family) => {
  const asked = connection(cluster, `shop/web-1@${String(family)}`, `shop/api-1@${String(family)}`, '80/TCP');
  const accept: Json = { action: 'Accept', from: [{ namespaces: {} }] };
  const unknown = clusterPolicy('maybe', { tier: 'Admin', priority: 1, subject: { namespaces: { matchLabels: { team: 'unknown' } } }, ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] });

  it.each<readonly [string, readonly Policy[], Decision, Decision]>([
    ['one that has it, one that has not', [learned('api', ['web']), theirs('api', from('job'))], 'deny', 'allow'],
    ['the other way round', [learned('api', ['job']), theirs('api', from('web'))], 'deny', 'allow'],
    ['both have it', [learned('api', ['web']), theirs('api', from('web'))], 'allow', 'allow'],
    ['neither has it', [learned('api', ['job']), theirs('api', from('job'))], 'deny', 'deny'],
    ['one about another direction', [learned('api', ['web']), theirs('api', to('job'))], 'allow', 'allow'],
    ['one at each end, both have it', [learned('api', ['web']), theirs('web', to('api'))], 'allow', 'allow'],
    ['one at each end, one has it not', [learned('api', ['web']), theirs('web', to('job'))], 'deny', 'deny'],
    ['both at the end that sends', [learned('web', undefined, ['api']), theirs('web', to('job'))], 'deny', 'allow'],
    ['an allowance of an administrator, who speaks for one of them alone', [learned('api', ['job']), clusterPolicy('a', { tier: 'Admin', priority: 1, subject: { namespaces: {} }, ingress: [accept] })], 'deny', 'allow'],
    ['a baseline, where nothing of the same enforcer isolates', [learned('api', ['web']), clusterPolicy('b', { tier: 'Baseline', priority: 1, subject: { namespaces: {} }, ingress: [{ action: 'Deny', from: [{ namespaces: {} }] }] })], 'deny', 'allow'],
  ])('%s', (_what, policies, decision, together) => {
    expect(evaluate(apart(...policies), cluster, asked).decision).toBe(decision);
    expect(evaluate(adoptPolicies(policies), cluster, asked).decision).toBe(together);
  });

  it('are unknown where one of them is and none denies', () => {
    const unnamed = { ...cluster, namespaces: new Map() };
    const decide = (...policies: readonly Policy[]): Decision => evaluate(apart(...policies), unnamed, asked).decision;
    expect([decide(learned('api', ['web']), unknown), decide(learned('api', ['job']), unknown), decide(learned('api', ['web']))]).toEqual(['unknown', 'deny', 'allow']);
  });

  it('say who says what, and what each of them misses', () => {
    const { verdict, sides } = explain(apart(learned('api', ['web']), theirs('api', from('job'))), cluster, asked);
    expect(verdict.reasons.map(({ enforcedBy: who, effect, policy }) => [who, effect, policy])).toEqual([
      ['enforcers', 'allow', undefined],
      ['enforcers', 'allow', 'learned shop/Deployment/api'],
      ['network', 'deny', 'NetworkPolicy shop/api'],
    ]);
    expect(sides[1]?.reasons.map(({ text }) => text)).toEqual([expect.stringMatching(/^the enforcers: learned shop\/Deployment\/api allows it by web/), expect.stringMatching(/^the cluster's network: NetworkPolicy shop\/api isolates shop\/api-1 for ingress/)]);
    expect(sides.map(({ isAllowed, missing }) => [isAllowed, missing.map((one) => [one.enforcedBy, one.policies])])).toEqual([[true, []], [false, [['network', ['NetworkPolicy shop/api']]]]]);
    const both = explain(apart(learned('api', ['job']), theirs('api', from('job'))), cluster, asked);
    expect(both.sides[1]?.missing.map((one) => one.enforcedBy)).toEqual(['enforcers', 'network']);
  });

  it('kill what either drops, and leave unused only what both open', () => {
    const flow = { time: '2026-12-01T00:00:00Z', from: { pod: 'shop/web-1', names: [] }, to: { pod: 'shop/api-1', names: [] }, protocol: 'TCP', port: 80, count: 1, forwarded: true, line: 1 } as const;
    const inForce = apart({ ...learned('api', ['web', 'job']) }, theirs('api', from('job')));
    const { lost, unused } = simulate(inForce, cluster, [flow]);
    expect(lost.map(({ text }) => text)).toEqual([expect.stringContaining("the cluster's network: NetworkPolicy shop/api isolates")]);
    expect(unused).toEqual([]);
    const widened = { ...learned('api', ['web', 'job']), ingress: learned('api', ['web', 'job']).ingress!.map((rule) => ({ ...rule, widenings: ['more than was seen'] })) };
    expect(simulate(apart(widened, theirs('api', from('job'))), cluster, []).unused.map((path) => [path.from.name, path.rules])).toEqual([['job', ['NetworkPolicy shop/api ingress-0', 'learned shop/Deployment/api job']]]);
  });
});

describe('policies that are enforced apart', () => {
  it('open what both of them have', () => {
    const before = apart(learned('api', ['web', 'job']), theirs('api', from('job')));
    const change = (after: PoliciesInForce): readonly string[] => diff({ revision: before, snapshot: cluster }, { revision: after, snapshot: cluster }).opened.map((one) => `${one.from.kind === 'workload' ? one.from.workload.name : 'outside'} ${formatPorts(one.ports)}`);
    expect(change(adoptPolicies([learned('api', ['web', 'job']), theirs('api', from('job'))]))).toEqual(['job ICMP, SCTP, 1-79/TCP, 81-65535/TCP, UDP', 'web 80/TCP']);
    expect(change(apart(learned('api', ['web', 'job']), theirs('api', from('job', 'web'))))).toEqual(['web 80/TCP']);
    expect(change(apart(learned('api', ['web', 'job', 'api']), theirs('api', from('job'))))).toEqual([]);
  });

  it('hold or break an invariant together', () => {
    const rule = (claim: 'must' | 'never', name: string) => ({ name: claim, claim, from: { kind: 'workload', workload: ref(`shop/Deployment/${name}`) }, to: { kind: 'workload', workload: ref('shop/Deployment/api') }, port: { protocol: 'TCP', port: 80 }, origin }) as const;
    const inForce = apart(learned('api', ['web', 'job']), theirs('api', from('job')));
    const results = checkInvariants(inForce, cluster, [rule('must', 'web'), rule('must', 'job'), rule('never', 'web'), rule('never', 'job')]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['violated', 'holds', 'holds', 'violated']);
    expect(results[0]?.counterExample?.verdict.reasons.at(-1)).toMatchObject({ effect: 'deny', policy: 'NetworkPolicy shop/api', enforcedBy: 'network' });
  });

  it('are one layer where one enforces all, and never none', () => {
    expect(layersOf(apart(learned('api', ['web']))).map((layer) => layer.enforcedBy)).toEqual(['enforcers']);
    expect(layersOf(apart(theirs('api', from('web')))).map((layer) => layer.enforcedBy)).toEqual(['network']);
    expect(layersOf(apart()).map((layer) => layer.enforcedBy)).toEqual(['enforcers']);
    expect(layersOf(onlyLayer(layerPolicies(adoptPolicies([learned('api', ['web'])]), enforcedBy), 'network'))).toMatchObject([{ enforcedBy: 'network', revision: { policies: [] } }]);
  });

  it('drop nothing of a pod that is exempt, of that layer alone', () => {
    const asked = connection(cluster, 'shop/web-1', 'shop/api-1', '80/TCP');
    const { layers, ...rest } = layerPolicies(adoptPolicies([learned('api', []), theirs('api', from('web'))]), enforcedBy);
    const exempt = { ...rest, layers: layers.map((layer) => (layer.enforcedBy === 'enforcers' ? { ...layer, isEnforcedFor: () => false } : layer)) };
    expect([evaluate({ ...rest, layers }, cluster, asked).decision, evaluate(exempt, cluster, asked).decision]).toEqual(['deny', 'allow']);
    expect(evaluate(exempt, cluster, connection(cluster, 'shop/job-1', 'shop/api-1', '80/TCP')).decision).toBe('deny');
  });
});
