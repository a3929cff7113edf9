import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { describeShared } from '../../../../test/support/needs.ts';
import { type CheckOptions, runCheck } from '../commands/check.ts';
import type { Terminal } from '../terminal.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly lastLine: string;
}

async function check(paths: readonly string[], options: Partial<CheckOptions> = {}, stdin = ''): Promise<Ran> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    out: (text) => { out += text; },
    err: (text) => { err += text; },
    progress: () => undefined,
    readStdin: () => stdin,
    ask: () => undefined,
    columns: 120,
  };
  const code = await runCheck(paths, { engine: 'evaluate', core: false, output: 'table', ...options }, terminal);
  return { code, out, err, lastLine: out.trimEnd().split('\n').at(-1) ?? '' };
}

function checkCases(cases: readonly unknown[], options: Partial<CheckOptions> = {}): Promise<Ran> {
  return check(['-'], options, cases.map((one) => JSON.stringify(one)).join('\n'));
}

const web = { name: 'web', namespace: 'shop', labels: { app: 'web' }, ips: ['10.0.0.1', 'fd00::1'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }, { name: 'hidden', port: 81, protocol: 'TCP', undeclared: true }] };
const api = { name: 'api', namespace: 'shop', labels: { app: 'api' }, ips: ['10.0.0.2', 'fd00::2'], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] };
const closeApi = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'close', namespace: 'shop' }, spec: { podSelector: { matchLabels: { app: 'api' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ port: 'http' }] }] } };
const probe = (fields: object): object => ({ from: 'shop/web', to: 'shop/api', port: 8080, protocol: 'TCP', expected: 'allow', ...fields });
const given = (fields: object): object => ({ name: 'case', namespaces: [{ name: 'shop', labels: {} }], pods: [web, api], policies: [closeApi], probes: [probe({})], ...fields });

describe.each(['evaluate', 'trace'] as const)('check --engine %s', (engine) => {
  describeShared('conformance', 'passes the conformance suites', (path) => {
    it.each([
      ['k8s-e2e-netpol.jsonl', '711 passed, 0 failed, 0 skipped'],
      ['recipes.jsonl', '42 passed, 0 failed, 1 skipped'],
    ])('%s', async (file, summary) => {
      const ran = await check([join(path, file)], { engine });
      expect(ran.out.trimEnd()).toBe(summary);
      expect(ran.code).toBe(0);
    });

    it('finds every verdict that was turned round', async () => {
      const lines = readFileSync(join(path, 'recipes.jsonl'), 'utf8').trim().split('\n');
      const turned = lines.map((line) => line.replaceAll('"expected":"allow"', '"expected":"DENY"').replaceAll('"expected":"deny"', '"expected":"allow"').replaceAll('DENY', 'deny'));
      const ran = await check(['-'], { engine }, turned.join('\n'));
      expect(ran.lastLine).toBe('0 passed, 42 failed, 1 skipped');
      expect(ran.code).toBe(1);
    });
  });

  it.each<readonly [string, object, string]>([
    ['a port name is looked up on the destination', { probes: [probe({ port: 'http' })] }, '1 passed, 0 failed, 0 skipped'],
    ['an undeclared port has a name for probes, not for policies', { probes: [probe({ from: 'shop/api', to: 'shop/web', port: 'hidden' })] }, '1 passed, 0 failed, 0 skipped'],
    ['ipFamily picks the addresses', { probes: [probe({ ipFamily: 6 }), probe({ ipFamily: 4, port: 81, expected: 'deny' })] }, '2 passed, 0 failed, 0 skipped'],
    ['an address outside is an end too', { probes: [probe({ from: '203.0.113.7', expected: 'deny' }), probe({ from: '2001:db8::7', expected: 'deny' }), probe({ from: 'shop/api', to: '203.0.113.7' })] }, '3 passed, 0 failed, 0 skipped'],
    ['a pod reaches itself', { probes: [probe({ from: 'shop/api', self: true })] }, '1 passed, 0 failed, 0 skipped'],
    ['labels are exactly as given: no namespace label is added', { policies: [{ ...closeApi, spec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }] }] } }], probes: [probe({ expected: 'deny' })] }, '1 passed, 0 failed, 0 skipped'],
    ['a policy the API server refuses is absent', { policies: [{ ...closeApi, spec: { podSelector: {}, ingress: [{ ports: [{ port: 0 }] }] } }], probes: [probe({ from: '203.0.113.7' })] }, '1 passed, 0 failed, 0 skipped'],
    ['nodes peers are node addresses; a host-network pod is on the node whose address it has', {
      nodes: [{ name: 'n1', labels: { os: 'linux' }, ips: ['192.0.2.1'] }],
      pods: [web, api, { name: 'agent', namespace: 'shop', labels: {}, ips: ['192.0.2.1'], ports: [], hostNetwork: true }],
      policies: [{ apiVersion: 'policy.networking.k8s.io/v1alpha2', kind: 'ClusterNetworkPolicy', metadata: { name: 'nodes' }, spec: { tier: 'Admin', priority: 1, subject: { namespaces: {} }, egress: [{ action: 'Deny', to: [{ nodes: { matchLabels: { os: 'linux' } } }] }] } }],
      probes: [probe({ to: 'shop/agent', port: 9, expected: 'deny' }), probe({ from: 'shop/agent' }), probe({})],
    }, '3 passed, 0 failed, 0 skipped'],
    ['a disputed case is skipped', { disputed: 'the text is out of date', probes: [probe({ expected: 'deny' })] }, '0 passed, 0 failed, 1 skipped'],
    ['an unknown policy kind has failed', { policies: [{ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'x' } }] }, '0 passed, 1 failed, 0 skipped'],
    ['a probe from nobody has failed', { probes: [probe({ from: 'shop/gone' }), probe({})] }, '1 passed, 1 failed, 0 skipped'],
    ['ends without a family in common have failed', { pods: [{ ...web, ips: ['10.0.0.1'] }, { ...api, ips: ['fd00::2'] }] }, '0 passed, 1 failed, 0 skipped'],
  ])('%s', async (_why, fields, summary) => {
    expect((await checkCases([given(fields)], { engine })).lastLine).toBe(summary);
  });

  describe('steps of a sequence', () => {
    const steps = (...actions: readonly (readonly object[])[]) => (each: readonly object[]): readonly object[] =>
      each.map((fields, index) => given({ name: `step${String(index + 1)}`, ...fields, sequence: { id: 's', step: index + 1, of: each.length, actions: actions[index] ?? [] } }));
    const open = { policies: [], probes: [probe({ from: '203.0.113.7' })] };
    const closed = { policies: [closeApi], probes: [probe({ from: '203.0.113.7', expected: 'deny' })] };
    const relabelled = { pods: [{ ...web, labels: { app: 'other' } }, api], probes: [probe({ expected: 'deny' })] };
    it.each<readonly [string, readonly object[], string]>([
      ['a policy comes and goes', steps([], [{ createPolicy: closeApi }], [{ deletePolicy: 'shop/close' }])([open, closed, open]), '3 passed, 0 failed, 0 skipped'],
      ['a label changes', steps([], [{ setPodLabels: { pod: 'shop/web', labels: { app: 'other' } } }])([{}, relabelled]), '2 passed, 0 failed, 0 skipped'],
      ['a pod comes with a namespace and goes with it', steps([], [{ createNamespace: { name: 'new', labels: {} } }, { createPod: { ...web, namespace: 'new', ips: ['10.0.0.9'] } }], [{ deleteNamespace: 'new' }])([{}, { namespaces: [{ name: 'shop', labels: {} }, { name: 'new', labels: {} }], pods: [web, api, { ...web, namespace: 'new', ips: ['10.0.0.9'] }], probes: [probe({ from: 'new/web', expected: 'deny' })] }, {}]), '3 passed, 0 failed, 0 skipped'],
      ['an action that leads elsewhere is found', steps([], [])([open, closed]), '1 passed, 1 failed, 0 skipped'],
      ['an action nobody knows has failed', steps([], [{ explode: 'shop/web' }])([open, open]), '1 passed, 1 failed, 0 skipped'],
      ['order in the file does not matter', [...steps([], [{ createPolicy: closeApi }])([open, closed])].reverse(), '2 passed, 0 failed, 0 skipped'],
      ['a sequence with a step missing still runs', [...steps([], [{ createPolicy: closeApi }], [])([open, closed, closed])].slice(0, 2), '2 passed, 0 failed, 0 skipped'],
    ])('%s', async (_why, cases, summary) => {
      expect((await checkCases(cases, { engine })).lastLine).toBe(summary);
    });
  });
});

describe('check', () => {
  it('names case, probe, verdicts and the deciding rule', async () => {
    const ran = await checkCases([given({ probes: [probe({ port: 81 })] })]);
    expect(ran.out).toBe(
      'case: shop/web -> shop/api 81/TCP (together): expected allow, got deny\n' +
        '  ingress: NetworkPolicy shop/close isolates shop/api for ingress, and its one rule does not allow 81/TCP from shop/web (10.0.0.1)\n' +
        '0 passed, 1 failed, 0 skipped\n',
    );
    expect(ran.code).toBe(1);
  });

  it('gives one JSON document on request', async () => {
    const ran = await checkCases([given({ probes: [probe({}), probe({ port: 81, ipFamily: 6 })] })], { output: 'json' });
    expect(JSON.parse(ran.out)).toMatchObject({ engine: 'evaluate', passed: 1, failed: 1, skipped: 0, mismatches: [{ case: 'case', probe: { port: 81, ipFamily: 6 }, expected: 'allow', got: 'deny' }] });
  });

  it('--core runs only the probes marked so', async () => {
    const ran = await checkCases([given({ probes: [probe({ core: true }), probe({ expected: 'deny' })] })], { core: true });
    expect(ran.lastLine).toBe('1 passed, 0 failed, 0 skipped');
  });

  it.each<readonly [string, string, string]>([
    ['no JSON', '{"name":', '-:1: error: not JSON'],
    ['no case', '[]', '-:1: error: the line is not an object'],
    ['no verdict', JSON.stringify(given({ probes: [probe({ expected: 'maybe' })] })), '-:1: error: probes[0].expected is neither allow nor deny'],
    ['a label that is a number', JSON.stringify(given({ pods: [{ ...web, labels: { app: 1 } }] })), '-:1: error: pods[0].labels.app is not a text'],
  ])('a bad line is a message and exit code 2, and the rest still runs: %s', async (_why, line, message) => {
    const ran = await check(['-'], {}, `${line}\n\n${JSON.stringify(given({}))}\n`);
    expect(ran.err).toContain(message);
    expect(ran.lastLine).toBe('1 passed, 0 failed, 0 skipped');
    expect(ran.code).toBe(2);
  });

  it.each<readonly [string, readonly string[]]>([
    ['no paths', []],
    ['a path that is not there', ['/nowhere/cases.jsonl']],
  ])('bad usage is exit code 2: %s', async (_why, paths) => {
    const ran = await check(paths);
    expect(ran.code).toBe(2);
    expect(ran.err).not.toBe('');
  });

  it('prints hostile names harmlessly', async () => {
    const ran = await checkCases([given({ name: '\u001b[31mred\nnew line', probes: [probe({ expected: 'deny' })] })]);
    expect(ran.out).not.toContain('\u001b');
    expect(ran.out.split('\n')).toHaveLength(4);
  });
});
