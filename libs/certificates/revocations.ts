import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';

import { plainSerial } from './node-identity.ts';

export const REVOKED_FILE = 'revoked.jsonl';

const LOOK_EVERY_MS = 60_000;

/**
 * Which certificates are no longer good, as a file beside the authority says, whoever writes it.
 *
 * A list that can not be read is no empty list: at the start that is an error, later what was known
 * stays and the trouble is told.
 */
export class Revocations {
  readonly #folder: string;
  readonly #onTrouble: (why: string) => void;
  #serials: ReadonlySet<string>;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, onTrouble: (why: string) => void) {
    this.#folder = folder;
    this.#onTrouble = onTrouble;
    this.#serials = readRevoked(folder);
  }

  /** `serial` in hexadecimal, however it is written. */
  has(serial: string): boolean {
    return this.#serials.has(plainSerial(serial));
  }

  /** Calls back when others are revoked; until {@link close}. */
  watch(onChange: () => void, lookEveryMs = LOOK_EVERY_MS): void {
    this.#watcher = watch(this.#folder, (_event, file) => {
      if (file !== null && file !== REVOKED_FILE) return;
      if (this.read()) onChange();
    });
    // a file system that is shared, or a folder that was put there anew, tells nobody
    this.#timer = setInterval(() => {
      const before = this.#serials;
      if (this.read() && [...this.#serials].some((serial) => !before.has(serial))) onChange();
    }, lookEveryMs).unref();
    this.#watcher.on('error', (error) => {
      this.#onTrouble(`revoked certificates are no longer watched: ${error.message}`);
    });
  }

  /** Reads the list again; whether it could be read. */
  read(): boolean {
    try {
      this.#serials = readRevoked(this.#folder);
      return true;
    } catch (error) {
      this.#onTrouble(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  close(): void {
    this.#watcher?.close();
    clearInterval(this.#timer);
  }
}

function readRevoked(folder: string): ReadonlySet<string> {
  const path = join(folder, REVOKED_FILE);
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return new Set();
  const lines = readFileSync(path, 'utf8').split('\n').filter((line) => line !== '');
  return new Set(lines.map((line, at) => serialIn(line, `${path}:${String(at + 1)}`)));
}

function serialIn(line: string, place: string): string {
  let serial: unknown;
  try {
    ({ serial } = JSON.parse(line) as { readonly serial?: unknown });
  } catch (error) {
    throw new Error(`read revoked certificates ${place}: it is no JSON`, { cause: error });
  }
  if (typeof serial !== 'string' || !/^[0-9a-fA-F]{1,64}$/.test(serial)) throw new Error(`read revoked certificates ${place}: it names no serial number`);
  return plainSerial(serial);
}
