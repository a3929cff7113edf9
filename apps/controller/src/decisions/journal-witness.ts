import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Logger } from 'pino';

import { writePrivately } from '#certificates';
import type { ChainEnd, Journal } from '#store';

const FILE = 'journal-end.json';

export interface JournalWitnessOptions {
  /** Holds what is remembered, apart from the store. */
  readonly folder: string;
  /** Of which store: one that begins elsewhere has another end. */
  readonly place: string;
  readonly key: Uint8Array;
}

/**
 * Remembers where the journal ended, beside the key and not in the store: whoever can only write the
 * store cannot cut the end off unseen, or put a journal of before there was a key in its place.
 */
export class JournalWitness {
  readonly #path: string;
  readonly #options: JournalWitnessOptions;
  #last = 0;

  constructor(options: JournalWitnessOptions) {
    this.#options = options;
    this.#path = join(options.folder, FILE);
  }

  /** Fails where what is remembered is not in the journal any more. */
  async check(journal: Journal): Promise<void> {
    const remembered = this.#read();
    if (remembered === undefined || remembered.seq === 0) return;
    const [entry] = await journal.read(remembered.seq - 1, 1);
    if (entry?.seq !== remembered.seq) throw new Error(`read the journal: it ends before entry ${String(remembered.seq)}, which was there; where an older copy was put back on purpose, remove ${this.#path}`);
    if (entry.digest !== remembered.digest) throw new Error(`read the journal: entry ${String(remembered.seq)} is not the one that was there; where another journal was put there on purpose, remove ${this.#path}`);
    this.#last = remembered.seq;
  }

  remember(end: ChainEnd): void {
    if (end.seq <= this.#last) return;
    this.#last = end.seq;
    writePrivately(this.#path, `${JSON.stringify({ place: this.#options.place, seq: end.seq, digest: end.digest, mac: this.#mac(end) })}\n`);
  }

  #read(): ChainEnd | undefined {
    if (statSync(this.#path, { throwIfNoEntry: false }) === undefined) return undefined;
    let fields: Readonly<Record<string, unknown>>;
    try {
      fields = JSON.parse(readFileSync(this.#path, 'utf8')) as typeof fields;
    } catch (error) {
      throw new Error(`read ${this.#path}: it is no JSON`, { cause: error });
    }
    const { place, seq, digest, mac } = fields;
    if (place !== this.#options.place) return undefined;
    const isOurs = typeof seq === 'number' && typeof digest === 'string' && typeof mac === 'string' && isSame(mac, this.#mac({ seq, digest }));
    if (!isOurs) throw new Error(`read ${this.#path}: it is not what was written, or was written under another key`);
    return { seq, digest };
  }

  #mac({ seq, digest }: ChainEnd): string {
    return createHmac('sha256', this.#options.key).update(`${this.#options.place}\n${String(seq)}\n${digest}`).digest('hex');
  }
}

/** Says where the journal ends, for whoever keeps that elsewhere, and has it remembered. */
export function rememberEnd(end: ChainEnd, { log, witness }: { readonly log: Logger; readonly witness?: JournalWitness | undefined }): void {
  log.info({ seq: end.seq, digest: end.digest }, 'the journal ends here');
  try {
    witness?.remember(end);
  } catch (error) {
    // the decision is in the journal all the same
    log.error({ why: error instanceof Error ? error.message : String(error) }, 'where the journal ends cannot be remembered');
  }
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
