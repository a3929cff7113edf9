import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

import { compileNodes, engineLinks, renderRuleset, withNodeSettings } from '#compilers/nftables';
import type { Endpoint, Pod, Snapshot } from '#model';
import { adoptPolicies, createEvaluator } from '#policy';

import { compose } from '../contract/engine-contract.ts';
import { digest, emitRulesets } from '../support/agreement.ts';
import { DockerDaemon, whyNoDocker } from '../support/docker-daemon.ts';
import { networkPolicy } from '../support/policies.ts';
import { WatchedEngine } from '../support/watched-engine.ts';

const PATIENCE_MS = 60_000;
const GREETING = 'hello';
/** Answers on two ports, in both families. */
const SERVER = ['sh', '-c', `nc -ll -p 9090 -e echo ${GREETING} & exec nc -ll -p 8080 -e echo ${GREETING}`];
const SERVICE = 'com.docker.compose.service';

const revision = adoptPolicies([
  networkPolicy('shop/db', {
    podSelector: { matchLabels: { [SERVICE]: 'db' } },
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { [SERVICE]: 'web' } } }], ports: [{ protocol: 'TCP', port: 8080 }] }],
  }),
  networkPolicy('shop/api', {
    podSelector: { matchLabels: { [SERVICE]: 'api' } },
    policyTypes: ['Egress'],
    egress: [{ to: [{ podSelector: { matchLabels: { [SERVICE]: 'web' } } }] }],
  }),
]);

const obstacle = whyNoDocker();
if (obstacle === undefined) describe('rules on the bridges of a real Docker engine', rulesOnBridges);
else it.skip(`rules on the bridges of a real Docker engine (skipped: ${obstacle})`, () => undefined);

function rulesOnBridges(): void {
  let daemon: DockerDaemon;
  let engine: WatchedEngine;
  let world: Outside;
  beforeAll(async () => {
    daemon = await DockerDaemon.start();
    const { control } = daemon;
    await control.makeNetwork({ name: 'front', blocks: ['10.71.0.0/24'] });
    await control.makeNetwork({ name: 'back', blocks: ['10.72.0.0/24', 'fd00:72::/64'] });
    await control.run({ name: 'web', labels: compose('shop', 'web'), networks: { front: [], back: [] }, command: SERVER, published: { '8080/tcp': 18080 } });
    await control.run({ name: 'db', labels: compose('shop', 'db'), networks: { back: [] }, command: SERVER, published: { '8080/tcp': 18081 } });
    await control.run({ name: 'api', labels: compose('shop', 'api'), networks: { back: [], front: [] }, command: SERVER });
    await control.run({ name: 'tool', networks: { back: [] }, command: SERVER });
    world = await outside(daemon);
    engine = new WatchedEngine(daemon.socketPath);
    await engine.inSync();
  }, PATIENCE_MS);
  afterAll(async () => {
    await engine.source.stop();
    world.holder.kill('SIGKILL');
    await daemon.close();
  }, PATIENCE_MS);

  const load = (snapshot: Snapshot): void => {
    const text = emitRulesets(revision, snapshot).get('host-a') ?? '';
    expect(daemon.run('nft', ['-f', '-'], { input: text })).toMatchObject({ status: 0, stderr: '' });
  };

  it('let through what is allowed and nothing else, on every address, between containers of one bridge too', async () => {
    const { snapshot } = engine;
    const pods = [...snapshot.pods.values()];
    expect(snapshot.diagnostics).toEqual([]);
    const probes = pods.flatMap((from) => pods.flatMap((to) => (from === to ? [] : [8080, 9090].flatMap((port) => probesBetween(from, to, port)))));
    // each of them comes through while there are no rules
    expect(await answered(daemon, probes)).toEqual(probes.map(describeProbe));
    load(snapshot);
    const evaluator = createEvaluator(revision, snapshot);
    const allowed = probes.filter(({ from, to, port }) => evaluator.evaluate({ from, to, protocol: 'TCP', port }).decision === 'allow');
    expect(await answered(daemon, probes)).toEqual(allowed.map(describeProbe));
    // of both kinds, in both families and by link-local addresses
    for (const prefix of ['10.72.', 'fd00:', 'fe80:']) {
      expect(allowed.filter(({ to }) => to.address.text.startsWith(prefix)).length).toBeGreaterThan(0);
      expect(probes.filter((probe) => probe.to.address.text.startsWith(prefix) && !allowed.includes(probe)).length).toBeGreaterThan(0);
    }
  }, PATIENCE_MS);

  it('hold for published ports, where the client is somewhere else', async () => {
    load(engine.snapshot);
    const fromWorld = async (port: number): Promise<boolean> => await greets(daemon.spawn('busybox', ['nc', '-w', '3', '192.0.2.1', String(port)], world.process));
    expect(await fromWorld(18080)).toBe(true);
    expect(await fromWorld(18081)).toBe(false);
    daemon.run('nft', ['delete', 'table', 'inet', 'ringfence']);
    expect(await fromWorld(18081)).toBe(true);
  }, PATIENCE_MS);

  it('let no container speak as somebody who is not on its bridge', () => {
    const { snapshot } = engine;
    const bundle = compileNodes(revision, snapshot, { digest }).bundles.find(({ node }) => node === 'host-a')!;
    const [tool, web] = [podOf(snapshot, 'host-a/tool'), podOf(snapshot, 'shop/web')];
    const target = web.addresses.find(({ text }) => text.startsWith('10.72.'))!.text;
    const within = { within: tool.process ?? 0 };
    /** Whether the kernel took note of a connection of this sender, which it does of what it lets through. */
    const passesAs = (sender: string): boolean => {
      daemon.run('conntrack', ['-F']);
      const ip = (...args: readonly string[]): void => {
        expect(daemon.run('ip', args, within)).toMatchObject({ status: 0, stderr: '' });
      };
      ip('address', 'add', `${sender}/32`, 'dev', 'lo');
      ip('route', 'add', `${target}/32`, 'dev', linkOf(daemon, tool, tool.interfaces![0]!.mac!), 'src', sender);
      daemon.run('busybox', ['nc', '-w', '1', target, '8080'], within);
      ip('route', 'del', `${target}/32`);
      ip('address', 'del', `${sender}/32`, 'dev', 'lo');
      return daemon.run('conntrack', ['-L', '-s', sender]).stdout.includes(`src=${sender}`);
    };
    const [stranger, elsewhere] = ['198.51.100.77', podOf(snapshot, 'shop/web').addresses.find(({ text }) => text.startsWith('10.71.'))!.text];
    load(snapshot);
    expect(passesAs(stranger)).toBe(true);
    const text = renderRuleset(withNodeSettings(bundle, engineLinks(snapshot), digest), 2);
    expect(daemon.run('nft', ['-f', '-'], { input: text })).toMatchObject({ status: 0, stderr: '' });
    expect([passesAs(stranger), passesAs(elsewhere)]).toEqual([false, false]);
    expect(daemon.run('busybox', ['nc', '-w', '3', target, '8080'], within).stdout.trim()).toBe(GREETING);
  }, PATIENCE_MS);

  it('leave the node its own containers', () => {
    load(engine.snapshot);
    const address = podOf(engine.snapshot, 'shop/db').addresses.find(({ text }) => text.startsWith('10.72.'))?.text ?? '';
    expect(daemon.run('busybox', ['nc', '-w', '3', address, '8080']).stdout.trim()).toBe(GREETING);
  }, PATIENCE_MS);

  it('close a container until its rules arrive, and follow it then', async () => {
    const before = engine.snapshot;
    load(before);
    await daemon.control.run({ name: 'late', labels: compose('shop', 'web'), networks: { back: [] }, command: SERVER });
    const after = await engine.until(({ pods }) => pods.get('shop/late')?.phase === 'running');
    const probes = [...probesBetween(podOf(after, 'shop/late'), podOf(after, 'shop/db'), 8080), ...probesBetween(podOf(after, 'host-a/tool'), podOf(after, 'shop/late'), 8080)].filter(({ to }) => !to.address.text.startsWith('fe80:'));
    expect(await answered(daemon, probes)).toEqual([]);
    load(after);
    expect(await answered(daemon, probes)).toEqual(probes.map(describeProbe));
    await daemon.control.remove('late');
  }, PATIENCE_MS);

  it('are said to see nothing between containers of one bridge where the kernel does not show it to them', async () => {
    load(engine.snapshot);
    const probes = probesBetween(podOf(engine.snapshot, 'host-a/tool'), podOf(engine.snapshot, 'shop/db'), 8080).filter(({ to }) => to.address.family === 4);
    expect(await answered(daemon, probes)).toEqual([]);
    daemon.run('sh', ['-c', 'echo 0 > /proc/sys/net/bridge/bridge-nf-call-iptables']);
    expect(await answered(daemon, probes)).toEqual(probes.map(describeProbe));
    const later = new WatchedEngine(daemon.socketPath);
    const { diagnostics, nodes } = await later.inSync();
    await later.source.stop();
    expect(nodes.get('host-a')?.filtersBridges).toEqual({ v4: false, v6: true });
    expect(diagnostics.map(({ code, subject }) => `${code} ${subject}`)).toEqual(['bridge-traffic-unseen Node host-a']);
    daemon.run('sh', ['-c', 'echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables']);
  }, PATIENCE_MS);
}

interface Probe {
  readonly from: Extract<Endpoint, { kind: 'pod' }>;
  readonly to: Extract<Endpoint, { kind: 'pod' }>;
  readonly port: number;
  /** Of the sender's link, by which a link-local address is reached. */
  readonly mac: string;
}

/** One for each address of the receiver on a network they share. */
function probesBetween(from: Pod, to: Pod, port: number): readonly Probe[] {
  return (from.interfaces ?? []).flatMap(({ network, addresses, mac = '' }) => {
    const there = to.interfaces?.find((each) => each.network === network)?.addresses ?? [];
    return there.flatMap((address): readonly Probe[] => {
      const own = addresses.find(({ text, family }) => family === address.family && text.startsWith('fe80:') === address.text.startsWith('fe80:'));
      return own === undefined ? [] : [{ from: { kind: 'pod', pod: from, address: own }, to: { kind: 'pod', pod: to, address }, port, mac }];
    });
  });
}

function describeProbe({ from, to, port }: Probe): string {
  return `${from.pod.name} to ${to.pod.name} ${to.address.text} ${String(port)}`;
}

/** Which of these connections get an answer, tried all at once. */
async function answered(daemon: DockerDaemon, probes: readonly Probe[]): Promise<readonly string[]> {
  const outcomes = await Promise.all(
    probes.map(async ({ from, to, port, mac }) => {
      const address = to.address.text.startsWith('fe80:') ? `${to.address.text}%${linkOf(daemon, from.pod, mac)}` : to.address.text;
      return await greets(daemon.spawn('busybox', ['nc', '-w', '3', address, String(port)], from.pod.process ?? 0));
    }),
  );
  return probes.filter((_, at) => outcomes[at]).map(describeProbe);
}

function linkOf(daemon: DockerDaemon, { process }: Pod, mac: string): string {
  const lines = daemon.run('ip', ['-o', 'link'], process === undefined ? {} : { within: process }).stdout.split('\n');
  return /^\d+: ([^@:]+)/.exec(lines.find((line) => line.includes(mac)) ?? '')?.[1] ?? '';
}

async function greets(client: ChildProcess): Promise<boolean> {
  let said = '';
  client.stdout?.on('data', (text: Buffer) => {
    said += text.toString('utf8');
  });
  await once(client, 'close');
  return said.trim() === GREETING;
}

function podOf({ pods }: Snapshot, key: string): Pod {
  const pod = pods.get(key);
  if (pod === undefined) throw new Error(`there is no ${key}`);
  return pod;
}

interface Outside {
  readonly holder: ChildProcess;
  /** As the engine numbers processes. */
  readonly process: number;
}

/** A host next to the engine's. */
async function outside(daemon: DockerDaemon): Promise<Outside> {
  const holder = daemon.spawn('unshare', ['--net', 'sh', '-c', 'echo $$; exec sleep 100000'], 1);
  const [said] = (await once(holder.stdout ?? holder, 'data')) as [Buffer];
  const pid = said.toString('utf8').trim();
  const link = `ip link add out0 type veth peer name out1 netns ${pid} && ip address add 192.0.2.1/24 dev out0 && ip link set out0 up`;
  const peer = `nsenter -t ${pid} -n sh -c 'ip link set lo up; ip address add 192.0.2.10/24 dev out1; ip link set out1 up'`;
  const made = daemon.run('sh', ['-c', `${link} && ${peer}`]);
  if (made.status !== 0) throw new Error(`make a host outside: ${made.stderr}`);
  return { holder, process: Number(pid) };
}
