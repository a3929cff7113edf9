import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildProduct, get, post, StartedController } from './kernel/started-controller.ts';
import { repositoryRoot } from './support/shared.ts';

const LONG_MS = 180_000;
/** Far more than a start takes, and less than an old lease would last. */
const AT_ONCE_MS = 12_000;

let folder: string;
const started: StartedController[] = [];

function start(...more: readonly string[]): StartedController {
  const controller = new StartedController(['--watch', join(folder, 'manifests'), '--state', join(folder, 'state'), '--port', '0', '--listen', '127.0.0.1:0', ...more]);
  started.push(controller);
  return controller;
}

async function urlOf(controller: StartedController): Promise<string> {
  const [, url = ''] = await controller.line(/"urls":\["(http:[^"]+)".*"the controller is up"/);
  return url;
}

/** Until the files stand so, with a reason where there is one; the reason. */
async function standing(url: string, wanted: string): Promise<string> {
  const deadline = performance.now() + LONG_MS / 3;
  for (;;) {
    const { sources } = (await get(url, '/api/v1/status')) as { readonly sources: readonly { readonly state: string; readonly why?: string }[] };
    const [source] = sources;
    if (source?.state === wanted && (wanted === 'in sync' || source.why !== undefined)) return source.why ?? '';
    if (performance.now() > deadline) throw new Error(`waited in vain for ${wanted}: ${JSON.stringify(sources)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('a controller that keeps its state in a folder', () => {
  beforeAll(buildProduct, LONG_MS);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-restarted-'));
    cpSync(join(repositoryRoot, 'policies', 'examples', 'shop', 'kubernetes'), join(folder, 'manifests'), { recursive: true });
  });

  afterEach(async () => {
    for (const controller of started.splice(0)) await controller.end('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('leads and decides at once when it is killed and started again, with all it had acknowledged', async () => {
    const first = start();
    const before = await urlOf(first);
    const answer = await post(before, '/api/v1/modes', { scope: { kind: 'namespace', namespace: 'shop-data' }, mode: 'audit', reason: 'a look first' });
    expect(answer).toMatchObject({ status: 200, body: { seq: 1 } });
    await first.end('SIGKILL');

    const begun = performance.now();
    const second = start();
    const url = await urlOf(second);
    expect(await get(url, '/api/v1/status')).toMatchObject({ leadership: { kind: 'leader', fence: 2 }, store: { lastSeq: 1 } });
    expect(await post(url, '/api/v1/modes', { scope: { kind: 'namespace', namespace: 'shop-data' }, mode: 'observe', reason: 'enough seen' })).toMatchObject({ status: 200, body: { seq: 2 } });
    expect(performance.now() - begun).toBeLessThan(AT_ONCE_MS);
    expect(second.lines.some((line) => line.includes('this controller follows'))).toBe(false);
  }, LONG_MS);

  it('says which file and line cannot be read, counts it as metrics, and after a start waits for it', async () => {
    const file = join(folder, 'manifests', 'broken.yaml');
    writeFileSync(file, 'apiVersion: v1\nkind: Pod\nmetadata: { name: one, namespace: shop }\n');
    const first = start();
    const before = await urlOf(first);
    await standing(before, 'in sync');
    writeFileSync(file, 'apiVersion: v1\nkind: [Pod\n');
    expect(await standing(before, 'degraded')).toMatch(new RegExp(`^${file}:\\d .*; what it said last counts until it can be read$`));
    expect(await (await fetch(`${before}/metrics`)).text()).toContain('ringfence_sources{state="degraded"} 1');
    await first.end('SIGKILL');

    const second = start();
    const url = await urlOf(second);
    expect(await standing(url, 'syncing')).toContain(`${file}:`);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    writeFileSync(file, 'apiVersion: v1\nkind: Pod\nmetadata: { name: one, namespace: shop }\n');
    await standing(url, 'in sync');
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  }, LONG_MS);

  it('refuses a second one on that folder, says which process has it, and goes on itself, even where the second wants to begin afresh', async () => {
    const first = start();
    const url = await urlOf(first);
    for (const more of [[], ['--fresh']]) {
      const second = start(...more);
      expect(await second.ended).toBe(1);
      expect(second.lines.at(-1)).toMatch(new RegExp(`^ringfence-controller: open ${join(folder, 'state', 'store')}: process ${String(first.child.pid)} of \\S+ uses it, and it is for one process at a time; stop that one first, or name another folder with --state$`));
    }
    expect(await post(url, '/api/v1/modes', { scope: { kind: 'namespace', namespace: 'shop-data' }, mode: 'audit', reason: 'a look first' })).toMatchObject({ status: 200, body: { seq: 1 } });
  }, LONG_MS);
});
