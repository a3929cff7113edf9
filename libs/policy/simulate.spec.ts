import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, formatPorts, simulate, type Simulation } from '#policy';
import type { Decision, Flow, FlowEnd, Json, NamespacedPolicy, Policy } from '#model';
import { networkPolicy, pod } from '../../test/support/policies.ts';
import { address, namespace, ref, service, world } from '../../test/support/worlds.ts';

const web = ref('shop/Deployment/web');
const cluster = world({
  namespaces: [namespace('shop')],
  pods: [
    pod('shop/web-1', ['10.0.0.1', 'fd00::1'], { labels: { app: 'web' }, workload: web }),
    pod('shop/web-2', ['10.0.0.2', 'fd00::2'], { labels: { app: 'web', canary: 'yes' }, workload: web }),
    pod('shop/api-1', ['10.0.0.3', 'fd00::3'], { labels: { app: 'api' }, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }], workload: ref('shop/Deployment/api') }),
  ],
  services: [service('shop/api', { selector: { app: 'api' }, clusterAddresses: [address('10.96.0.1')], ports: [{ port: 80, targetPort: 8080 }] })],
});

const on = (app: string): Json => ({ matchLabels: { app } });
const closeApi = (...ingress: readonly Json[]): Policy => networkPolicy('shop/api', { podSelector: on('api'), ingress: [...ingress] });
const fromWeb: Json = { from: [{ podSelector: on('web') }], ports: [{ port: 8080 }] };

function end(fields: Partial<FlowEnd>): FlowEnd {
  return { names: [], ...fields };
}

function flow(fields: Partial<Flow>): Flow {
  return { time: '2026-01-05T10:00:00Z', from: end({ pod: 'shop/web-1' }), to: end({ pod: 'shop/api-1' }), protocol: 'TCP', port: 8080, count: 1, forwarded: true, line: 1, ...fields };
}

function run(policies: readonly Policy[], ...flows: readonly Partial<Flow>[]): Simulation {
  return simulate(adoptPolicies(policies), cluster, flows.map((fields, index) => flow({ line: index + 1, ...fields })));
}

describe('a flow is attributed', () => {
  const policies = [closeApi(fromWeb)];
  it.each<readonly [string, Partial<Flow>, Decision]>([
    ['by pod', {}, 'allow'],
    ['by workload, for all its pods', { from: end({ workload: 'shop/Deployment/web' }) }, 'allow'],
    ['by address', { from: end({ address: address('fd00::2') }), to: end({ address: address('fd00::3') }) }, 'allow'],
    ['by address outside', { from: end({ address: address('203.0.113.7') }) }, 'deny'],
    ['by the address of a Service', { to: end({ address: address('10.96.0.1') }) }, 'allow'],
    ['by the name of a Service', { to: end({ names: ['api.shop.svc.cluster.local'] }) }, 'allow'],
    ['by a name outside', { to: end({ names: ['api.example.com'] }), port: 443 }, 'allow'],
    ['and denied by name outside too', { from: end({ names: ['scanner.example.com'] }) }, 'deny'],
    ['but a workload that is gone is unknown', { from: end({ workload: 'shop/Deployment/gone' }) }, 'unknown'],
    ['so is a pod that is gone, without an address', { from: end({ pod: 'shop/gone' }) }, 'unknown'],
    ['and a Service that is gone', { to: end({ names: ['gone.shop.svc'] }) }, 'unknown'],
    ['and nobody', { from: end({}) }, 'unknown'],
    ['a flow without a port is unknown', { port: null }, 'unknown'],
    ['ICMP has none', { port: null, protocol: 'ICMP' }, 'deny'],
    ['ends without a family in common are unknown', { from: end({ address: address('203.0.113.7') }), to: end({ pod: 'shop/api-1', address: address('fd00::3') }) }, 'unknown'],
  ])('%s', (_why, fields, decision) => {
    expect(run(policies, fields).flows[0]?.decision).toBe(decision);
  });

  it('is unknown where its pods differ', () => {
    const canary: Json = { from: [{ podSelector: { matchLabels: { canary: 'yes' } } }] };
    const [one] = run([closeApi(canary)], { from: end({ workload: 'shop/Deployment/web' }) }).flows;
    expect([one?.decision, one?.text]).toEqual(['unknown', 'allowed for some of the pods or families it may be about, not for all']);
  });
});

describe('what would be lost', () => {
  it('is what got through and would not, denied before unknown, most connections first, then most bytes', () => {
    const { lost } = run([closeApi()], { count: 3 }, { count: 9, bytes: 1 }, { count: 9, bytes: 5 }, { count: 99, forwarded: false }, { count: 50, from: end({ pod: 'shop/gone' }) }, { count: 70, to: end({ pod: 'shop/web-2' }) });
    expect(lost.map((one) => [one.flow.line, one.decision])).toEqual([[3, 'deny'], [2, 'deny'], [1, 'deny'], [5, 'unknown']]);
    expect(lost[0]?.text).toContain('NetworkPolicy shop/api isolates shop/api-1 for ingress');
  });
});

describe('what stays open unused', () => {
  const unused = (simulation: Simulation): readonly string[] => simulation.unused.map(({ from, to, ports, rules }) => `${from.name} > ${to.name} ${formatPorts(ports)} by ${rules.join(', ')}`);

  it('is what a rule opens and no flow used', () => {
    const wide: Json = { from: [{ podSelector: on('web') }], ports: [{ port: 8080, endPort: 8082 }] };
    expect(unused(run([closeApi(wide)], {}))).toEqual(['web > api 8081-8082/TCP by NetworkPolicy shop/api ingress-0']);
  });

  it('is not what nobody closed', () => {
    expect(unused(run([], {}))).toEqual([]);
  });

  it('is not what evidence asks for, but what a rule was widened to', () => {
    const learned = (widenings: readonly string[]): NamespacedPolicy => ({
      kind: 'namespaced',
      name: 'learned shop/Deployment/api',
      subject: { kind: 'workload', workload: ref('shop/Deployment/api') },
      ingress: [{ id: 'a', peers: [{ kind: 'workload', workload: web }], ports: [{ kind: 'range', protocol: 'TCP', from: 9, to: 9 }], evidence: [{ kind: 'declared', source: 'env', where: 'x:1', text: 't' }], widenings }],
      origin: { file: 'x', line: 1 },
    });
    expect(unused(run([learned([])]))).toEqual([]);
    expect(unused(run([learned(['opens all ports'])]))).toEqual(['web > api 9/TCP by learned shop/Deployment/api a']);
  });
});
