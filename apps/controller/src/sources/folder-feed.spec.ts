import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';

import { compareText, type SourceUpdate } from '#model';
import { NOTHING_DECIDED, type ReviewState } from '#review';
import { MemoryStore, type Store } from '#store';

import type { SourceStatus } from '../operator/controller-status.ts';
import { feedFolder } from './folder-feed.ts';
import { here } from './folder-link.ts';
import { SourceDesk } from './source-desk.ts';

const PATIENCE_MS = 30_000;
const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\n`;
const APPROVED = { ...NOTHING_DECIDED, revisions: [{}] } as unknown as ReviewState;

let folder: string;
let store: Store;
let end: () => void = () => undefined;

/** A controller as far as its sources go. */
class Listening {
  readonly known = new Map<string, SourceUpdate['value']>();
  readonly sources: SourceDesk;
  readonly #waiting = new Set<() => void>();
  inSync = 0;

  constructor() {
    const changed = (): void => {
      for (const wake of this.#waiting) wake();
    };
    const listener = {
      update: ({ key, value }: SourceUpdate): void => {
        if (value === undefined) this.known.delete(key);
        else this.known.set(key, value);
      },
      setInSync: (): void => {
        this.inSync += 1;
      },
    };
    this.sources = new SourceDesk([listener], { now: Date.now, onChange: changed });
  }

  async start(state: ReviewState): Promise<void> {
    const { sources } = this;
    end = await feedFolder({ sources, update: (update) => { sources.update(update); }, memory: { documents: store.documents, fence: () => 1 }, state }, [folder], here, pino({ level: 'silent' }));
  }

  async until(isIt: (status: SourceStatus, names: string) => boolean): Promise<SourceStatus> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const [status] = this.sources.statuses();
      const names = [...this.known.values()].map((value) => (value?.kind === 'manifest' ? value.name : '')).sort(compareText).join();
      if (status !== undefined && isIt(status, names)) return status;
      if (performance.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify([status, names])}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100);
        this.#waiting.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      this.#waiting.clear();
    }
  }
}

/** Until what says something is remembered. */
async function remembered(files: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await store.documents.get('watched-files'))?.value === undefined || ((await store.documents.get('watched-files'))?.value as { readonly files: readonly string[] }).files.length !== files) {
    if (performance.now() > deadline) throw new Error('it is not remembered');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('files as a source', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-feed-'));
    store = new MemoryStore();
  });
  afterEach(() => {
    end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are degraded, and say which file and line, while one cannot be read; nothing is gone, and they recover', async () => {
    const file = join(folder, 'app.yaml');
    writeFileSync(file, pod('a'));
    const heard = new Listening();
    await heard.start(APPROVED);
    await heard.until(({ state }, names) => state === 'in sync' && names === 'a');
    writeFileSync(file, `${pod('a')}spec: [\n`);
    writeFileSync(join(folder, 'other.yaml'), pod('b'));
    const degraded = await heard.until(({ state }, names) => state === 'degraded' && names === 'a,b');
    expect(degraded.why).toMatch(new RegExp(`^${file}:\\d .*; what it said last counts until it can be read$`));
    expect(heard.sources.diagnostics()).toMatchObject([{ code: 'broken-yaml', severity: 'error', subject: expect.stringMatching(new RegExp(`^${file}:\\d$`)) as unknown }]);
    writeFileSync(file, pod('c'));
    await heard.until(({ state }, names) => state === 'in sync' && names === 'b,c');
    expect([heard.sources.diagnostics(), heard.inSync]).toEqual([[], 1]);
  }, PATIENCE_MS);

  it('are waited for after a start where one cannot be read that said something before', async () => {
    const file = join(folder, 'app.yaml');
    writeFileSync(file, pod('a'));
    writeFileSync(join(folder, 'other.yaml'), pod('b'));
    const first = new Listening();
    await first.start(NOTHING_DECIDED);
    await first.until(({ state }) => state === 'in sync');
    await remembered(2);
    end();
    writeFileSync(file, 'kind: [');

    const second = new Listening();
    await second.start(NOTHING_DECIDED);
    const waiting = await second.until(({ why }) => why !== undefined);
    expect(waiting).toMatchObject({ state: 'syncing', isRequired: true, why: expect.stringMatching(new RegExp(`^${file}:\\d .*; what it would say is not known, and nothing is compiled without it: .*$`)) as unknown });
    expect(second.inSync).toBe(0);
    writeFileSync(file, pod('c'));
    await second.until(({ state }, names) => state === 'in sync' && names === 'b,c');
    end();

    // deleted while nobody looked is gone
    unlinkSync(file);
    const third = new Listening();
    await third.start(APPROVED);
    await third.until(({ state }, names) => state === 'in sync' && names === 'b');
  }, PATIENCE_MS);

  it('are not waited for where one cannot be read that never said anything', async () => {
    writeFileSync(join(folder, 'app.yaml'), pod('a'));
    writeFileSync(join(folder, 'template.yaml'), 'name: {{ .Values.name }}: [');
    const first = new Listening();
    await first.start(NOTHING_DECIDED);
    await first.until(({ state }, names) => state === 'degraded' && names === 'a');
    await remembered(1);
    end();
    const second = new Listening();
    await second.start(APPROVED);
    await second.until(({ state }, names) => state === 'degraded' && names === 'a');
    expect(second.inSync).toBe(1);
  }, PATIENCE_MS);

  it('are waited for where nobody remembers what they said, something is approved, and one cannot be read', async () => {
    writeFileSync(join(folder, 'app.yaml'), 'kind: [');
    const heard = new Listening();
    await heard.start(APPROVED);
    await heard.until(({ state, why }) => state === 'syncing' && why !== undefined);
    unlinkSync(join(folder, 'app.yaml'));
    await heard.until(({ state }) => state === 'in sync');
  }, PATIENCE_MS);

  it('are waited for after a start where the folder is missing, or empty and was not', async () => {
    writeFileSync(join(folder, 'app.yaml'), pod('a'));
    const first = new Listening();
    await first.start(APPROVED);
    await first.until(({ state }) => state === 'in sync');
    await remembered(1);
    end();
    renameSync(folder, `${folder}-elsewhere`);
    const second = new Listening();
    await second.start(APPROVED);
    const missing = await second.until(({ why }) => why !== undefined);
    expect(missing).toMatchObject({ state: 'syncing', why: `${folder} does not exist; what it would say is not known, and nothing is compiled without it: check the path` });
    end();
    renameSync(`${folder}-elsewhere`, folder);
    unlinkSync(join(folder, 'app.yaml'));
    const third = new Listening();
    await third.start(APPROVED);
    await third.until(({ state, why }) => state === 'syncing' && why?.startsWith('there is no file any more, of 1 before') === true);
    writeFileSync(join(folder, 'empty.yaml'), '');
    await third.until(({ state }) => state === 'in sync');
  }, PATIENCE_MS);
});
