import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { layOutRuleset, type NodeBundle } from '#compilers/nftables';
import { NetlinkDriver, NftDriver, NodeTable } from '#dataplane';

import { describeKernel } from '../support/kernel.ts';
import { repositoryRoot } from '../support/shared.ts';
import { runTool } from '../support/system.ts';
import { shopBundle } from './enforcer-process.ts';
import { CLIENT, type Peer, SERVER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 60_000;
const [ALLOWED, DENIED, FLOODED] = [8080, 2222, 9000];
const QUIET_MS = 300;

/** The server takes 8080/TCP from the client, and any datagram on ports from 9000 on. */
function bundle(): NodeBundle {
  const made = shopBundle('a1', { from: [CLIENT.four] });
  const [profile] = made.profiles;
  const [first] = profile!.namespaced;
  const flooded = { name: 'p_flooded', ranges: [{ protocol: 'UDP' as const, from: FLOODED, to: FLOODED + 100 }] };
  return { ...made, profiles: [{ ...profile!, namespaced: [{ ...first!, matches: [...first!.matches, { kind: 'peer' as const, peer: 'any' as const, ports: flooded }] }] }] };
}

describeKernel('beside others in one kernel', () => {
  let world: VisibilityWorld;
  let client: Peer;
  let driver: NetlinkDriver;
  beforeAll(async () => {
    world = new VisibilityWorld();
    client = world.peer('client');
    const server = world.peer('server');
    for (const port of [ALLOWED, DENIED]) await server.do({ do: 'serve', host: '::', port });
  }, PATIENCE_MS);
  afterAll(() => world.close());
  beforeEach(() => {
    driver = new NetlinkDriver({ namespacePath: world.node.path });
    expect(new NodeTable({ driver }).apply(bundle())).toMatchObject({ kind: 'applied' });
    world.forgetConnections();
  });
  afterEach(() => {
    driver.remove();
    driver.close();
    world.node.run(() => runTool('nft', ['delete', 'table', 'inet', 'others']));
  });

  const reaches = async (port: number, host: string = SERVER.four): Promise<boolean> => (await client.do({ do: 'talk', host, port, text: 'x', waitMs: port === ALLOWED ? 5_000 : QUIET_MS })).outcome === 'answered';
  const others = (priority: number, rule: string): void => {
    world.load(`table inet others {\n chain forward { type filter hook forward priority ${String(priority)}; policy accept;\n ${rule}\n }\n}\n`);
  };

  it.each([-200, -11, 0, 200])('only takes away: what others accept at priority %d we may still drop, and what they drop we never open', async (priority) => {
    others(priority, 'accept');
    expect([await reaches(ALLOWED), await reaches(DENIED), await reaches(DENIED, SERVER.six)]).toEqual([true, false, false]);
    world.node.run(() => runTool('nft', ['delete', 'table', 'inet', 'others']));
    world.forgetConnections();
    others(priority, `tcp dport ${String(ALLOWED)} drop`);
    expect((await client.do({ do: 'talk', host: SERVER.four, port: ALLOWED, text: 'x', waitMs: QUIET_MS })).outcome).toBe('nothing');
  }, PATIENCE_MS);

  it('with the table of connections full, lets nothing denied through and cuts nothing allowed', async () => {
    const limit = Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_max', 'utf8'));
    // the first number of each line is of the whole table
    const count = (): number => Number.parseInt(world.node.run(() => readFileSync('/proc/thread-self/net/stat/nf_conntrack', 'utf8')).split('\n')[1] ?? '0', 16);
    const stays = world.peer('client');
    expect((await stays.do({ do: 'talk', host: SERVER.four, port: ALLOWED, text: 'x', keep: true })).outcome).toBe('answered');
    const environment = { ...process.env, NODE_OPTIONS: '' };
    const flood = (perSecond: number, seconds: number) => world.client.run(() => spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', join(repositoryRoot, 'test/support/flow-flood.ts'), String(perSecond), String(seconds)], { stdio: ['ignore', 'ignore', 'inherit'], env: environment }));
    const flooding = flood(Math.ceil(limit / 2), 3);
    const ended = once(flooding, 'close');
    const leaked: string[] = [];
    let highest = 0;
    while (flooding.exitCode === null) {
      if (await reaches(DENIED)) leaked.push('IPv4');
      if (await reaches(DENIED, SERVER.six)) leaked.push('IPv6');
      highest = Math.max(highest, count());
    }
    await ended;
    expect(leaked).toEqual([]);
    // it was, and connections had to make room for others
    expect(highest).toBeGreaterThan(0.9 * limit);
    expect((await stays.do({ do: 'talk', host: SERVER.four, port: ALLOWED, text: 'x' })).outcome).toBe('answered');
    expect(new NodeTable({ driver }).reuse(bundle())).toBe(true);
    world.forgetConnections();
    expect([await reaches(ALLOWED), await reaches(DENIED)]).toEqual([true, false]);
  }, PATIENCE_MS);

  it('says that the nft program crashed, and what it did is not known', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rf-crashing-'));
    const path = process.env['PATH'] ?? '';
    const nft = new NftDriver({ namespacePath: world.node.path });
    driver.remove();
    try {
      expect(nft.replace(layOutRuleset(bundle()))).toMatchObject({ kind: 'committed' });
      writeFileSync(join(folder, 'nft'), '#!/bin/sh\nkill -SEGV $$\n', { mode: 0o755 });
      process.env['PATH'] = `${folder}:${path}`;
      expect(nft.replace(layOutRuleset(bundle(), 2))).toMatchObject({ kind: 'refused', code: 'crashed' });
    } finally {
      process.env['PATH'] = path;
      rmSync(folder, { recursive: true });
      nft.close();
    }
  });
});
