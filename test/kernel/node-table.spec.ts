import { afterEach, beforeEach, expect, it } from '@jest/globals';

import type { NodeBundle } from '#compilers/nftables';
import { parseAddress } from '#model';
import { ConntrackSweep, type Drift, NetlinkDriver, NodeTable } from '#dataplane';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { describeKernel } from '../support/kernel.ts';
import { bundleWith, makeBundle, makePod, makeProfile, peerAddress, podAddress } from '../support/node-bundles.ts';
import { runTool } from '../support/system.ts';
import { Traffic, wire } from '../support/traffic.ts';

const PATIENCE_MS = 120_000;
const FRIEND = '192.0.2.10';
const STRANGER = '192.0.2.11';
const SERVER = podAddress(4, 0).text;
const PORT = '8080';
const UPDATES = 1_000;

/** The server is pod 0 and follows profile 0, which lets these in. */
function bundle(friends: readonly string[], change: Partial<NodeBundle> = {}): NodeBundle {
  return { ...bundleWith([makePod(0, 2), makePod(1, 2)], [makeProfile(0, friends), makeProfile(1, ['198.51.100.1'])]), ...change };
}

/** Waits until one gets nothing more, while another still does, or while it asks in vain. */
async function untilSilent(ending: Traffic, going: Traffic | undefined): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const { received, sent } = await ending.counts();
    if (going === undefined) await ending.until((counts) => counts.sent > sent + 100);
    else {
      const other = (await going.counts()).received;
      await going.until((counts) => counts.received > other + 100);
    }
    quiet = (await ending.counts()).received === received ? quiet + 1 : 0;
  }
}

describeKernel('the table of a node, in a kernel, under traffic', () => {
  let router: NetworkNamespace;
  let outside: NetworkNamespace;
  let server: NetworkNamespace;
  const closing: { close(): void }[] = [];

  beforeEach(() => {
    [router, outside, server] = [new NetworkNamespace(), new NetworkNamespace(), new NetworkNamespace()];
    wire(router, outside, 'outside', [FRIEND, STRANGER]);
    wire(router, server, 'pod0', [SERVER, podAddress(4, 1).text]);
  });
  afterEach(() => {
    for (const each of closing.splice(0).reverse()) each.close();
    for (const each of [router, outside, server]) each.close();
  });

  const keep = <T extends { close(): void }>(each: T): T => {
    closing.push(each);
    return each;
  };
  const open = (ownsTable = true): { readonly driver: NetlinkDriver; readonly table: NodeTable } => {
    const driver = keep(new NetlinkDriver({ namespacePath: router.path, ownsTable }));
    return { driver, table: new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath: router.path }) }) };
  };
  const serving = async (): Promise<Traffic> => {
    const traffic = keep(new Traffic(server, ['serve', PORT]));
    await traffic.begun();
    return traffic;
  };
  const calling = (from: string, patienceMs?: number): Traffic => keep(new Traffic(outside, ['call', from, SERVER, PORT], patienceMs));
  const breathe = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('changes thousands of times with no allowed connection failing and no denied one coming through', async () => {
    const { table } = open();
    table.apply(bundle([FRIEND]));
    await serving();
    const friend = calling(FRIEND);
    const stranger = calling(STRANGER, 100);
    await friend.until(({ ok }) => ok > 20);
    let tightened = 0;
    for (let at = 1; at <= UPDATES; at += 1) {
      const others = Array.from({ length: at % 7 }, (_, place) => peerAddress(place).text);
      const pods = Array.from({ length: 2 + (at % 3) }, (_, place) => makePod(place, 2));
      const report = table.apply({ ...bundle([FRIEND, ...others]), pods, revision: at, hash: `h${String(at)}` });
      expect(report).toMatchObject({ kind: 'applied', how: 'changed' });
      if (report.kind === 'applied' && report.isTightened) tightened += 1;
      if (at % 100 === 0) expect(table.restore()).toMatchObject({ kind: 'applied', how: 'replaced' });
      await breathe();
    }
    expect(tightened).toBeGreaterThan(UPDATES / 4);
    expect(table.verify()).toEqual([]);
    const before = await friend.counts();
    const { failed, why } = await friend.until(({ ok }) => ok > before.ok + 20);
    expect({ failed, why }).toEqual({ failed: 0, why: '' });
    const { ok: came, failed: stayedOut } = await stranger.until(({ failed: so }) => so > 5);
    expect({ came, stayedOut: stayedOut > 5 }).toEqual({ came: 0, stayedOut: true });
  }, PATIENCE_MS);

  it('writes and takes away sixty thousand elements under traffic, with nothing allowed failing and nothing denied coming through', async () => {
    const { table } = open();
    table.apply(bundle([FRIEND]));
    await serving();
    const friend = calling(FRIEND);
    const stranger = calling(STRANGER, 100);
    await friend.until(({ ok }) => ok > 20);
    const many = Array.from({ length: 60_000 }, (_, at) => peerAddress(at).text);
    for (let at = 0; at < 4; at += 1) {
      expect(table.apply(bundle(at % 2 === 0 ? [FRIEND, ...many] : [FRIEND], { hash: `m${String(at)}` }))).toMatchObject({ kind: 'applied', how: 'changed' });
      if (at === 2) expect(table.restore()).toMatchObject({ kind: 'applied', how: 'replaced' });
      const { ok } = await friend.counts();
      await friend.until((counts) => counts.ok > ok + 10);
    }
    expect(table.verify()).toEqual([]);
    expect(await friend.counts()).toMatchObject({ failed: 0, why: '' });
    expect(await stranger.until(({ failed }) => failed > 5)).toMatchObject({ ok: 0 });
  }, PATIENCE_MS);

  it.each(['stream', 'listen'])('cuts a connection that is forbidden now, whoever speaks: %s', async (kind) => {
    const { table } = open();
    table.apply(bundle([FRIEND, STRANGER]));
    const serverSide = await serving();
    const cut = keep(new Traffic(outside, [kind, STRANGER, SERVER, PORT]));
    const stays = keep(new Traffic(outside, [kind, FRIEND, SERVER, PORT]));
    await Promise.all([cut.begun(), stays.begun()]);
    await cut.until(({ received }) => received > 100);
    expect(table.apply(bundle([FRIEND], { hash: 'b2' }))).toMatchObject({ how: 'changed', isTightened: true, generation: 2 });
    // what was on its way to the process when the kernel acknowledged
    const atCut = (await stays.until(({ received }) => received > 0)).received;
    const afterCut = (await cut.counts()).received;
    await stays.until(({ received }) => received > atCut + 300);
    const sent = kind === 'listen' ? (await serverSide.counts()).sent : (await cut.counts()).sent;
    expect(sent).toBeGreaterThan(20);
    expect((await cut.counts()).received).toBe(afterCut);
    expect(await stays.counts()).toMatchObject({ failed: 0 });
  }, PATIENCE_MS);

  it('lets go on what an operator keeps, for good or for a time, and nothing new', async () => {
    const { table } = open();
    table.apply(bundle([FRIEND, STRANGER]));
    await serving();
    const kept = keep(new Traffic(outside, ['stream', FRIEND, SERVER, PORT]));
    const drained = keep(new Traffic(outside, ['listen', STRANGER, SERVER, PORT]));
    await Promise.all([kept.begun(), drained.begun()]);
    const [friend, stranger] = [FRIEND, STRANGER].map((text) => parseAddress(text)!);
    const report = table.apply(bundle([], { hash: 'b2' }), { keep: [{ address: friend! }, { address: stranger!, forSeconds: 2 }] });
    expect(report).toMatchObject({ how: 'changed', isTightened: true });
    expect(table.verify()).toEqual([]);
    const caller = calling(FRIEND, 100);
    await caller.until(({ failed }) => failed > 3);
    expect(await caller.counts()).toMatchObject({ ok: 0 });
    const before = (await drained.counts()).received;
    await drained.until(({ received }) => received > before + 100);
    // nobody but the kernel ends it
    await untilSilent(drained, kept);
    // another bundle changes nothing about it
    expect(table.apply(bundle([], { hash: 'c3', pods: [makePod(0, 2)] }))).toMatchObject({ how: 'changed' });
    const still = (await kept.counts()).received;
    await kept.until(({ received }) => received > still + 100);
    table.release([friend!]);
    expect(table.apply(bundle([], { hash: 'd4' }))).toMatchObject({ how: 'changed', isTightened: true });
    await untilSilent(kept, undefined);
    expect(table.verify()).toEqual([]);
  }, PATIENCE_MS);

  it('takes old stamps off connections, once, and off no others', async () => {
    const { table } = open();
    table.apply(bundle([FRIEND]));
    await serving();
    const friend = calling(FRIEND);
    await friend.until(({ ok }) => ok > 10);
    friend.close();
    const sweep = new ConntrackSweep({ namespacePath: router.path });
    expect(sweep.clear(new Set([2, 3]))).toBe(0);
    const cleared = sweep.clear(new Set([1, 2]));
    expect(cleared).toBeGreaterThan(0);
    expect(sweep.clear(new Set([1]))).toBeLessThan(cleared);
    expect(table.apply(bundle([], { hash: 'b2' }))).toMatchObject({ how: 'changed', generation: 2 });
  }, PATIENCE_MS);

  it('lets nobody use what the former holder of an address had', async () => {
    const { table } = open();
    table.apply(bundle([FRIEND]));
    await serving();
    const old = keep(new Traffic(outside, ['listen', FRIEND, SERVER, PORT]));
    await old.begun();
    await old.until(({ received }) => received > 50);
    table.apply(bundle([FRIEND], { pods: [makePod(1, 2)], hash: 'b2' }));
    // the same address again, for a pod that lets in somebody else
    const heir = { ...makePod(7, 2), addresses: makePod(0, 2).addresses, ingress: 'i_app_0001' };
    table.apply(bundle([FRIEND], { pods: [makePod(1, 2), heir], hash: 'c3' }));
    const { received } = await old.counts();
    const caller = calling(FRIEND, 100);
    await caller.until(({ failed }) => failed > 3);
    expect((await old.counts()).received).toBe(received);
    expect(await caller.counts()).toMatchObject({ ok: 0 });
  }, PATIENCE_MS);

  it.each(['flush ruleset', 'delete table inet ringfence', 'delete rule', 'delete element'])('undoes what another process does by nft: %s', async (what) => {
    const { table } = open(false);
    table.apply(bundle([FRIEND]));
    const drifts: Drift[] = [];
    const healed = new Promise<void>((resolve) => {
      const { stop } = table.heal((drift) => {
        drifts.push(drift);
        resolve();
      });
      keep({ close: stop });
    });
    const nft = (...args: readonly string[]): string => router.run(() => runTool('nft', args)).stderr;
    if (what === 'delete element') expect(nft('delete', 'element', 'inet', 'ringfence', 'in4', `{ ${SERVER} }`)).toBe('');
    else if (what === 'delete rule') expect(nft('flush', 'chain', 'inet', 'ringfence', 'i_app_0000')).toBe('');
    else expect(nft(...what.split(' '))).toBe('');
    await healed;
    expect(drifts).toMatchObject([{ change: { process: 'nft', pid: expect.any(Number), isIncomplete: false }, healed: { kind: 'applied', how: 'replaced' } }]);
    expect(drifts[0]?.change.what.join()).toMatch(/deleted/);
    expect(drifts[0]?.differences).not.toEqual([]);
    expect(table.verify()).toEqual([]);
  }, PATIENCE_MS);

  it('is not told of its own changes, however large', async () => {
    const { table } = open(false);
    table.apply(bundle([FRIEND]));
    const drifts: Drift[] = [];
    const watch = keep({ close: table.heal((drift) => drifts.push(drift)).stop });
    table.apply(makeBundle({ pods: 50, peers: 20_000, profiles: 10 }));
    table.apply(bundle([FRIEND], { hash: 'c3' }));
    router.run(() => runTool('nft', ['add', 'table', 'inet', 'another']));
    router.run(() => runTool('nft', ['flush', 'chain', 'inet', 'ringfence', 'i_app_0001']));
    while (drifts.length === 0) await breathe();
    expect(drifts).toMatchObject([{ change: { what: ['deleted a rule of i_app_0001'] } }]);
    watch.close();
  }, PATIENCE_MS);

  it('lets nobody else touch a table it owns', () => {
    const { driver, table } = open();
    if (!driver.capabilities.ownsTable) return;
    table.apply(bundle([FRIEND]));
    const nft = (...args: readonly string[]): string => router.run(() => runTool('nft', args)).stderr;
    expect(nft('flush', 'ruleset')).toBe('');
    expect(table.verify()).toEqual([]);
    expect(nft('delete', 'table', 'inet', 'ringfence')).toMatch(/not permitted/);
    expect(nft('add', 'element', 'inet', 'ringfence', 'g_app_0000_4', `{ ${STRANGER} }`)).toMatch(/not permitted/);
    expect(table.verify()).toEqual([]);
  });

  it('holds sixty thousand elements, takes them up again, and changes one', () => {
    const { driver, table } = open();
    const large = makeBundle({ pods: 300, peers: 60_000, profiles: 60 });
    expect(table.apply(large)).toMatchObject({ kind: 'applied', how: 'replaced' });
    driver.close();
    const next = open();
    expect(next.table.reuse(large)).toBe(true);
    expect(next.table.apply({ ...large, hash: 'b2', pods: large.pods.slice(1) })).toMatchObject({ how: 'changed' });
    expect(next.table.verify()).toEqual([]);
    expect(next.driver.readNote()).toMatchObject({ hash: 'b2' });
  }, PATIENCE_MS);
});
