import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { parseAddress } from '#model';

import type { Kept, KeptAddress } from '../kept-connections.ts';

/** Everything was opened by hand; nothing is enforced until somebody says so. */
export interface PanicIntent {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly by: string;
}

/** A bundle that may have locked its operator out: it goes away by itself unless somebody confirms it. */
export interface TrialIntent {
  readonly hash: string;
  readonly revision: number;
  readonly at: number;
  readonly until: number;
}

/** A bundle nobody confirmed in time: it is not taken up again just because it still lies there. */
export interface RevertedIntent {
  readonly hash: string;
  readonly revision: number;
  readonly at: number;
}

/** How the table is laid out, for whoever reads it without the enforcer. */
export interface LayoutNote {
  readonly ownedMark?: number;
  readonly isIdentifying?: boolean;
}

/** Whose connections stay, so that whoever starts next keeps them too. */
export interface KeptNote {
  readonly kept: readonly { readonly address: string; readonly until?: number; readonly holder?: string }[];
}

interface Intents {
  readonly kept: KeptNote;
  readonly layout: LayoutNote;
  readonly panic: PanicIntent;
  readonly trial: TrialIntent;
  readonly reverted: RevertedIntent;
}

type IntentName = keyof Intents;

/** Two addresses of every pod a node can have would be a tenth of this. */
const MOST_BYTES = 2 ** 20;

/**
 * What is meant to happen, written down before it is done, so that whoever starts next carries it out.
 *
 * Each intent is a small file of its own, there in full or not at all. A panic that cannot be read
 * still is one; a trial that cannot be read is over; a reverted bundle that cannot be read is none.
 */
export class NodeIntents {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  write<Name extends IntentName>(name: Name, intent: Intents[Name]): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const path = this.#path(name);
    const file = openSync(`${path}.new`, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify(intent)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
    this.#sync();
  }

  clear(name: IntentName): void {
    const path = this.#path(name);
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return;
    rmSync(path, { force: true });
    this.#sync();
  }

  panic(): PanicIntent | undefined {
    const fields = this.#read('panic');
    return fields && { at: numberIn(fields, 'at'), by: textIn(fields, 'by') };
  }

  trial(): TrialIntent | undefined {
    const fields = this.#read('trial');
    return fields && { hash: textIn(fields, 'hash'), revision: numberIn(fields, 'revision'), at: numberIn(fields, 'at'), until: numberIn(fields, 'until') };
  }

  reverted(): RevertedIntent | undefined {
    const fields = this.#read('reverted');
    return fields && { hash: textIn(fields, 'hash'), revision: numberIn(fields, 'revision'), at: numberIn(fields, 'at') };
  }

  /** Those that can be read; the others are cut. */
  kept(): Kept {
    const list = this.#read('kept')?.['kept'];
    const kept = new Map<string, KeptAddress>();
    for (const each of Array.isArray(list) ? (list as readonly unknown[]) : []) {
      const fields: Readonly<Record<string, unknown>> = typeof each === 'object' && each !== null ? { ...each } : {};
      const address = parseAddress(textIn(fields, 'address'));
      const { until, holder } = fields;
      if (address === undefined || (until !== undefined && typeof until !== 'number') || (holder !== undefined && typeof holder !== 'string')) continue;
      kept.set(address.text, { address, ...(until === undefined ? {} : { until }), ...(holder === undefined ? {} : { holder }) });
    }
    return kept;
  }

  noteKept(kept: Kept): void {
    if (kept.size === 0) this.clear('kept');
    else this.write('kept', { kept: [...kept.values()].map((each) => ({ ...each, address: each.address.text })) });
  }

  layout(): LayoutNote {
    const { ownedMark, isIdentifying } = this.#read('layout') ?? {};
    return { ...(typeof ownedMark === 'number' ? { ownedMark } : {}), ...(typeof isIdentifying === 'boolean' ? { isIdentifying } : {}) };
  }

  /** Undefined where there is no such file; empty where what is in it cannot be read. */
  #read(name: IntentName): Readonly<Record<string, unknown>> | undefined {
    const path = this.#path(name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile() || found.size > MOST_BYTES) return {};
    try {
      const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
      return typeof value === 'object' && value !== null ? { ...value } : {};
    } catch {
      return {};
    }
  }

  #path(name: IntentName): string {
    return join(this.#folder, `${name}.json`);
  }

  // a name that came or went is only safe once its folder is
  #sync(): void {
    const folder = openSync(this.#folder, 'r');
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  }
}

function numberIn(fields: Readonly<Record<string, unknown>>, name: string): number {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function textIn(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}
