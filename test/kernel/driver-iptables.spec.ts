import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { compileNodes, layOutRuleset, type NodeBundle } from '#compilers/nftables';
import { ConntrackSweep, IptablesDriver, NodeTable } from '#dataplane';

import type { Mismatch } from '../../apps/cli/src/check/case-run.ts';
import { readCases } from '../../apps/cli/src/check/case-files.ts';
import { CheckRun } from '../../apps/cli/src/check/check-run.ts';
import { KernelEngine } from '../../apps/cli/src/check/kernel-engine.ts';
import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { driverContract } from '../contract/driver-contract.ts';
import { digest } from '../support/agreement.ts';
import { fuzzCase, revisionOf } from '../support/fuzz.ts';
import { describeKernel } from '../support/kernel.ts';
import { describeShared } from '../support/needs.ts';
import { bundleWith, makePod, makeProfile, peerAddress, podAddress } from '../support/node-bundles.ts';
import { runTool, type ToolName, whyUnusable } from '../support/system.ts';
import { Traffic, wire } from '../support/traffic.ts';

const PATIENCE_MS = 120_000;
const SEEDS = Array.from({ length: 10 }, (_, at) => 9_000 + at);
const FRIEND = '192.0.2.10';
const STRANGER = '192.0.2.11';
const SERVER = podAddress(4, 0).text;
const PORT = '8080';
const UPDATES = 60;

function bundle(friends: readonly string[], change: Partial<NodeBundle> = {}): NodeBundle {
  return { ...bundleWith([makePod(0, 2), makePod(1, 2)], [makeProfile(0, friends), makeProfile(1, ['198.51.100.1'])]), ...change };
}

function describeIptables(name: string, body: () => void): void {
  const why = whyUnusable('iptables-legacy') ?? whyUnusable('ipset');
  if (why === undefined) describeKernel(name, body);
  else describe.skip(`${name} (skipped: ${why})`, () => { it('is skipped', () => undefined); });
}

describeIptables('the driver for hosts without nf_tables', () => {
  driverContract('iptables', () => {
    const namespace = new NetworkNamespace();
    const driver = new IptablesDriver({ namespacePath: namespace.path });
    return {
      driver,
      close: () => {
        driver.close();
        namespace.close();
      },
    };
  });
});

describeIptables('what iptables is made to enforce', () => {
  describeShared('conformance', 'is what the recipes say, with real packets', (path) => {
    it('every probe', async () => {
      const engine = new KernelEngine({ driver: 'iptables' });
      try {
        const mismatches: Mismatch[] = [];
        const run = new CheckRun(engine, true, (mismatch) => mismatches.push(mismatch));
        const terminal = { out: () => undefined, err: () => undefined, progress: () => undefined, readStdin: () => '', ask: () => undefined, columns: 120 };
        for await (const line of readCases([join(path, 'recipes.jsonl')], terminal)) if (line.kind === 'case') run.add(line.value);
        run.end();
        expect(mismatches).toEqual([]);
        expect(run.passed).toBeGreaterThan(20);
      } finally {
        engine.close();
      }
    }, PATIENCE_MS);
  });
});

describeIptables('iptables under traffic', () => {
  let router: NetworkNamespace;
  let outside: NetworkNamespace;
  let server: NetworkNamespace;
  let driver: IptablesDriver;
  const closing: { close(): void }[] = [];
  beforeEach(() => {
    [router, outside, server] = [new NetworkNamespace(), new NetworkNamespace(), new NetworkNamespace()];
    driver = new IptablesDriver({ namespacePath: router.path });
    closing.push(router, outside, server, driver);
  });
  afterEach(() => {
    for (const each of closing.splice(0).reverse()) each.close();
  });

  const traffic = (place: NetworkNamespace, args: readonly string[], patienceMs?: number): Traffic => {
    const made = new Traffic(place, args, patienceMs);
    closing.push(made);
    return made;
  };

  it('changes again and again with no allowed connection failing and no denied one coming through, and cuts what is forbidden', async () => {
    wire(router, outside, 'outside', [FRIEND, STRANGER]);
    wire(router, server, 'pod0', [SERVER, podAddress(4, 1).text]);
    const table = new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath: router.path }) });
    expect(table.apply(bundle([FRIEND, STRANGER], { hash: 'b1' }))).toMatchObject({ kind: 'applied' });
    await traffic(server, ['serve', PORT]).begun();
    const cut = traffic(outside, ['stream', STRANGER, SERVER, PORT]);
    await cut.begun();
    await cut.until(({ received }) => received > 50);
    expect(table.apply(bundle([FRIEND], { hash: 'b2' }))).toMatchObject({ kind: 'applied', isTightened: true });
    const friend = traffic(outside, ['call', FRIEND, SERVER, PORT]);
    const stranger = traffic(outside, ['call', STRANGER, SERVER, PORT], 100);
    await friend.until(({ ok }) => ok > 20);
    const atCut = (await cut.counts()).received;
    for (let at = 1; at <= UPDATES; at += 1) {
      const others = Array.from({ length: at % 7 }, (_, place) => peerAddress(place).text);
      const pods = Array.from({ length: 2 + (at % 3) }, (_, place) => makePod(place, 2));
      expect(table.apply({ ...bundle([FRIEND, ...others]), pods, revision: at, hash: `h${String(at)}` })).toMatchObject({ kind: 'applied', how: 'changed' });
      if (at % 20 === 0) expect(table.restore()).toMatchObject({ kind: 'applied', how: 'replaced' });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(table.verify()).toEqual([]);
    const before = await friend.counts();
    expect(await friend.until(({ ok }) => ok > before.ok + 20)).toMatchObject({ failed: 0 });
    expect(await stranger.until(({ failed }) => failed > 5)).toMatchObject({ ok: 0 });
    expect((await cut.counts()).received).toBe(atCut);
  }, PATIENCE_MS);

  it('touches nothing that is not its own, and takes everything of its own away', () => {
    const run = (tool: ToolName, args: readonly string[]): string => {
      const { status, stdout, stderr } = router.run(() => runTool(tool, args));
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return stdout;
    };
    const command = (args: readonly string[]): string => run('iptables-legacy', ['-t', 'security', ...args]);
    run('ipset', ['create', 'rf-theirs', 'hash:ip']);
    command(['-N', 'THEIRS']);
    command(['-A', 'FORWARD', '-m', 'set', '--match-set', 'rf-theirs', 'src', '-j', 'THEIRS']);
    const before = { rules: command(['-S']), sets: run('ipset', ['list', '-n']) };
    expect(driver.replace(layOutRuleset(bundle([FRIEND])))).toMatchObject({ kind: 'committed' });
    expect(command(['-S', 'THEIRS'])).toBe('-N THEIRS\n');
    driver.remove();
    expect({ rules: command(['-S']), sets: run('ipset', ['list', '-n']) }).toEqual(before);
  });

  it.each(['that wrote what was there', 'that found it there', 'that found nothing'])('moves IPv4 back where IPv6 is refused, in a process %s', (what) => {
    const before = layOutRuleset(bundle([FRIEND]));
    if (what !== 'that found nothing') expect(driver.replace(before)).toMatchObject({ kind: 'committed' });
    if (what === 'that found it there') {
      driver = new IptablesDriver({ namespacePath: router.path });
      closing.push(driver);
    }
    const rules = (): string => ['raw', 'security'].map((table) => router.run(() => runTool('iptables-legacy', ['-t', table, '-S'])).stdout).join('');
    const saved = rules();
    const sets = router.run(() => runTool('ipset', ['list', '-n'])).stdout;
    const folder = mkdtempSync(join(tmpdir(), 'rf-refusing-'));
    const path = process.env['PATH'] ?? '';
    try {
      writeFileSync(join(folder, 'ip6tables-legacy-restore'), '#!/bin/sh\ncat > /dev/null\necho refused >&2\nexit 1\n', { mode: 0o755 });
      process.env['PATH'] = `${folder}:${path}`;
      expect(driver.replace(layOutRuleset(bundle([FRIEND, STRANGER]), 2))).toMatchObject({ kind: 'refused', why: 'ip6tables-legacy-restore exited 1: refused' });
    } finally {
      process.env['PATH'] = path;
      rmSync(folder, { recursive: true });
    }
    expect(saved.includes('RINGFENCE')).toBe(what !== 'that found nothing');
    expect(rules()).toBe(saved);
    if (what !== 'that found nothing') expect(driver.differences(before)).toEqual([]);
    expect(router.run(() => runTool('ipset', ['list', '-n'])).stdout).toBe(sets);
  });

  it('refuses rules held to an application, names them, and leaves what there was', () => {
    const before = layOutRuleset(bundle([FRIEND]));
    driver.replace(before);
    const [profile, ...others] = bundle([FRIEND]).profiles;
    const namespaced = profile!.namespaced.map((each) => ({ ...each, application: 'postgresql', enforceApplication: true }));
    const held = bundle([FRIEND], { profiles: [{ ...profile!, namespaced }, ...others] });
    const commit = driver.replace(layOutRuleset(held, 2));
    expect(commit).toMatchObject({ kind: 'refused', code: 'other' });
    expect(new Set(commit.diagnostics.map(({ code, severity }) => `${severity} ${code}`))).toEqual(new Set(['error iptables-cannot-say']));
    expect(commit.diagnostics.map(({ subject }) => subject)).toContainEqual(expect.stringMatching(/^chain speaks_postgresql/));
    expect(driver.differences(before)).toEqual([]);
  });

  it('says that first payloads are not shown', () => {
    const ruleset = layOutRuleset(bundle([FRIEND]), 1, { isIdentifying: true });
    expect(driver.replace(ruleset)).toMatchObject({ kind: 'committed', diagnostics: [{ code: 'iptables-shows-no-payload', severity: 'warning' }] });
    expect(driver.differences(ruleset)).toEqual([]);
  });

  it('lets elements end by themselves, and does not begin their time again with every change', () => {
    const kept = [{ address: peerAddress(1), forSeconds: 500 }, { address: podAddress(6, 7), forSeconds: 2 }, { address: peerAddress(2) }];
    const ruleset = layOutRuleset(bundle([FRIEND]), 1, { kept });
    expect(driver.replace(ruleset)).toMatchObject({ kind: 'committed' });
    expect(driver.differences(ruleset)).toEqual([]);
    const deadline = performance.now() + 20_000;
    const ended = (): boolean => driver.readBack()?.sets.get('keep6')?.size === 0;
    while (!ended() && performance.now() < deadline);
    expect(ended()).toBe(true);
    const set = { name: 'keep4', keyType: 'ip saddr', isInterval: false };
    const none = { addedSets: [], addedMaps: [], addedChains: [], rewrittenChains: [], maps: [], removedChains: [], removedSets: [] };
    expect(driver.update({ ...none, sets: [{ set, removed: [], added: [peerAddress(3).text] }] })).toMatchObject({ kind: 'committed' });
    const saved = router.run(() => runTool('ipset', ['save'])).stdout;
    const left = [...saved.matchAll(/ timeout ([1-9][0-9]*)$/gm)].map(([, seconds]) => Number(seconds));
    expect(left.map((seconds) => seconds > 400 && seconds < 499)).toEqual([true]);
  }, PATIENCE_MS);

  it.each(SEEDS)('writes the bundles of fuzz case %d', (seed) => {
    const { snapshot, policies } = fuzzCase(seed);
    for (const each of compileNodes(revisionOf(policies), snapshot, { digest }).bundles) {
      const ruleset = layOutRuleset(each);
      expect(driver.replace(ruleset)).toMatchObject({ kind: 'committed', diagnostics: [] });
      expect(driver.differences(ruleset)).toEqual([]);
    }
  });
});
