import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type NetworkPolicyObject, renderYaml } from '#compilers/kubernetes';
import { compareText, isJsonObject } from '#model';

import { makeFolder } from './make-folder.ts';
import type { PolicyOutcome, PolicyReport } from './policy-report.ts';

const INDEX = '.ringfence-index.json';
const MOST_BYTES = 64 * 2 ** 20;
/** Of every file of ours the digests of what we wrote: of two while one replaces the other. */
type Index = Map<string, readonly string[]>;

const SAFE = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/**
 * Keeps a folder of YAML files equal to a desired set of NetworkPolicies, for whatever carries it
 * to a cluster.
 *
 * One object a file, `NAMESPACE.NAME.yaml`, each replaced by rename, so that a reader never sees half
 * of one. `.ringfence-index.json` says which files are ours and with which digest: a file that is
 * not in there, or that somebody changed since, is neither overwritten nor removed but reported.
 * The index names a text before it is written and forgets a file after it is removed, so being killed
 * in between leaves nothing behind that nobody owns.
 */
export class PolicyFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = resolve(folder);
  }

  reconcile(desired: readonly NetworkPolicyObject[]): PolicyReport {
    try {
      makeFolder(this.#folder);
      const index = this.#readIndex();
      const outcomes = [...this.#writeAll(desired, index), ...this.#removeOthers(desired, index)];
      this.#writeIndex(index);
      outcomes.sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
      return { outcomes, isRealised: outcomes.every(({ kind }) => kind === 'applied' || kind === 'unchanged' || kind === 'pruned') };
    } catch (error) {
      return { outcomes: [], isRealised: false, why: `write policies to ${this.#folder}: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  #writeAll(desired: readonly NetworkPolicyObject[], index: Index): readonly PolicyOutcome[] {
    const fresh = new Map<string, string>();
    const outcomes = desired.map((object): PolicyOutcome => {
      const { namespace, name } = object.metadata;
      const place = { namespace, name };
      if (!SAFE.test(namespace) || !SAFE.test(name)) return { kind: 'failed', ...place, why: 'its name is no name of a Kubernetes object, so there is no file for it' };
      const file = fileOf(place);
      const text = renderYaml([object]);
      const before = this.#read(file);
      const held = before === undefined ? [] : [digestOf(before)];
      if (before === text) {
        index.set(file, held);
        return { kind: 'unchanged', ...place };
      }
      if (held.some((digest) => index.get(file)?.includes(digest) !== true)) return { kind: 'conflict', ...place, managers: [], why: `somebody else wrote ${file}; it is left alone` };
      index.set(file, [...held, digestOf(text)]);
      fresh.set(file, text);
      return { kind: 'applied', ...place };
    });
    if (fresh.size > 0) this.#writeIndex(index);
    for (const [file, text] of fresh) {
      this.#write(file, text);
      index.set(file, [digestOf(text)]);
    }
    return outcomes;
  }

  #removeOthers(desired: readonly NetworkPolicyObject[], index: Index): readonly PolicyOutcome[] {
    const wanted = new Set(desired.map(({ metadata }) => fileOf(metadata)));
    const outcomes: PolicyOutcome[] = [];
    for (const [file, digests] of [...index]) {
      if (wanted.has(file)) continue;
      const [namespace = '', ...rest] = file.replace(/\.yaml$/, '').split('.');
      const place = { namespace, name: rest.join('.') };
      const held = this.#read(file);
      if (held !== undefined && !digests.includes(digestOf(held))) {
        outcomes.push({ kind: 'conflict', ...place, managers: [], why: `somebody changed ${file}; it is not removed` });
        continue;
      }
      rmSync(join(this.#folder, file), { force: true });
      index.delete(file);
      outcomes.push({ kind: 'pruned', ...place });
    }
    return outcomes;
  }

  #readIndex(): Index {
    const text = this.#read(INDEX);
    if (text === undefined) return new Map();
    let files: unknown;
    try {
      const value: unknown = JSON.parse(text);
      files = isJsonObject(value) ? value['files'] : undefined;
    } catch {
      files = undefined;
    }
    if (!isJsonObject(files)) throw new Error(`${INDEX} can not be read, so nobody knows which files are ours; remove it together with them to start anew`);
    const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []);
    return new Map(Object.entries(files).filter(([file]) => isOurName(file)).map(([file, digests]) => [file, texts(digests)]));
  }

  #writeIndex(index: Index): void {
    const files = Object.fromEntries([...index].sort(([a], [b]) => compareText(a, b)));
    const text = `${JSON.stringify({ files }, undefined, 2)}\n`;
    if (this.#read(INDEX) !== text) this.#write(INDEX, text);
  }

  #read(file: string): string | undefined {
    const path = join(this.#folder, file);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    if (!found.isFile() || found.size > MOST_BYTES) throw new Error(`${file} is no file that could be ours`);
    return readFileSync(path, 'utf8');
  }

  #write(file: string, text: string): void {
    const path = join(this.#folder, file);
    // of a name nobody knows, and never one that is there: a link somebody left would be followed
    const beside = join(this.#folder, `.${file}.${randomBytes(8).toString('hex')}.tmp`);
    const fd = openSync(beside, 'wx', 0o644);
    try {
      this.#fill(fd, text);
      renameSync(beside, path);
    } catch (error) {
      rmSync(beside, { force: true });
      throw error;
    }
  }

  #fill(fd: number, text: string): void {
    try {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }
}

function fileOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}.${name}.yaml`;
}

// a namespace has no dots, so the first one ends it
function isOurName(file: string): boolean {
  return file.endsWith('.yaml') && SAFE.test(file.slice(0, -'.yaml'.length));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
