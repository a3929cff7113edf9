import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { repositoryRoot } from './shared.ts';

const program = join(repositoryRoot, 'test', 'support', 'appending-process.ts');

/** The last entry a process was told is there. */
export interface Acknowledged {
  readonly seq: number;
  readonly digest: string;
}

/** Starts a process that appends to a store and kills it after so many acknowledgements (0: as soon as it begins). */
export async function appendUntilKilled(place: string, acknowledgements: number): Promise<Acknowledged | undefined> {
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', program, place], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last: Acknowledged | undefined;
  let heard = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, seq = '', digest = ''] = line.split(' ');
    if (word === 'has') {
      last = { seq: Number(seq), digest };
      heard += 1;
    }
    if (heard >= acknowledgements) child.kill('SIGKILL');
  }
  return last;
}
