import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { holdFolder, openSqliteStore, type Store } from '#store';

import { repositoryRoot } from '../../test/support/shared.ts';

const PATIENCE_MS = 60_000;
const program = join(repositoryRoot, 'test', 'support', 'leading-process.ts');

let folder: string;
const children: ChildProcess[] = [];

/** A process that has the folder and leads for an hour. */
async function leading(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', program, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(said)).toBe('leads 1\n');
  return child;
}

async function signalled(child: ChildProcess, signal: 'SIGKILL' | 'SIGSTOP'): Promise<void> {
  child.kill(signal);
  if (signal === 'SIGKILL') await once(child, 'exit');
}

async function fenceOf(store: Store): Promise<unknown> {
  return store.leases.acquire('controller', 'next', 10_000);
}

describe('a folder that one process has for itself', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-hold-'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('is refused to everybody else, in this process too, and the refusal says who has it', () => {
    const hold = holdFolder(folder);
    expect(() => holdFolder(folder)).toThrow(expect.objectContaining({ code: 'in-use', message: `open ${folder}: process ${String(process.pid)} of ${hostname()} uses it, and it is for one process at a time` }));
    expect(() => openSqliteStore({ folder, isAlone: true })).toThrow(expect.objectContaining({ code: 'in-use' }));
    // a refusal takes nothing away from whoever has it
    expect(() => holdFolder(folder)).toThrow(expect.objectContaining({ code: 'in-use' }));
    hold.release();
    holdFolder(folder).release();
    expect(statSync(join(folder, 'holder.db')).mode & 0o777).toBe(0o600);
  });

  it('is let go of where the store in it cannot be opened', () => {
    writeFileSync(join(folder, 'evidence.db'), 'no database, and long enough to be taken for one '.repeat(40));
    expect(() => openSqliteStore({ folder, isAlone: true })).toThrow(expect.objectContaining({ code: 'unreadable' }));
    holdFolder(folder).release();
  });

  it('is taken at once when its process was killed, with the lease that was to last an hour, under a higher fence', async () => {
    const child = await leading();
    expect(() => openSqliteStore({ folder, isAlone: true })).toThrow(expect.objectContaining({ message: expect.stringContaining(`process ${String(child.pid)} of `) as unknown }));
    await signalled(child, 'SIGKILL');
    const store = openSqliteStore({ folder, isAlone: true });
    expect(await fenceOf(store)).toEqual({ kind: 'held', fence: 2 });
    await store.close();
  }, PATIENCE_MS);

  it('stays with a process that is merely stopped', async () => {
    await signalled(await leading(), 'SIGSTOP');
    expect(() => openSqliteStore({ folder, isAlone: true })).toThrow(expect.objectContaining({ code: 'in-use' }));
  }, PATIENCE_MS);

  it('is not what others ask for who share it: they wait for the lease', async () => {
    await signalled(await leading(), 'SIGKILL');
    const store = openSqliteStore({ folder });
    expect(await fenceOf(store)).toMatchObject({ kind: 'taken', by: 'first' });
    await store.close();
  }, PATIENCE_MS);
});
