import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildProduct } from './kernel/started-controller.ts';
import { repositoryRoot } from './support/shared.ts';

describe('npm start', () => {
  const state = mkdtempSync(join(tmpdir(), 'ringfence-npm-'));
  let npm: ChildProcess | undefined;

  beforeAll(buildProduct, 300_000);

  afterAll(() => {
    try {
      if (npm?.pid !== undefined) process.kill(-npm.pid, 'SIGKILL');
    } catch {
      // all of the group has ended, as it should
    }
    rmSync(state, { recursive: true, force: true });
  });

  test('leaves nothing running behind when npm is told to end', async () => {
    const args = ['start', '--', '--watch', 'policies/examples/shop/compose', '--state', state, '--port', '0', '--listen', '127.0.0.1:0'];
    const child = spawn('npm', args, { cwd: repositoryRoot, detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    npm = child;
    // closed only when everybody who could write to it is gone
    const closed = new Promise<void>((resolve) => child.once('close', () => { resolve(); }));
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (data: Buffer) => {
        said.push(data.toString());
        if (said.join('').includes('the controller is up')) resolve();
      });
      child.once('exit', () => { reject(new Error(`npm start ended: ${said.join('')}`)); });
    });
    child.kill('SIGTERM');
    await closed;
    expect(said.join('')).not.toContain('"level":"fatal"');
  }, 120_000);
});
