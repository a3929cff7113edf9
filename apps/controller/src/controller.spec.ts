import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { FlowReport, SourceUpdate, WorkloadRef } from '#model';
import type { ReviewCommand } from '#review';
import { MemoryStore } from '#store';

import { databaseReport } from '../../../test/support/database-report.ts';
import { alice, approve, ControllerWorld, proposalOf, realised, waitFor } from '../../../test/support/controller-world.ts';
import { manifest, wireNamespace, wireNode, wirePod } from '../../../test/support/wire-objects.ts';
import { JournalWitness } from './decisions/journal-witness.ts';
import { threadedPipelines } from './workers/pipelines.ts';

jest.setTimeout(60_000);

const K = 'kubernetes';
const db: WorkloadRef = { namespace: 'shop', kind: 'Deployment', name: 'db' };
const web: WorkloadRef = { namespace: 'shop', kind: 'Deployment', name: 'web' };
const ENFORCED = { kind: 'set-mode', scope: { kind: 'namespace', namespace: 'shop' }, mode: 'enforce', reason: 'it is time' } as const;

function deployment(name: string, port: number, env: readonly { readonly name: string; readonly value: string }[] = []): SourceUpdate {
  const labels = { app: name };
  const containers = [{ name: 'main', image: `registry.example/${name}:1`, ports: [{ containerPort: port, protocol: 'TCP' }], env: [...env] }];
  return manifest(K, 'apps/v1', 'Deployment', 'shop', name, { spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } } }, labels);
}

/** A web that says where its database is, each on a node of its own, in both families. */
const cluster: readonly SourceUpdate[] = [
  wireNamespace(K, 'shop'),
  wireNode(K, 'n1', 1),
  wireNode(K, 'n2', 2),
  deployment('web', 8080, [{ name: 'DATABASE_URL', value: 'postgres://db:5432/shop' }]),
  deployment('db', 5432),
  manifest(K, 'v1', 'Service', 'shop', 'db', { spec: { selector: { app: 'db' }, clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', '2001:db8:96::7'], ports: [{ port: 5432, protocol: 'TCP', targetPort: 5432 }] } }),
  wirePod(K, 'shop', 'web', 'a', { node: 'n1', nodeAt: 1, at: 2 }),
  wirePod(K, 'shop', 'db', 'a', { node: 'n2', nodeAt: 2, at: 2 }, [5432]),
];

function report(from: number): FlowReport {
  const families = [['10.1.1.2', '10.1.2.2'], ['2001:db8:1:1::2', '2001:db8:1:2::2']] as const;
  return databaseReport(from, from + 1_000, families.map(([client, server]) => [{ address: client, pod: 'shop/web-a' }, { address: server }]));
}

let world: ControllerWorld;

beforeEach(async () => {
  world = await ControllerWorld.make();
});
afterEach(() => world.close());

function modesOf(taker: { readonly held: { readonly pods: readonly { readonly pod: string; readonly ingress?: string; readonly ingressMode?: string }[] } | undefined }): unknown {
  const entry = taker.held?.pods.find(({ pod }) => pod === 'shop/db-a');
  return entry === undefined ? undefined : entry.ingress === undefined ? 'open' : (entry.ingressMode ?? 'enforce');
}

describe('a controller', () => {
  it('says in its status what is weak about the way to its cluster', async () => {
    const weakness = { code: 'cluster-unchecked', severity: 'warning', subject: 'cluster https://[2001:db8::7]', message: 'is not checked', hint: 'check it' } as const;
    const { controller } = await world.start({ weaknesses: [weakness] });
    expect((await controller.operator.status()).diagnostics).toContainEqual(weakness);
  });

  it('has the end of its journal remembered from the first decision on', async () => {
    const witness = (): JournalWitness => new JournalWitness({ folder: world.channel.folder, place: 'memory', key: Buffer.alloc(32) });
    const { controller } = await world.start({ witness: witness() });
    expect(await controller.command(ENFORCED, alice)).toMatchObject({ kind: 'done' });
    await expect(witness().check(new MemoryStore().journal)).rejects.toThrow('it ends before entry 1, which was there');
  });

  it.each([
    ['in one thread', {}],
    [
      'in threads of their own',
      {
        pipelines: threadedPipelines((why) => {
          throw why;
        }),
      },
    ],
  ])('learns, proposes, takes an approval and sees it enforced, with pipelines %s', async (_where, options) => {
    const { controller, port } = await world.start(options);
    world.tell(controller, cluster);
    const [, taker] = [await world.enforcer('n1', port), await world.enforcer('n2', port)];
    await realised(controller, 0, 2);

    expect(await approve(controller, db)).toMatchObject({ kind: 'done', revision: 1 });
    await realised(controller, 1, 2);
    // approved, and dropped only once somebody says so
    expect(modesOf(taker)).toBe('observe');
    expect(await controller.command(ENFORCED, alice)).toMatchObject({ kind: 'done' });
    await world.channel.until(() => modesOf(taker) === 'enforce', 'the database enforced');
    const [profile] = taker.held!.profiles;
    expect(profile?.namespaced.flatMap(({ matches }) => matches).flatMap((match) => (match.kind === 'peer' && match.peer !== 'any' ? [...match.peer.elements4, ...match.peer.elements6] : []))).toEqual(expect.arrayContaining(['10.1.1.2', '2001:db8:1:1::2']));

    // a web that is not there yet may reach the database the moment it is
    controller.update(wirePod(K, 'shop', 'web', 'b', { node: 'n1', nodeAt: 1, at: 9 }));
    await world.channel.until(() => JSON.stringify(taker.held?.profiles.flatMap(({ namespaced }) => namespaced)).includes('10.1.1.9'), 'the new web among the peers');
  });

  it('goes back to an earlier revision by a new one', async () => {
    const { controller, port } = await world.start();
    world.tell(controller, cluster);
    const taker = await world.enforcer('n2', port);
    await controller.command(ENFORCED, alice);
    await approve(controller, db);
    await world.channel.until(() => modesOf(taker) === 'enforce', 'the database enforced');
    expect(await controller.command({ kind: 'roll-back', to: 0, reason: 'not yet' }, alice)).toMatchObject({ kind: 'done', revision: 2 });
    await world.channel.until(() => taker.held?.revision === 2, 'revision 2');
    expect(modesOf(taker)).toBe('open');
  });

  it('tells a node that what it has on trial stays, once a person says so, whose name is in the journal', async () => {
    const { controller, port } = await world.start();
    world.tell(controller, cluster);
    const { client, taker } = world.channel.connect('n1', port, await world.channel.credentials('n1'));
    const [view] = await waitFor(controller, () => controller.nodes.views(), (views) => views.some(({ node, realisation }) => node === 'n1' && realisation.kind === 'realised'), 'the node');
    const hash = view?.realisation.kind === 'realised' ? view.realisation.hash : '';
    const confirm = (of: string): ReturnType<typeof controller.operator.command> => controller.operator.command({ kind: 'confirm-trials', trials: [{ node: 'n1', hash: of }], reason: 'still logged in' }, alice);
    expect(await confirm(hash)).toMatchObject({ kind: 'conflict', diagnostics: [{ code: 'trial-over', message: 'has no bundle on trial' }] });
    const at = Date.now();
    client.report({ kind: 'trial', revision: 0, hash, at, until: at + 600_000 });
    await waitFor(controller, () => controller.operator.status(), ({ nodes }) => nodes.trial === 1, 'the trial');
    expect(await confirm('another')).toMatchObject({ kind: 'conflict', diagnostics: [{ message: 'has another bundle on trial by now' }] });
    expect(taker.confirmed).toEqual([]);
    expect(await confirm(hash)).toMatchObject({ kind: 'done', notes: [] });
    await world.channel.until(() => taker.confirmed.length > 0, 'the confirmation');
    expect(taker.confirmed).toEqual([{ hash, by: 'alice' }]);
    expect((await controller.operator.journal(0, 10)).map(({ event }) => event)).toEqual([{ kind: 'trials-confirmed', trials: [{ node: 'n1', hash }], by: alice, reason: 'still logged in' }]);
    // nobody did in time, and it is to be tried again
    const again: ReviewCommand = { kind: 'retry-trials', trials: [{ node: 'n1', hash }] };
    expect(await controller.operator.command(again, alice)).toMatchObject({ kind: 'conflict', diagnostics: [{ message: 'has failed with no bundle' }] });
    client.report({ kind: 'reverted', revision: 0, hash, why: 'nobody confirmed it in time' });
    await waitFor(controller, () => controller.operator.status(), ({ nodes }) => nodes.failed === 1, 'the failure');
    expect(await controller.operator.command(again, alice)).toMatchObject({ kind: 'done', notes: [] });
    await world.channel.until(() => taker.retried.length > 0, 'another try');
    expect(taker.retried).toEqual([hash]);
    // of a node that another replica may know
    expect(await controller.operator.command({ kind: 'confirm-trials', trials: [{ node: 'n9', hash }] }, alice)).toMatchObject({ kind: 'done', notes: [{ code: 'node-elsewhere' }] });
  });

  it('refuses an approval of what is not proposed any more', async () => {
    const { controller } = await world.start();
    world.tell(controller, cluster);
    await proposalOf(controller, db);
    expect(await controller.command({ kind: 'approve', items: [{ workload: db, hash: 'of another time' }], reason: 'why not' }, alice)).toMatchObject({ kind: 'conflict' });
    expect(controller.state.seq).toBe(0);
  });

  it('joins what nodes see to what is declared', async () => {
    const { controller } = await world.start();
    world.tell(controller, cluster);
    await proposalOf(controller, db);
    await controller.report(report(Date.now() - 2_000));
    const flows = await waitFor(controller, () => controller.operator.flows({}, { limit: 10 }), ({ items }) => items.length > 0, 'flows');
    expect(flows.items.map(({ observed: { from, to, port, connections } }) => [from, to, port, connections])).toEqual([[{ kind: 'workload', workload: web }, { kind: 'workload', workload: db }, 5432, 6]]);
    const { flows: counts } = await controller.operator.status();
    expect([counts.records, counts.connections]).toEqual([2, 6]);
  });

  it('that takes over goes on from what the leader before it has seen and decided', async () => {
    const first = await world.start({ keeps: 'sqlite', holder: 'first', leaseMs: 5_000 });
    const second = await world.start({ keeps: 'sqlite', holder: 'second', leaseMs: 5_000 });
    for (const { controller } of [first, second]) world.tell(controller, cluster);
    expect((await second.controller.operator.status()).leadership).toEqual({ kind: 'follower', leader: 'first', takesOverAt: expect.any(Number) as unknown });
    await approve(first.controller, db);
    for (const ago of [15_000, 9_000]) await first.controller.report(report(Date.now() - ago));
    const seen = (controller: typeof first.controller): Promise<readonly number[]> => controller.operator.flows({}, { limit: 10 }).then(({ items }) => items.map(({ observed: { connections } }) => connections));
    await waitFor(first.controller, () => seen(first.controller), ([connections]) => connections === 12, 'flows');
    // seen by one who follows, and kept by nobody
    await second.controller.report(report(Date.now() - 5_000));
    await waitFor(second.controller, () => seen(second.controller), ([connections]) => connections === 6, 'what it sees itself');
    await world.stop(first.controller);
    await waitFor(second.controller, () => second.controller.operator.status(), ({ leadership }) => leadership.kind === 'leader', 'the lead');
    await waitFor(second.controller, () => seen(second.controller), ([connections]) => connections === 12, 'what the first has seen');
    expect(second.controller.state.revisions.length).toBe(1);
    await second.controller.report(report(Date.now() - 2_000));
    await waitFor(second.controller, () => seen(second.controller), ([connections]) => connections === 18, 'more of it');
    await world.stop(second.controller);
    const third = await world.start({ keeps: 'sqlite', holder: 'third' });
    world.tell(third.controller, cluster);
    await waitFor(third.controller, () => seen(third.controller), ([connections]) => connections === 18, 'all of it');
  });

  it('begins again where it ended: what was decided, what was seen; the nodes go on meanwhile', async () => {
    const first = await world.start({ keeps: 'sqlite' });
    world.tell(first.controller, cluster);
    const before = await world.enforcer('n2', first.port);
    await first.controller.command(ENFORCED, alice);
    await approve(first.controller, db);
    await first.controller.report(report(Date.now() - 2_000));
    await waitFor(first.controller, () => first.controller.operator.flows({}, { limit: 10 }), ({ items }) => items.length > 0, 'flows');
    await world.channel.until(() => modesOf(before) === 'enforce', 'the database enforced');
    await world.stop(first.controller);
    expect(modesOf(before)).toBe('enforce');

    const second = await world.start({ keeps: 'sqlite' });
    expect(second.controller.state.seq).toBe(2);
    const after = await world.enforcer('n2', second.port);
    // nothing is compiled before the cluster has told all it knows: no node is opened meanwhile
    expect(after.taken).toEqual([]);
    world.tell(second.controller, cluster);
    await world.channel.until(() => modesOf(after) === 'enforce', 'the database enforced again');
    expect(after.held?.revision).toBe(1);
    expect(after.held?.hash).toBe(before.held?.hash);
    const flows = await waitFor(second.controller, () => second.controller.operator.flows({}, { limit: 10 }), ({ items }) => items.length > 0, 'flows of the time before');
    expect(flows.items[0]?.observed.connections).toBe(6);
  });

  it('answers and decides nothing where another leads', async () => {
    const first = await world.start({ keeps: 'sqlite' });
    const second = await world.start({ keeps: 'sqlite' });
    expect(await second.controller.command(ENFORCED, alice)).toMatchObject({ kind: 'not leader' });
    expect(await first.controller.command(ENFORCED, alice)).toMatchObject({ kind: 'done' });
    await waitFor(second.controller, () => second.controller.state.seq, (seq) => seq === 1, 'what the leader decided');
    expect((await second.controller.operator.status()).leadership.kind).toBe('follower');
  });
});
