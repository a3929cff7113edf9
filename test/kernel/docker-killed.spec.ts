import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { sweepDocker, whyNoDocker } from '../support/docker-daemon.ts';
import { repositoryRoot } from '../support/shared.ts';

const PATIENCE_MS = 60_000;
const program = join(repositoryRoot, 'test', 'support', 'docker-daemon-process.ts');
const name = 'a Docker engine goes with its test, however that ends';

const obstacle = whyNoDocker();
if (obstacle !== undefined) it.skip(`${name} (skipped: ${obstacle})`, () => undefined);
else
  it(name, async () => {
    const test = spawn(process.execPath, ['--conditions=source', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(test.stdout, 'data')) as [Buffer];
    const folder = dirname(said.toString('utf8').trim());
    // the engine, what it runs containers with, and what is in them
    expect(processesOf(folder).length).toBeGreaterThan(2);
    test.kill('SIGKILL');
    await once(test, 'exit');
    while (processesOf(folder).length > 0) await pause(20);
    expect(existsSync(folder)).toBe(true);
    sweepDocker();
    expect(existsSync(folder)).toBe(false);
    expect(groupsOf(folder.slice(folder.lastIndexOf('/') + 1))).toEqual([]);
  }, PATIENCE_MS);

/** Numbers of the processes whose command line names this folder. */
function processesOf(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(folder));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // gone since it was listed
    return '';
  }
}

function groupsOf(group: string): readonly string[] {
  return readdirSync('/sys/fs/cgroup').map((controller) => join('/sys/fs/cgroup', controller, group)).filter((path) => existsSync(path));
}
