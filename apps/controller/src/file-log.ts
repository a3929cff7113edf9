import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { destination, type Logger } from 'pino';

import { createLog } from './operator/log.ts';

/** The log in a file of a folder of state, for who wants the terminal for something else. */
export function fileLog(folder: string): { readonly log: Logger; readonly path: string } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'controller.log');
  return { path, log: createLog(destination({ dest: path, sync: true, append: true, mode: 0o600 })) };
}
