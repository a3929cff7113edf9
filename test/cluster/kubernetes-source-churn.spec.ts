import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { snapshotOf } from '#inventory';
import type { Snapshot } from '#model';

import { describeWithCluster } from '../support/needs.ts';
import { Random } from '../support/random.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { addNamespace, addNodes, many, podBody, running } from './cluster-world.ts';
import { CuttableLine } from './cuttable-line.ts';
import { updatesOf, WatchedCluster } from './watched-cluster.ts';

const STARTING_MS = 400_000;
const TEST_MS = 300_000;
const PODS = 2_000;
const CHANGES = 1_500;
const NAMESPACES = ['team-0', 'team-1', 'team-2', 'team-3'];

describeWithCluster('a cluster that changes while it is watched', () => {
  let cluster: Cluster;
  let line: CuttableLine;
  let source: WatchedCluster | undefined;
  let made = 0;

  beforeAll(async () => {
    cluster = await startCluster();
    line = await CuttableLine.to(cluster.port);
    await addNodes(cluster.client, ['node-a', 'node-b']);
    for (const name of NAMESPACES) await addNamespace(cluster.client, name);
    await many(PODS, 8, async () => addPod(made++));
  }, STARTING_MS);

  afterEach(async () => {
    line.mend();
    await source?.stop();
    source = undefined;
  });

  afterAll(async () => {
    line.close();
    await cluster.stop();
  }, TEST_MS);

  async function addPod(number: number): Promise<void> {
    const namespace = NAMESPACES[number % NAMESPACES.length] ?? '';
    const name = `pod-${String(number)}`;
    await cluster.client.create(`/api/v1/namespaces/${namespace}/pods`, podBody(name, { app: `app-${String(number % 50)}` }, number % 2 === 0 ? 'node-a' : 'node-b'));
    await cluster.client.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, running(`10.${String(1 + (number >> 16))}.${String((number >> 8) & 255)}.${String(number & 255)}`, `fd00:1::${number.toString(16)}`));
  }

  /** What a server tells now, read whole. */
  async function fresh(): Promise<Snapshot> {
    const { client } = cluster;
    return snapshotOf([
      ...updatesOf('v1', 'Namespace', await client.list('/api/v1/namespaces')),
      ...updatesOf('v1', 'Node', await client.list('/api/v1/nodes')),
      ...updatesOf('v1', 'Pod', await client.list('/api/v1/pods')),
    ]);
  }

  async function untilSame(watched: WatchedCluster): Promise<void> {
    const expected = await fresh();
    const wanted = new Set([...expected.pods.values()].map(({ namespace, name }) => `/Pod/${namespace}/${name}`));
    const keys = (): readonly string[] => [...watched.objects.keys()].filter((key) => key.startsWith('/Pod/'));
    await watched.until('the same pods are known', () => keys().length === wanted.size && keys().every((key) => wanted.has(key)));
    await watched.until('every change was told', () => podsOf(watched.snapshot) === podsOf(expected));
    expect([...watched.snapshot.nodes.values()].map(({ name, addresses }) => [name, addresses])).toEqual([...expected.nodes.values()].map(({ name, addresses }) => [name, addresses]));
  }

  /** A walk of changes: pods come, go, get other labels and other addresses. */
  async function churn(count: number, seed: number): Promise<void> {
    const random = new Random(seed);
    const alive = (await cluster.client.list('/api/v1/pods')).map(({ metadata }) => metadata as { readonly namespace: string; readonly name: string });
    const choices = Array.from({ length: count }, () => random.next());
    await many(count, 8, async (index) => {
      const choice = choices[index] ?? 0;
      const victim = alive[(index * 7) % alive.length];
      if (victim === undefined) return;
      const path = `/api/v1/namespaces/${victim.namespace}/pods/${victim.name}`;
      if (choice < 0.3) await addPod(made++);
      else if (choice < 0.6) await cluster.client.ask('DELETE', path, { gracePeriodSeconds: 0 });
      else if (choice < 0.8) await cluster.client.ask('PATCH', path, { metadata: { labels: { turn: String(index) } } }, 'application/merge-patch+json');
      else await cluster.client.ask('PATCH', `${path}/status`, running(`10.200.${String(index >> 8)}.${String(index & 255)}`, `fd00:200::${index.toString(16)}`), 'application/merge-patch+json');
    });
  }

  it('is told without loss over watches that end every second', async () => {
    source = await WatchedCluster.start(cluster.kubeconfig, { watchMs: 1_000 });
    await source.untilInSync();
    await untilSame(source);
    await churn(CHANGES, 1);
    await untilSame(source);
    // it went on from where it was, each time
    expect(source.status('/Pod')).toMatchObject({ state: 'in sync', lists: 1 });
    expect(source.problems).toEqual([]);
  }, TEST_MS);

  it('is told without loss over a server that is killed, and one that has forgotten what was before', async () => {
    source = await WatchedCluster.start(await cluster.kubeconfigThrough(line.port));
    await source.untilInSync();
    const told = source.updates.length;
    line.cut();
    await churn(CHANGES / 3, 2);
    await cluster.compact();
    await cluster.restart();
    line.mend();
    await source.until('it is in sync again', () => source?.turns.at(-1) === 'in sync' && source.turns.length > 1);
    await source.until('pods were listed again', () => (source?.status('/Pod').lists ?? 0) > 1);
    await untilSame(source);
    // only what had changed was told
    expect(source.updates.length - told).toBeLessThan(CHANGES);

    const changing = churn(CHANGES / 3, 3).catch(() => undefined);
    await cluster.killServer();
    await changing;
    await cluster.startServer();
    await untilSame(source);
    // pods may be the first kind that is listed again
    await source.until('it is in sync once more', () => source?.turns.at(-1) === 'in sync' && source.turns.length > 4);
    expect(source.turns.slice(0, 5)).toEqual(['in sync', 'behind', 'in sync', 'behind', 'in sync']);
    expect(source.problems.length).toBeGreaterThan(0);
    expect(source.problems.length).toBeLessThan(20);
  }, TEST_MS);

  it('is told again when a line goes dead without a word', async () => {
    source = await WatchedCluster.start(await cluster.kubeconfigThrough(line.port), { quietMs: 3_000 });
    await source.untilInSync();
    line.silence();
    await addPod(made++);
    await source.until('the silence was noticed', () => source?.turns.at(-1) === 'behind');
    line.mend();
    await untilSame(source);
    await source.until('it is in sync again', () => source?.turns.at(-1) === 'in sync');
  }, TEST_MS);

  it('is left by a source that is stopped', async () => {
    const leaving = await WatchedCluster.start(cluster.kubeconfig);
    await leaving.until('it is listing', () => leaving.updates.length > 0);
    await leaving.stop();
    const told = leaving.updates.length;
    await addPod(made++);
    expect(leaving.updates.length).toBe(told);
    const stopped = await WatchedCluster.start(cluster.kubeconfig);
    await stopped.untilInSync();
    const after = stopped.updates.length;
    const began = performance.now();
    await stopped.stop();
    expect(performance.now() - began).toBeLessThan(5_000);
    await addPod(made++);
    expect(stopped.updates.length).toBe(after);
  }, TEST_MS);

  it('goes on telling when a handler throws', async () => {
    let thrown = 0;
    source = await WatchedCluster.start(cluster.kubeconfig, {
      handlers: {
        update: ({ key }) => {
          if (!key.startsWith('/Pod/')) return;
          thrown += 1;
          throw new Error('a mistake of a consumer');
        },
        inSync: () => source?.turns.push('in sync'),
        behind: () => undefined,
        status: () => undefined,
        problem: (diagnostic) => source?.problems.push(diagnostic),
      },
    });
    await source.untilInSync();
    const before = thrown;
    await addPod(made++);
    await source.until('the next one is told too', () => thrown > before);
    expect(source.problems.every(({ code }) => code === 'handler-failed')).toBe(true);
  }, TEST_MS);
});

/** Everything the inventory says of pods, as one text to compare. */
function podsOf(snapshot: Snapshot): string {
  const plain = (key: string, value: unknown): unknown => (key === 'origin' ? undefined : typeof value === 'bigint' ? String(value) : value);
  const texts = [...snapshot.pods.values()].map((pod) => JSON.stringify(pod, plain));
  return texts.sort().join('\n');
}
