import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

import { ConntrackSweep, NetlinkDriver, NodeTable } from '#dataplane';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { describeKernel } from '../support/kernel.ts';
import { churnBundle, podAddress } from '../support/node-bundles.ts';
import { repositoryRoot } from '../support/shared.ts';
import { Traffic, wire } from '../support/traffic.ts';

const PATIENCE_MS = 120_000;
const SERVER = podAddress(4, 0).text;
const program = join(repositoryRoot, 'test', 'support', 'applying-process.ts');

describeKernel('the table of a node whose enforcer is killed', () => {
  let router: NetworkNamespace;
  let outside: NetworkNamespace;
  let server: NetworkNamespace;
  const closing: { close(): void }[] = [];
  beforeEach(() => {
    [router, outside, server] = [new NetworkNamespace(), new NetworkNamespace(), new NetworkNamespace()];
    wire(router, outside, 'outside', ['192.0.2.10', '192.0.2.11']);
    wire(router, server, 'pod0', [SERVER]);
  });
  afterEach(() => {
    for (const each of closing.splice(0)) each.close();
    for (const each of [router, outside, server]) each.close();
  });
  const keep = <T extends { close(): void }>(each: T): T => {
    closing.push(each);
    return each;
  };

  it.each(['owned', 'not owned'])('stays as the last bundle left it, whole, and is taken up again: %s', async (ownership) => {
    await keep(new Traffic(server, ['serve', '8080'])).begun();
    let last = 0;
    let stranger: Traffic | undefined;
    let friend: Traffic | undefined;
    for (const lives of [3, 17, 30, 58, 71]) {
      const { began, has } = await applyUntilKilled(router.path, ownership, last, last + lives);
      friend ??= keep(new Traffic(outside, ['call', '192.0.2.10', SERVER, '8080']));
      stranger ??= keep(new Traffic(outside, ['call', '192.0.2.11', SERVER, '8080'], 100));
      const driver = new NetlinkDriver({ namespacePath: router.path, ownsTable: ownership === 'owned' });
      const note = driver.readNote();
      // what was under way when it was killed happened or did not
      expect([has, began]).toContain(note?.revision);
      const table = new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath: router.path }) });
      const bundle = churnBundle(note?.revision ?? 0);
      expect(table.reuse(bundle)).toBe(true);
      expect(table.apply({ ...bundle, hash: `h${String(note?.revision)}x` })).toMatchObject({ kind: 'applied', how: 'changed' });
      expect(table.apply(bundle)).toMatchObject({ kind: 'applied', how: 'changed' });
      driver.close();
      last = note?.revision ?? 0;
    }
    const before = (await friend!.counts()).ok;
    expect(await friend!.until(({ ok }) => ok > before + 20)).toMatchObject({ failed: 0 });
    expect(await stranger!.until(({ failed }) => failed > 3)).toMatchObject({ ok: 0 });
  }, PATIENCE_MS);
});

/** Starts an enforcer and kills it when it says that the kernel has a bundle: while it is at the next ones. */
async function applyUntilKilled(path: string, ownership: string, from: number, until: number): Promise<{ readonly began: number; readonly has: number }> {
  const child = spawn(process.execPath, ['--conditions=source', program, path, ownership, String(from)], { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'inherit'] });
  let began = from;
  let has = from;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const [what, number] = line.split(' ');
    if (what === 'begins') began = Number(number);
    else has = Number(number);
    if (has >= until) child.kill('SIGKILL');
  });
  await Promise.all([new Promise((resolve) => child.once('exit', resolve)), new Promise((resolve) => lines.once('close', resolve))]);
  if (has < until) throw new Error(`apply bundles: it ended by itself after ${String(has)}`);
  return { began, has };
}
