import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { EnforcedLab, namePrefix } from '#lab';

import { describeKernel, hostNetwork } from '../support/kernel.ts';
import { repositoryRoot } from '../support/shared.ts';
import { node, podsOf, workload, world } from '../support/worlds.ts';

const PATIENCE_MS = 60_000;
const nodes = Array.from({ length: 5 }, (_, at) => node(`n${String(at)}`, [`192.0.2.${String(at + 1)}`]));
const workloads = nodes.map((_, at) => workload(`shop/Deployment/w${String(at)}`, { replicas: 2 }));
const pods = workloads.flatMap((each, at) => podsOf(each, at + 1, nodes[at]));
const cluster = world({ nodes, workloads, pods });

describeKernel('a lab with names', () => {
  it('gives harmless ones, each its own, whatever its pods are called, and takes them away', () => {
    const hostile = ['../../etc/passwd', 'a\n"; reboot #', '$(reboot)`id`', '\u001b[2J', 'é'.repeat(300), 'Web', 'web'];
    const before = hostNetwork();
    const lab = new EnforcedLab({ prefix: namePrefix() });
    try {
      lab.show(world({ nodes: [nodes[0]!], pods: hostile.map((name, at) => ({ ...pods[0]!, name, addresses: [pods[at]!.addresses[0]!] })) }), new Map());
      const names = namesOf(process.pid);
      expect(names).toHaveLength(hostile.length + 2);
      expect(names.filter((name) => !/^rf-\d+-[a-z0-9.-]{1,85}$/.test(name))).toEqual([]);
      expect(hostNetwork()).toEqual(before);
    } finally {
      lab.close();
    }
    expect(namesOf(process.pid)).toEqual([]);
  }, PATIENCE_MS);
});

describeKernel('a lab without names', () => {
  it('puts nothing into the network of the machine, and loses no packet that nobody drops', () => {
    const before = hostNetwork();
    const lab = new EnforcedLab();
    try {
      lab.show(cluster, new Map());
      expect(hostNetwork()).toEqual(before);
      const connections = pods.flatMap((from) => pods.flatMap((to) => [0, 1].flatMap((at) => (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ from: { kind: 'pod', pod: from, address: from.addresses[at]! } as const, to: { kind: 'pod', pod: to, address: to.addresses[at]! } as const, protocol, port: 80 })))));
      const lost = lab.probe([...connections, ...connections, ...connections]).filter(({ kind }) => kind !== 'arrived');
      expect(lost).toEqual([]);
      // what arrives somewhere else than meant has not arrived
      const [from, to] = [pods[0]!, pods[1]!];
      const misplaced = { from: { kind: 'pod', pod: from, address: from.addresses[0]! }, to: { kind: 'pod', pod: { ...to, node: 'n0', hostNetwork: true }, address: to.addresses[0]! }, protocol: 'TCP', port: 80 } as const;
      expect(lab.probe([misplaced])).toEqual([{ kind: 'dropped' }]);
    } finally {
      lab.close();
    }
    expect(hostNetwork()).toEqual(before);
  }, PATIENCE_MS);

  it('goes with its process, killed in the middle of its work', async () => {
    const before = hostNetwork();
    const folder = mkdtempSync(join(tmpdir(), 'rf-test-'));
    const cases = join(folder, 'cases');
    spawnSync('mkfifo', [cases]);
    const main = join(repositoryRoot, 'apps/cli/src/main.ts');
    const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', main, 'check', '--engine', 'kernel', cases], { stdio: ['ignore', 'pipe', 'inherit'] });
    const input = createWriteStream(cases).on('error', () => undefined);
    try {
      const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => { resolve(signal); }));
      // a verdict that is not as expected is told at once: then the lab is there, and waits for more
      const wrong = { name: 'case', pods: [{ namespace: 'x', name: 'a', labels: {}, ips: ['10.0.0.1'], ports: [] }], policies: [], probes: [{ from: 'x/a', to: '203.0.113.7', port: 80, protocol: 'TCP', expected: 'deny' }] };
      const told = new Promise<string>((resolve) => child.stdout.once('data', (text: Buffer) => { resolve(text.toString()); }));
      input.write(`${JSON.stringify(wrong)}\n`);
      expect(await told).toContain('expected deny, got allow');
      expect(namespacesOf(child.pid)).toBeGreaterThan(3);
      child.kill('SIGKILL');
      expect(await ended).toBe('SIGKILL');
      expect(namespacesOf(child.pid)).toBe(0);
      expect(namesOf(child.pid)).toEqual([]);
      expect(hostNetwork()).toEqual(before);
    } finally {
      child.kill('SIGKILL');
      input.destroy();
      rmSync(folder, { recursive: true });
    }
  }, PATIENCE_MS);
});

/** Network namespaces a process holds open. */
function namespacesOf(pid: number | undefined): number {
  const folder = `/proc/${String(pid)}/fd`;
  if (!existsSync(folder)) return 0;
  return new Set(readdirSync(folder).map((fd) => linkAt(`${folder}/${fd}`)).filter((target) => target.startsWith('net:['))).size;
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function namesOf(pid: number | undefined): readonly string[] {
  return existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith(`rf-${String(pid)}-`)) : [];
}
