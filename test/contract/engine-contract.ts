import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { addressClaims } from '#inventory';
import { parseAddress, type Pod, type Snapshot } from '#model';

import type { EngineControl } from '../support/engine-control.ts';
import { WatchedEngine } from '../support/watched-engine.ts';

/** One engine that nobody else uses. */
export interface EngineBench {
  readonly socketPath: string;
  readonly control: EngineControl;
  /** Ends the engine as its service manager would, and starts it again; answers when it does. */
  restart(): Promise<void>;
  /** Ends it without a word, and starts it again. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

const FRONT = { name: 'front', blocks: ['10.71.0.0/24'] };
const BACK = { name: 'back', blocks: ['10.72.0.0/24', 'fd00:72::/64'] };
const PATIENCE_MS = 60_000;

/** `compose('shop', 'web')`: the labels Compose puts on a container of a service. */
export function compose(project: string, service: string): Readonly<Record<string, string>> {
  return { 'com.docker.compose.project': project, 'com.docker.compose.service': service };
}

/**
 * What the source makes of any engine that keeps to the API. An engine that is `hurried` may have
 * started a container before anybody could ask it for the addresses.
 */
export function engineContract(name: string, open: () => Promise<EngineBench>, start: 'awaited' | 'hurried'): void {
  describe(`containers of ${name}`, () => {
    let bench: EngineBench;
    let control: EngineControl;
    const watched: WatchedEngine[] = [];
    beforeAll(async () => {
      bench = await open();
      ({ control } = bench);
    }, PATIENCE_MS);
    afterEach(async () => {
      for (const each of watched.splice(0)) await each.source.stop();
      await control.clear();
    }, PATIENCE_MS);
    afterAll(async () => {
      await bench.close();
    }, PATIENCE_MS);

    const watch = (): WatchedEngine => {
      const engine = new WatchedEngine(bench.socketPath);
      watched.push(engine);
      return engine;
    };
    /** What a source says that comes only now. */
    const afresh = async (): Promise<Snapshot> => await watch().inSync();

    it('are there, with networks, names, labels and ports, when it says that it is in sync', async () => {
      await control.makeNetwork(FRONT);
      await control.makeNetwork(BACK);
      await control.run({ name: 'shop-web-1', labels: compose('shop', 'web'), networks: { front: ['www'], back: [] }, published: { '80/tcp': 18080 }, environment: ['DB=db:5432'] });
      await control.run({ name: 'tool', networks: { back: [] } });
      await control.run({ name: 'alone' });
      const { pods, workloads, services, nodes, diagnostics } = await afresh();
      const web = pods.get('shop/shop-web-1');
      expect([...pods.keys()]).toEqual(['host-a/alone', 'host-a/tool', 'shop/shop-web-1']);
      expect(textsOf(web)).toEqual(['10.71.0.2', '10.72.0.2', 'fd00:72::2', 'fe80::42:aff:fe48:2']);
      expect(web).toMatchObject({ phase: 'running', node: 'host-a', labels: compose('shop', 'web'), ports: [{ port: 80, protocol: 'TCP' }], hostNetwork: false });
      expect(web?.interfaces?.map(({ network, bridge }) => `${network} ${bridge?.slice(0, 3) ?? ''}`)).toEqual(['back br-', 'front br-']);
      expect(web?.process).toBeGreaterThan(0);
      expect(workloads.get('shop/ComposeService/web')).toMatchObject({ compose: { networks: ['back', 'front'], published: [{ target: 80, protocol: 'TCP', hostPort: 18080 }] }, containers: [{ env: expect.arrayContaining([expect.objectContaining({ name: 'DB', value: 'db:5432' })]) }] });
      expect([...services.keys()].filter((key) => key.startsWith('shop/'))).toEqual(['shop/shop-web-1', 'shop/tool', 'shop/www']);
      expect(services.get('host-a/www')).toBeUndefined();
      expect(services.get('host-a/alone')).toBeUndefined();
      expect(nodes.get('host-a')?.podCidrs).toEqual(expect.arrayContaining([...FRONT.blocks, ...BACK.blocks]));
      expect(nodes.get('host-a')?.addresses.map(({ text }) => text)).toEqual(expect.arrayContaining(['10.71.0.1', '10.72.0.1', 'fd00:72::1']));
      expect(diagnostics).toEqual([]);
    }, PATIENCE_MS);

    it('have the network they say: the host’s, none, or another’s', async () => {
      const engine = watch();
      await engine.inSync();
      await control.makeNetwork(FRONT);
      await control.run({ name: 'owner', networks: { front: [] } });
      await control.run({ name: 'sidecar', mode: 'container:owner' });
      await control.run({ name: 'agent', mode: 'host' });
      await control.run({ name: 'quiet', mode: 'none' });
      const { pods, diagnostics } = await engine.until((now) => isRunning(now, 'host-a/quiet'));
      expect(textsOf(pods.get('host-a/owner'))).toEqual(['10.71.0.2']);
      expect(textsOf(pods.get('host-a/sidecar'))).toEqual([]);
      expect(textsOf(pods.get('host-a/quiet'))).toEqual([]);
      expect(pods.get('host-a/agent')).toMatchObject({ hostNetwork: true });
      expect(textsOf(pods.get('host-a/agent'))).toContain('10.71.0.1');
      expect(diagnostics.map(({ code, subject }) => `${code} ${subject}`)).toEqual(['container-shares-network Container sidecar']);
    }, PATIENCE_MS);

    it('hold their addresses before their first process starts', async () => {
      const engine = watch();
      await engine.inSync();
      await control.makeNetwork(FRONT);
      await control.run({ name: 'web', networks: { front: [] } });
      await engine.until((now) => isRunning(now, 'host-a/web'));
      const seen = engine.updates.flatMap(({ value }) => (value?.kind === 'container' && value.pod.addresses.length > 0 ? [value.pod.phase] : []));
      const phases = seen.filter((phase, at) => phase !== seen[at - 1]);
      expect(start === 'awaited' ? [phases] : [['pending', 'running'], ['running']]).toContainEqual(start === 'awaited' ? ['pending', 'running'] : phases);
    }, PATIENCE_MS);

    it('give their addresses back when they stop, and another may have them', async () => {
      const engine = watch();
      await engine.inSync();
      await control.makeNetwork(FRONT);
      await control.run({ name: 'first', networks: { front: [] } });
      await engine.until((now) => ownerOf(now, '10.71.0.2') === 'first');
      await control.stop('first');
      const stopped = await engine.until((now) => now.pods.get('host-a/first')?.phase === 'finished');
      expect(ownerOf(stopped, '10.71.0.2')).toBeUndefined();
      await control.run({ name: 'second', networks: { front: [] } });
      const taken = await engine.until((now) => isRunning(now, 'host-a/second'));
      expect(ownerOf(taken, '10.71.0.2')).toBe('second');
      await control.start('first');
      const back = await engine.until((now) => isRunning(now, 'host-a/first'));
      expect(ownerOf(back, '10.71.0.3')).toBe('first');
      expect(ownerOf(back, '10.71.0.2')).toBe('second');
      expect(back.diagnostics).toEqual([]);
      expect(back).toEqual(await afresh());
    }, PATIENCE_MS);

    it('are followed through a new name, other networks, a restart and their end', async () => {
      const engine = watch();
      await engine.inSync();
      await control.makeNetwork(FRONT);
      await control.makeNetwork(BACK);
      const id = await control.run({ name: 'web', networks: { front: [] } });
      await control.rename('web', 'www');
      await control.connect('back', id, ['api']);
      const joined = await engine.until((now) => textsOf(now.pods.get('host-a/www')).includes('10.72.0.2'));
      expect([...joined.pods.keys()]).toEqual(['host-a/www']);
      expect(joined.services.get('host-a/api')?.workloads).toEqual([{ namespace: 'host-a', kind: 'Container', name: 'www' }]);
      await control.disconnect('front', id);
      const left = await engine.until((now) => !textsOf(now.pods.get('host-a/www')).includes('10.71.0.2'));
      expect(textsOf(left.pods.get('host-a/www'))).toEqual(['10.72.0.2', 'fd00:72::2', 'fe80::42:aff:fe48:2']);
      const before = left.pods.get('host-a/www')?.process;
      await control.restart(id);
      await engine.until((now) => isRunning(now, 'host-a/www') && now.pods.get('host-a/www')?.process !== before);
      await control.remove(id);
      await control.removeNetwork('front');
      const end = await engine.until((now) => now.pods.size === 0 && now.nodes.get('host-a')?.podCidrs.includes('10.71.0.0/24') === false);
      expect(end).toEqual(await afresh());
      expect(end.services.size).toBe(0);
    }, PATIENCE_MS);

    it.each(['restart', 'kill'] as const)('are as they are after the engine goes away and comes back (%s)', async (how) => {
      const engine = watch();
      await engine.inSync();
      await control.makeNetwork(BACK);
      const kept = await control.run({ name: 'kept', networks: { back: ['db'] }, restarts: true });
      await control.run({ name: 'lost', networks: { back: [] } });
      await engine.until((now) => isRunning(now, 'host-a/lost'));
      const before = engine.snapshot.pods.get('host-a/kept')?.process;
      await bench[how]();
      await engine.inSync(2);
      await control.remove('lost');
      await control.run({ name: 'next', networks: { back: [] } });
      const after = await engine.until((now) => isRunning(now, 'host-a/next') && isRunning(now, 'host-a/kept') && now.pods.get('host-a/kept')?.process !== before && !now.pods.has('host-a/lost'));
      expect(engine.syncs).toBeGreaterThanOrEqual(2);
      expect(engine.problems.map(({ code }) => code)).toContain('engine-unreachable');
      const [keptAddresses, nextAddresses] = [textsOf(after.pods.get('host-a/kept')), textsOf(after.pods.get('host-a/next'))];
      expect(keptAddresses.length).toBe(3);
      expect(nextAddresses.filter((text) => keptAddresses.includes(text))).toEqual([]);
      expect(after.diagnostics).toEqual([]);
      expect(after).toEqual(await afresh());
      await control.remove(kept);
    }, PATIENCE_MS);

    it('are told of only until it is stopped', async () => {
      const engine = watch();
      await engine.inSync();
      await engine.source.stop();
      const count = engine.updates.length;
      await control.run({ name: 'late' });
      expect((await afresh()).pods.has('host-a/late')).toBe(true);
      expect(engine.updates.length).toBe(count);
    }, PATIENCE_MS);
  });
}

function textsOf(pod: Pod | undefined): readonly string[] {
  return (pod?.addresses ?? []).map(({ text }) => text).sort();
}

function isRunning({ pods }: Snapshot, key: string): boolean {
  return pods.get(key)?.phase === 'running';
}

/** The name of the pod that holds an address. */
function ownerOf(snapshot: Snapshot, text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(text);
  const owner = addressClaims(snapshot).ownerOf(address);
  return owner?.kind === 'pod' ? owner.pod.name : undefined;
}
