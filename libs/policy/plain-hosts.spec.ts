import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, type ConnectivityChange, diff, evaluate, explain, formatPorts, checkInvariants, readInvariants, simulate } from '#policy';
import { type Json, type NamespacedPolicy, parsePrefix, type Pod, type Rule, type WorkloadRef } from '#model';
import { connection, pod } from '../../test/support/policies.ts';
import { address, namespace, node, origin, port, ref, world } from '../../test/support/worlds.ts';

const [SIX, FOUR] = ['2001:db8:1::1', '192.0.2.1'];
const [api, backup, cron] = [ref('edge/Unit/api.service'), ref('edge/Unit/backup.service'), ref('far/Unit/cron.service')];
const on = (workload: WorkloadRef, addresses: readonly string[], ...ports: readonly string[]): Pod =>
  pod(`${workload.namespace}/${workload.name}`, addresses, { hostNetwork: true, node: workload.namespace, workload, ports: ports.map(port) });
const cluster = world({
  namespaces: [namespace('edge'), namespace('far')],
  nodes: [node('edge', [FOUR, SIX]), node('far', ['192.0.2.2', '2001:db8:1::2'])],
  pods: [on(api, [FOUR, SIX], '8080', '9090'), on(backup, [FOUR, SIX], '873'), on(cron, ['192.0.2.2', '2001:db8:1::2'], '25'), pod('far/db', ['10.0.0.1', 'fd00::1'], { node: 'far' })],
});
const rule = (peers: Rule['peers'], from: number): Rule => ({ id: 'web', peers, ports: [{ kind: 'range', protocol: 'TCP', from, to: from }], evidence: [], widenings: [] });
const closed = (workload: WorkloadRef, ...ingress: readonly Rule[]): NamespacedPolicy => ({ kind: 'namespaced', name: `learned ${workload.name}`, subject: { kind: 'workload', workload }, ingress, origin });
const fromFar = closed(api, rule([{ kind: 'workload', workload: cron }], 8080));

describe('a plain host some program of which is closed', () => {
  it.each<readonly [string, string, string, string, string]>([
    ['a program in a rule comes by the address of its host', '192.0.2.2', FOUR, '8080', 'allow'],
    ['in both families', '2001:db8:1::2', SIX, '8080', 'allow'],
    ['and nobody else', '198.51.100.1', FOUR, '8080', 'deny'],
    ['a port of the closed program no rule names', '2001:db8:1::2', SIX, '9090', 'deny'],
    ['a port of a program nobody closed', '198.51.100.1', FOUR, '873', 'allow'],
    ['a port nobody waits on', '198.51.100.1', FOUR, '4444', 'deny'],
    ['people log in', '198.51.100.1', FOUR, '22', 'allow'],
    ['addresses are given', '2001:db8:9::1', SIX, '546/UDP', 'allow'],
    ['pings', '2001:db8:9::1', SIX, '0/ICMP', 'allow'],
    ['itself', FOUR, FOUR, '9090', 'allow'],
    ['a host where nothing is closed', '198.51.100.1', '192.0.2.2', '4444', 'allow'],
  ])('%s', (_what, from, to, on, decision) => {
    expect(evaluate(adoptPolicies([fromFar]), cluster, connection(cluster, from, to, on)).decision).toBe(decision);
  });

  it('says who decided by the names that were approved, and what is missing of which program', () => {
    const asked = (from: string, on: string): ReturnType<typeof explain> => explain(adoptPolicies([fromFar]), cluster, connection(cluster, from, 'edge/api.service', on));
    expect(asked('192.0.2.2', '8080').verdict.reasons.at(-1)).toMatchObject({ effect: 'allow', policy: 'learned api.service', rule: 'web' });
    const denied = asked('far/cron.service', '9090').sides.at(-1);
    expect(denied?.policies).toContain('learned api.service');
    expect(denied?.missing).toMatchObject([{ workload: api, peer: { kind: 'workload', workload: cron }, port: { protocol: 'TCP', from: 9090 } }]);
    // nobody's port is nobody's to ask for
    expect(asked('far/cron.service', '4444').sides.at(-1)?.missing).toEqual([]);
  });

  it('opens to a container that may speak to one of its programs, and no further', () => {
    const db: NamespacedPolicy = { kind: 'namespaced', name: 'learned db', subject: { kind: 'workload', workload: ref('far/Pod/db') }, egress: [rule([{ kind: 'workload', workload: api }], 8080)], origin };
    const decisions = [['far/db', FOUR], ['far/db', SIX], ['far/db', '192.0.2.3']].map(([from = '', to = '']) => evaluate(adoptPolicies([db]), cluster, connection(cluster, from, to, '8080')).decision);
    expect(decisions).toEqual(['allow', 'allow', 'deny']);
  });
});

describe('everything that looks ahead', () => {
  const text = ({ from, to, ports }: ConnectivityChange): string => `${nameOf(from)} > ${nameOf(to)} ${formatPorts(ports)}`;
  const nameOf = (end: ConnectivityChange['from']): string => (end.kind === 'workload' ? end.workload.name : 'outside');

  it('diff tells each program its own ports, and who closes the host those of nobody', () => {
    const { opened, closed: shut } = diff({ revision: adoptPolicies([]), snapshot: cluster }, { revision: adoptPolicies([fromFar]), snapshot: cluster });
    expect(opened).toEqual([]);
    expect(shut.map(text)).toContain('db > api.service SCTP, 1-21/TCP, 23-872/TCP, 874-65535/TCP, 1-67/UDP, 69-545/UDP, 547-65535/UDP');
    expect(shut.map(text).filter((each) => each.includes('> backup.service'))).toEqual([]);
    expect(shut.map(text).find((each) => each.startsWith('cron.service >'))).toContain('8081-65535/TCP');
    expect(shut.some(({ from }) => from.kind === 'outside')).toBe(true);
  });

  it('invariants are about the ports of the program, and true where it is closed', () => {
    const invariant = (claim: Json): string => {
      const { invariants } = readInvariants({ apiVersion: 'ringfence.io/v1alpha1', kind: 'InvariantSet', spec: { invariants: [{ name: 'it', ...(claim as object) }] } }, origin);
      return checkInvariants(adoptPolicies([fromFar]), cluster, invariants)[0]!.outcome;
    };
    const internet: Json = { entity: 'internet' };
    expect(invariant({ never: { from: internet, to: { workload: 'edge/Unit/api.service' } } })).toBe('holds');
    expect(invariant({ never: { from: internet, to: { workload: 'edge/Unit/backup.service' } } })).toBe('violated');
    expect(invariant({ must: { from: { workload: 'far/Unit/cron.service' }, to: { workload: 'edge/Unit/api.service' }, port: '8080/TCP' } })).toBe('holds');
    // a host reaches its own containers whatever they say
    expect(invariant({ never: { from: { workload: 'far/Unit/cron.service' }, to: { workload: 'far/Pod/db' } } })).toBe('violated');
  });

  it('simulate says which flows to a host would die, and knows the program by its port', () => {
    const flow = { time: '2026-01-05T10:00:00Z', from: { names: [], address: address('198.51.100.1') }, to: { names: [], address: address(FOUR) }, protocol: 'TCP', count: 1, forwarded: true } as const;
    const { lost } = simulate(adoptPolicies([fromFar]), cluster, [{ ...flow, port: 9090, line: 1 }, { ...flow, port: 873, line: 2 }, { ...flow, port: 22, line: 3 }]);
    expect(lost.map(({ flow: { line }, to, decision }) => [line, to, decision])).toEqual([[1, `address ${FOUR} of node edge, where api.service waits`, 'deny']]);
  });

  it('a rule for one family opens nothing in the other', () => {
    const everywhere = closed(api, rule([{ kind: 'cidr', cidr: parsePrefix('0.0.0.0/0')!, except: [] }], 8080));
    expect([FOUR, SIX].map((to) => evaluate(adoptPolicies([everywhere]), cluster, connection(cluster, to === FOUR ? '198.51.100.1' : '2001:db8:9::1', to, '8080')).decision)).toEqual(['allow', 'deny']);
  });
});
