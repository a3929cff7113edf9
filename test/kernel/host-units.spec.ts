import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { compileNodes, hostEntryOf, type NodeBundle, withNodeSettings } from '#compilers/nftables';
import { ConntrackSweep, NetlinkDriver, NodeKeeper } from '#dataplane';
import { Inventory } from '#inventory';
import type { Snapshot, SourceUpdate, WorkloadRef } from '#model';
import { adoptPolicies } from '#policy';

import { digest } from '../../apps/cli/src/offline/digest.ts';
import { describeKernel } from '../support/kernel.ts';
import { namespaced, rule } from '../support/policy-worlds.ts';
import { repositoryRoot } from '../support/shared.ts';
import { Peer, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 60_000;
const QUIET_MS = 300;
const NODE = ['10.64.0.1', 'fd00:64::1'];
const CGROUPS = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));
/** What the units listen on, and what nobody approves anything for. */
const [API, ADMIN, OTHER, LOGIN, LATE] = [8080, 9090, 7070, 2022, 6060];
const unit = (name: string): WorkloadRef => ({ namespace: 'node-a', kind: 'Unit', name });

if (CGROUPS === undefined) it.skip('a plain host (skipped: there is no unified control group tree)', () => undefined);
else describeKernel('a plain host', () => {
  const slice = join(CGROUPS, `ringfence-${String(process.pid)}.slice`);
  let world: VisibilityWorld;
  let client: Peer;
  let watching: ChildProcess;
  let folder: string;
  let keeper: NodeKeeper;
  const inventory = new Inventory();
  const units: string[] = [];
  const peers: Peer[] = [];
  let wake: () => void = () => undefined;

  /** A program in a control group of its own, as systemd would start it. */
  const startUnit = async (name: string, ports: readonly number[]): Promise<void> => {
    const path = join(slice, name);
    mkdirSync(path, { recursive: true });
    units.push(path);
    const peer = new Peer(world.node);
    peers.push(peer);
    writeFileSync(join(path, 'cgroup.procs'), String(peer.pid));
    for (const port of ports) await peer.do({ do: 'serve', host: '::', port });
  };

  beforeAll(async () => {
    world = new VisibilityWorld();
    client = world.peer('client');
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    await startUnit('shop-api.service', [API, ADMIN]);
    await startUnit('other.service', [OTHER]);
    await startUnit('login.service', [LOGIN]);
    const environment = { ...process.env, NODE_OPTIONS: '' };
    const program = join(repositoryRoot, 'test/support/host-source-process.ts');
    watching = world.node.run(() => spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', program, 'node-a'], { stdio: ['pipe', 'pipe', 'inherit'], env: environment }));
    createInterface({ input: watching.stdout! }).on('line', (line) => {
      const said = JSON.parse(line, (_name, value: unknown) => (typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value)) as { readonly updates?: readonly SourceUpdate[] };
      for (const update of said.updates ?? []) inventory.accept(update);
      wake();
    });
    keeper = new NodeKeeper({ driver: new NetlinkDriver({ namespacePath: world.node.path }), why: [], sweep: new ConntrackSweep({ namespacePath: world.node.path }), folder, onReport: () => undefined });
    keeper.start();
  }, PATIENCE_MS);
  afterAll(async () => {
    keeper.stop();
    watching.kill('SIGKILL');
    await Promise.all(peers.map((peer) => peer.close()));
    await world.close();
    for (const path of [...units, slice]) rmdirSync(path);
    rmSync(folder, { recursive: true });
  }, PATIENCE_MS);

  const until = async (holds: (snapshot: Snapshot) => boolean): Promise<Snapshot> => {
    for (;;) {
      const snapshot = inventory.snapshot();
      if (holds(snapshot)) return snapshot;
      await new Promise<void>((resolve) => { wake = resolve; });
    }
  };
  const portsOf = ({ pods }: Snapshot, name: string): readonly number[] => pods.get(`node-a/${name}`)?.ports.map(({ port }) => port) ?? [];
  const reaches = async (port: number): Promise<readonly boolean[]> => {
    const outcomes = await Promise.all(NODE.map((host) => client.do({ do: 'talk', host, port, text: 'x', waitMs: QUIET_MS })));
    return outcomes.map(({ outcome }) => outcome === 'answered');
  };
  const [open, shut] = [[true, true], [false, false]];
  const approved = adoptPolicies([namespaced('learned node-a/Unit/shop-api.service', { kind: 'workload', workload: unit('shop-api.service') }, { ingress: [rule('clients', 'any', [{ kind: 'range', protocol: 'TCP', from: API, to: API }])] })]);
  const bundleOf = (snapshot: Snapshot, hash: string): NodeBundle => {
    const compiled = compileNodes(adoptPolicies([]), snapshot, { digest }).bundles.find(({ node }) => node === 'node-a')!;
    const host = hostEntryOf(approved, { ...snapshot, hostWays: { sshPort: LOGIN } }, 'node-a', { digest });
    return { ...withNodeSettings(compiled, host === undefined ? {} : { host }, digest), hash };
  };

  it('is learned by its units and their ports', async () => {
    const snapshot = await until((now) => ['shop-api.service', 'other.service', 'login.service'].every((name) => portsOf(now, name).length > 0) && portsOf(now, 'shop-api.service').length === 2);
    expect(portsOf(snapshot, 'shop-api.service')).toEqual([API, ADMIN]);
    expect(snapshot.workloads.get('node-a/Unit/shop-api.service')).toMatchObject({ platform: 'host', hostNetwork: true });
    expect(snapshot.nodes.get('node-a')?.addresses.map(({ text }) => text)).toEqual(expect.arrayContaining(NODE));
    expect(snapshot.diagnostics).toEqual([]);
  }, PATIENCE_MS);

  it('closes every port of an approved unit but those approved, and keeps people, others and our channel in', async () => {
    const snapshot = await until((now) => portsOf(now, 'shop-api.service').length === 2);
    expect([await reaches(API), await reaches(ADMIN), await reaches(OTHER), await reaches(LOGIN)]).toEqual([open, open, open, open]);
    expect(keeper.offer(bundleOf(snapshot, 'a1'), { origin: 'channel' })).toMatchObject({ kind: 'done' });
    // rules for the host itself are on trial until somebody who is still there says so
    expect(keeper.state.kind).toBe('trial');
    expect(keeper.confirm('the controller')).toMatchObject({ kind: 'done' });
    expect([await reaches(API), await reaches(ADMIN), await reaches(OTHER), await reaches(LOGIN)]).toEqual([open, shut, open, open]);
    expect(keeper.verify()).toEqual([]);
  }, PATIENCE_MS);

  it('opens what a unit nobody closes waits on, once it is known', async () => {
    await startUnit('late.service', [LATE]);
    const snapshot = await until((now) => portsOf(now, 'late.service').length > 0);
    expect(await reaches(LATE)).toEqual(shut);
    expect(keeper.offer(bundleOf(snapshot, 'b2'), { origin: 'channel' })).toMatchObject({ kind: 'done' });
    if (keeper.state.kind === 'trial') keeper.confirm('the controller');
    expect([await reaches(LATE), await reaches(ADMIN), await reaches(API)]).toEqual([open, shut, open]);
  }, PATIENCE_MS);
});
