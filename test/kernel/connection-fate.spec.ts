import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DispatchEntry, NodeBundle } from '#compilers/nftables';
import { ConntrackSweep, NetlinkDriver, NodeKeeper, type NodeReport, readBundle, writeBundle } from '#dataplane';
import type { ConnectionFate } from '#model';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { describeKernel } from '../support/kernel.ts';
import { bundleWith, makePod, makeProfile, podAddress, profileName } from '../support/node-bundles.ts';
import { Traffic, wire } from '../support/traffic.ts';

const PATIENCE_MS = 20_000;
const FRIEND = { four: '192.0.2.10', six: '2001:db8::10' };
const SERVER = { four: podAddress(4, 0).text, six: podAddress(6, 0).text };
const PORT = '8080';

/** Pod 0 is the server: it takes everybody's connections, or, stricter, nobody's. */
function bundle(server: Partial<DispatchEntry>, hash: string): NodeBundle {
  const open = makeProfile(0, [FRIEND.four]);
  const rule = open.namespaced[0]!;
  const everybody = { ...open, namespaced: [{ ...rule, matches: [{ kind: 'peer' as const, peer: 'any' as const, ports: 'any' as const }] }] };
  return bundleWith([{ ...makePod(0, 2), ...server }, makePod(1, 2)], [everybody, makeProfile(1, [])], hash);
}
const stricter = (fate?: ConnectionFate): NodeBundle => bundle({ ingress: profileName(1), ...(fate === undefined ? {} : { fate }) }, 'b2');

describeKernel('the fate of connections a bundle forbids', () => {
  let router: NetworkNamespace;
  let outside: NetworkNamespace;
  let server: NetworkNamespace;
  let folder: string;
  const reports: NodeReport[] = [];
  const closing: { close(): void }[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    [router, outside, server] = [new NetworkNamespace(), new NetworkNamespace(), new NetworkNamespace()];
    wire(router, outside, 'outside', [FRIEND.four, FRIEND.six]);
    wire(router, server, 'pod0', [SERVER.four, SERVER.six]);
    reports.length = 0;
  });
  afterEach(() => {
    for (const each of closing.splice(0).reverse()) each.close();
    for (const each of [router, outside, server]) each.close();
    rmSync(folder, { recursive: true });
  });

  const keeping = (): NodeKeeper => {
    const driver = new NetlinkDriver({ namespacePath: router.path });
    return new NodeKeeper({ driver, why: [], sweep: new ConntrackSweep({ namespacePath: router.path }), folder, onReport: (report) => reports.push(report) });
  };
  const streams = async (): Promise<readonly Traffic[]> => {
    const made = ([['four', 'stream'], ['six', 'listen']] as const).map(([family, kind]) => {
      const traffic = new Traffic(outside, [kind, FRIEND[family], SERVER[family], PORT]);
      closing.push(traffic);
      return traffic;
    });
    await Promise.all(made.map((each) => each.begun()));
    await Promise.all(made.map((each) => each.until(({ received }) => received > 50)));
    return made;
  };
  const flows = (each: Traffic): Promise<unknown> => each.counts().then(({ received }) => each.until((counts) => counts.received > received + 50));
  const ends = async (each: Traffic): Promise<void> => {
    for (let quiet = 0; quiet < 3; ) {
      const { received } = await each.counts();
      await new Promise((resolve) => setTimeout(resolve, 100));
      quiet = (await each.counts()).received === received ? quiet + 1 : 0;
    }
  };
  const serve = async (): Promise<void> => {
    const traffic = new Traffic(server, ['serve', PORT]);
    closing.push(traffic);
    await traffic.begun();
  };
  const stayOut = async (): Promise<void> => {
    const caller = new Traffic(outside, ['call', FRIEND.four, SERVER.four, PORT], 100);
    closing.push(caller);
    expect(await caller.until(({ failed }) => failed > 3)).toMatchObject({ ok: 0 });
  };

  it.each<[string, ConnectionFate | undefined]>([
    ['cut, unless somebody says otherwise', undefined],
    ['kept, as the bundle says of its pod', { kind: 'keep' }],
    ['drained, as the bundle says of its pod', { kind: 'drain', seconds: 3 }],
  ])('is to be %s; another process goes on with it', async (_what, fate) => {
    const first = keeping();
    first.start();
    first.offer(bundle({}, 'a1'), { origin: 'file' });
    await serve();
    const going = await streams();
    // as it comes from a file or from elsewhere
    const sent = readBundle(writeBundle(stricter(fate)));
    expect(sent.kind === 'bundle' && first.offer(sent.bundle, { origin: 'file' })).toMatchObject({ kind: 'done' });
    await stayOut();
    if (fate !== undefined) await Promise.all(going.map(flows));
    else await Promise.all(going.map(ends));
    first.stop();
    const second = keeping();
    closing.push({ close: () => { second.stop(); } });
    second.start();
    expect(reports.at(-1)).toMatchObject({ kind: 'applied', how: 'reused', hash: 'b2' });
    if (fate?.kind === 'keep') {
      await Promise.all(going.map(flows));
      // the next bundle changes nothing about it; until it says otherwise
      second.offer({ ...stricter(fate), pods: stricter(fate).pods.slice(0, 1), hash: 'c3' }, { origin: 'file' });
      await Promise.all(going.map(flows));
      second.offer({ ...stricter(), hash: 'd4' }, { origin: 'file' });
    }
    await Promise.all(going.map(ends));
    expect(second.verify()).toEqual([]);
  }, PATIENCE_MS);

  it('is what a person says who applies a bundle that says nothing', async () => {
    const keeper = keeping();
    closing.push({ close: () => { keeper.stop(); } });
    keeper.start();
    keeper.offer(bundle({}, 'a1'), { origin: 'file' });
    await serve();
    const going = await streams();
    expect(keeper.offer(stricter(), { origin: 'command', fate: { kind: 'drain', seconds: 2 } })).toMatchObject({ kind: 'done' });
    await stayOut();
    await Promise.all(going.map(ends));
    expect(keeper.verify()).toEqual([]);
  }, PATIENCE_MS);
});
