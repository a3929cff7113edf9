import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Where packages are unpacked whose installation would start a daemon or take another's place. Kept
 * from one run to the next, outside the repository.
 */
export const UNPACKED_FOLDER = '/var/cache/ringfence-tests/unpacked';

/** Folders of programs in there. */
export const UNPACKED_PATH = ['usr/sbin', 'usr/bin', 'sbin', 'bin'].map((folder) => join(UNPACKED_FOLDER, folder));

/** Folders of libraries in there. */
export const UNPACKED_LIBRARIES = ['lib', 'usr/lib'].flatMap((folder) => ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((machine) => join(UNPACKED_FOLDER, folder, machine)));

/** Fetches Debian packages and unpacks them, running none of their scripts. Says what went wrong, or undefined. */
export function unpackPackages(packages: readonly string[], environment: NodeJS.ProcessEnv, timeoutMs: number): string | undefined {
  mkdirSync(dirname(UNPACKED_FOLDER), { recursive: true });
  const scratch = mkdtempSync(join(dirname(UNPACKED_FOLDER), 'fetch-'));
  try {
    // apt fetches as a user of its own
    chmodSync(scratch, 0o777);
    const run = (program: string, args: readonly string[]): string | undefined => {
      const ran = spawnSync(program, args, { cwd: scratch, env: environment, encoding: 'utf8', timeout: timeoutMs });
      return ran.status === 0 ? undefined : `${program} ${args.join(' ')}: ${ran.stderr.trim().split('\n').at(-1) ?? ''}`;
    };
    const fetched = run('apt-get', ['-q', '-o', 'Acquire::Retries=2', 'download', ...packages]);
    if (fetched !== undefined) return fetched;
    const root = join(scratch, 'root');
    for (const file of readdirSync(scratch).filter((each) => each.endsWith('.deb'))) {
      const unpacked = run('dpkg-deb', ['-x', file, root]);
      if (unpacked !== undefined) return unpacked;
    }
    // whole or not at all, also where two runs unpack at once and a third uses what is there
    if (existsSync(UNPACKED_FOLDER)) renameSync(UNPACKED_FOLDER, join(scratch, 'before'));
    renameSync(root, UNPACKED_FOLDER);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'packages cannot be unpacked';
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
