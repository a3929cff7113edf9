import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type NetworkPolicyObject, renderYaml } from '#compilers/kubernetes';
import { compareText, isJsonObject, type PolicyOutcome, type PolicyReport } from '#model';

import { plainLine } from './cluster-request.ts';
import { makeFolder } from './make-folder.ts';

const INDEX = '.ringfence-index.json';
const MOST_BYTES = 64 * 2 ** 20;
/** Of every file of ours the digests of what we wrote: of two while one replaces the other. */
type Index = Map<string, readonly string[]>;

interface PolicyPlace {
  readonly namespace: string;
  readonly name: string;
}

/** What is to be done with a file, and what becomes of its policy where that works. */
interface Plan {
  readonly file: string;
  /** What it is to hold; absent: it is not written. */
  readonly text?: string;
  /** What the index is to say of it before it is written. */
  readonly digests?: readonly string[];
  readonly outcome: PolicyOutcome;
}

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
    return this.#round(desired, true);
  }

  /** Says what would be done, and touches nothing. */
  look(desired: readonly NetworkPolicyObject[]): PolicyReport {
    return this.#round(desired, false);
  }

  #round(desired: readonly NetworkPolicyObject[], mayWrite: boolean): PolicyReport {
    try {
      if (mayWrite) makeFolder(this.#folder);
      const index = this.#readIndex();
      const plans = this.#plan(desired, index);
      const outcomes = mayWrite ? this.#carryOut(plans, index) : plans.map(wouldBe);
      outcomes.sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
      return { outcomes, isRealised: outcomes.every(({ kind }) => kind === 'applied' || kind === 'unchanged' || kind === 'pruned') };
    } catch (error) {
      return { outcomes: [], isRealised: false, why: `write policies to ${this.#folder}: ${reasonOf(error)}` };
    }
  }

  #plan(desired: readonly NetworkPolicyObject[], index: Index): readonly Plan[] {
    const wanted = new Set(desired.map(({ metadata }) => fileOf(metadata)));
    const others = [...index].filter(([file]) => !wanted.has(file));
    return [...desired.map((object) => this.#planOf(object, index)), ...others.map(([file, digests]) => this.#planToRemove(file, digests))];
  }

  // what one file is like is no reason to leave out the others
  #planned(file: string, place: PolicyPlace, plan: () => Plan): Plan {
    try {
      return plan();
    } catch (error) {
      return { file, outcome: { kind: 'failed', ...place, why: reasonOf(error) } };
    }
  }

  #planOf(object: NetworkPolicyObject, index: Index): Plan {
    const { namespace, name } = object.metadata;
    const place = { namespace, name };
    const file = fileOf(place);
    if (!SAFE.test(namespace) || !SAFE.test(name)) return { file, outcome: { kind: 'failed', ...place, why: 'its name is no name of a Kubernetes object, so there is no file for it' } };
    return this.#planned(file, place, () => this.#planToWrite(file, place, renderYaml([object]), index));
  }

  #planToWrite(file: string, place: PolicyPlace, text: string, index: Index): Plan {
    const before = this.#read(file);
    const known = index.get(file) ?? [];
    const held = before === undefined ? [] : [digestOf(before)];
    if (before === text) return { file, digests: held, outcome: { kind: 'unchanged', ...place } };
    if (held.some((digest) => !known.includes(digest))) return { file, outcome: conflict(place, `somebody else wrote ${file}; it is left alone`) };
    const digest = digestOf(text);
    const drift = before === undefined && known.includes(digest) ? { drift: `${file} was gone` } : {};
    return { file, text, digests: [...held, digest], outcome: { kind: 'applied', ...place, ...drift } };
  }

  #planToRemove(file: string, digests: readonly string[]): Plan {
    const [namespace = '', ...rest] = file.replace(/\.yaml$/, '').split('.');
    const place = { namespace, name: rest.join('.') };
    return this.#planned(file, place, () => {
      const held = this.#read(file);
      const isTheirs = held !== undefined && !digests.includes(digestOf(held));
      return { file, outcome: isTheirs ? conflict(place, `somebody changed ${file}; it is not removed`) : { kind: 'pruned', ...place } };
    });
  }

  /** One that a disk will not have is no reason to leave out the others. */
  #carryOut(plans: readonly Plan[], index: Index): PolicyOutcome[] {
    for (const { file, digests } of plans) if (digests !== undefined) index.set(file, digests);
    const isNew = plans.some(({ text }) => text !== undefined);
    const unnamed = isNew ? whyNot(() => { this.#writeIndex(index); }) : undefined;
    const outcomes = plans.map((plan) => {
      const { outcome } = plan;
      const why = plan.text === undefined ? undefined : unnamed;
      const trouble = why ?? whyNot(() => { this.#do(plan, index); });
      return trouble === undefined ? outcome : failed(outcome, `write ${join(this.#folder, plan.file)}: ${trouble}`);
    });
    // what could not be noted before cannot be now
    if (unnamed === undefined) this.#writeIndex(index);
    return outcomes;
  }

  #do({ file, text, outcome }: Plan, index: Index): void {
    if (text !== undefined) {
      this.#write(file, text);
      index.set(file, [digestOf(text)]);
    } else if (outcome.kind === 'pruned') {
      rmSync(join(this.#folder, file), { force: true });
      index.delete(file);
    }
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

function wouldBe({ outcome }: Plan): PolicyOutcome {
  if (outcome.kind === 'applied') return { ...outcome, kind: 'would-apply' };
  return outcome.kind === 'pruned' ? { ...outcome, kind: 'would-prune' } : outcome;
}

function conflict(place: PolicyPlace, why: string): PolicyOutcome {
  return { kind: 'conflict', ...place, managers: [], fields: [], why };
}

function failed({ namespace, name, drift }: PolicyOutcome, why: string): PolicyOutcome {
  return { kind: 'failed', namespace, name, ...(drift === undefined ? {} : { drift }), why: plainLine(why) };
}

function whyNot(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  return plainLine(error instanceof Error ? error.message : String(error));
}

function fileOf({ namespace, name }: PolicyPlace): string {
  return `${namespace}.${name}.yaml`;
}

// a namespace has no dots, so the first one ends it
function isOurName(file: string): boolean {
  return file.endsWith('.yaml') && SAFE.test(file.slice(0, -'.yaml'.length));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
