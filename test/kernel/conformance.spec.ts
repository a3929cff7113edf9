import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import type { Mismatch } from '../../apps/cli/src/check/case-run.ts';
import { readCases } from '../../apps/cli/src/check/case-files.ts';
import { CheckRun } from '../../apps/cli/src/check/check-run.ts';
import { KernelEngine } from '../../apps/cli/src/check/kernel-engine.ts';
import { runCheck } from '../../apps/cli/src/commands/check.ts';
import type { Terminal } from '../../apps/cli/src/terminal.ts';
import { describeKernel } from '../support/kernel.ts';
import { describeShared } from '../support/needs.ts';
import { repositoryRoot } from '../support/shared.ts';

const PATIENCE_MS = 300_000;

describeKernel('check --engine kernel', () => {
  describeShared('conformance', 'passes the conformance suites with real packets', (path) => {
    it('every probe', async () => {
      const ran = await check([join(path, 'k8s-e2e-netpol.jsonl'), join(path, 'recipes.jsonl')], {});
      expect(ran.out).toBe('753 passed, 0 failed, 1 skipped\n');
    }, PATIENCE_MS);

    it('the same by nft instead of netlink', async () => {
      const engine = new KernelEngine({ driver: 'nft' });
      try {
        const mismatches: Mismatch[] = [];
        const run = new CheckRun(engine, true, (mismatch) => mismatches.push(mismatch));
        for await (const line of readCases([join(path, 'recipes.jsonl')], terminalOf({ out: '', err: '' }, ''))) if (line.kind === 'case') run.add(line.value);
        run.end();
        expect(mismatches).toEqual([]);
        expect(run.passed).toBeGreaterThan(20);
      } finally {
        engine.close();
      }
    }, PATIENCE_MS);

    it('finds every verdict that was turned round', async () => {
      const lines = readFileSync(join(path, 'recipes.jsonl'), 'utf8').trim().split('\n');
      const turned = lines.map((line) => line.replaceAll('"expected":"allow"', '"expected":"DENY"').replaceAll('"expected":"deny"', '"expected":"allow"').replaceAll('DENY', 'deny'));
      const ran = await check(['-'], {}, turned.join('\n'));
      expect(ran.out.trimEnd().split('\n').at(-1)).toBe('0 passed, 42 failed, 1 skipped');
    }, PATIENCE_MS);
  });

  const web = { name: 'web', namespace: 'shop', labels: { app: 'web' }, ips: ['10.0.0.1', 'fd00::1'], ports: [] };
  const api = { name: 'api', namespace: 'shop', labels: { app: 'api' }, ips: ['10.0.0.2', 'fd00::2'], ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] };
  const agent = { name: 'agent', namespace: 'shop', labels: {}, ips: ['192.0.2.1'], ports: [], hostNetwork: true };
  const onlyWeb = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'close', namespace: 'shop' }, spec: { podSelector: { matchLabels: { app: 'api' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [8080, 8081].flatMap((port) => ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ port, protocol }))) }] } };
  const noEgress = { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'silent', namespace: 'shop' }, spec: { podSelector: { matchLabels: { app: 'web' } }, policyTypes: ['Egress'], egress: [] } };
  const probe = (fields: object): object => ({ from: 'shop/web', to: 'shop/api', port: 8080, protocol: 'TCP', expected: 'allow', ...fields });
  const given = (fields: object): string => JSON.stringify({ name: 'case', namespaces: [{ name: 'shop', labels: {} }], nodes: [{ name: 'n1', labels: {}, ips: ['192.0.2.1', '2001:db8::1'] }], pods: [web, api, agent], policies: [onlyWeb], ...fields });
  const families = [4, 6] as const;

  it.each<readonly [string, object, string]>([
    ['every protocol in both families', { probes: families.flatMap((ipFamily) => ['TCP', 'UDP', 'SCTP'].flatMap((protocol) => [probe({ ipFamily, protocol }), probe({ ipFamily, protocol, port: 8082, expected: 'deny' })])) }, '12 passed, 0 failed, 0 skipped'],
    ['echo requests', { policies: [noEgress], probes: families.flatMap((ipFamily) => [probe({ ipFamily, protocol: 'ICMP', expected: 'deny' }), probe({ ipFamily, protocol: 'ICMP', from: 'shop/api', to: 'shop/web' })]) }, '4 passed, 0 failed, 0 skipped'],
    ['hosts outside, to and from', { probes: [probe({ from: '203.0.113.7', expected: 'deny' }), probe({ from: '2001:db8:ffff::7', expected: 'deny' }), probe({ to: '203.0.113.7' }), probe({ to: '2001:db8:ffff::7' })] }, '4 passed, 0 failed, 0 skipped'],
    ['a pod and itself', { policies: [noEgress, onlyWeb], probes: [probe({ to: 'shop/web' }), probe({ from: 'shop/api', port: 9 })] }, '2 passed, 0 failed, 0 skipped'],
    ['a pod of the network of its node, behind what its node lets in', { policies: [noEgress], probes: [probe({ to: 'shop/agent', expected: 'deny' }), probe({ from: 'shop/api', to: 'shop/agent' }), probe({ from: 'shop/agent' })] }, '3 passed, 0 failed, 0 skipped'],
    ['an address two pods claim is closed where anything is enforced', { pods: [web, { ...web, name: 'thief' }, api].map((pod) => ({ ...pod, node: 'n1' })), probes: [probe({ expected: 'deny' }), probe({ from: 'shop/thief', expected: 'deny' }), probe({ to: '203.0.113.7', from: 'shop/api' })] }, '3 passed, 0 failed, 0 skipped'],
    ['what cannot be sent is no verdict', { probes: [probe({ to: '224.0.0.1', expected: 'deny' }), probe({ to: '240.0.0.1' })] }, '1 passed, 1 failed, 0 skipped'],
    ['hostile names', { pods: [{ ...web, name: 'web"\n;drop' }, { ...api, name: '$(reboot)\u001b[2J`id`' }], probes: [probe({ from: 'shop/web"\n;drop', to: 'shop/$(reboot)\u001b[2J`id`' }), probe({ from: 'shop/web"\n;drop', to: 'shop/$(reboot)\u001b[2J`id`', port: 1, expected: 'deny' })] }, '2 passed, 0 failed, 0 skipped'],
  ])('%s', async (_what, fields, summary) => {
    const ran = await check(['-'], {}, given(fields));
    expect({ summary: ran.out.trimEnd().split('\n').at(-1), out: ran.out }).toEqual({ summary, out: expect.any(String) });
  }, PATIENCE_MS);
});

it('check --engine kernel says so where it may not make namespaces', () => {
  const main = join(repositoryRoot, 'apps/cli/src/main.ts');
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const ran = spawnSync(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', main, 'check', '--engine', 'kernel', '-'], { encoding: 'utf8', input: '', cwd: '/', ...nobody });
  expect(ran).toMatchObject({ status: 2, stdout: '', stderr: 'ringfence check: the kernel engine sends packets through network namespaces of its own: this needs root\n' });
}, PATIENCE_MS);

async function check(paths: readonly string[], options: { readonly core?: boolean }, stdin = ''): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  const said = { out: '', err: '' };
  const code = await runCheck(paths, { engine: 'kernel', core: false, output: 'table', ...options }, terminalOf(said, stdin));
  return { ...said, code };
}

function terminalOf(said: { out: string; err: string }, stdin: string): Terminal {
  return {
    out: (text) => { said.out += text; },
    err: (text) => { said.err += text; },
    progress: () => undefined,
    readStdin: () => stdin,
    ask: () => undefined,
    columns: 120,
  };
}
