import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Journal, MemoryStore, NO_DIGEST } from '#store';

import { JournalWitness } from './journal-witness.ts';

const key = Buffer.from('a key');
let folder: string;
let journal: Journal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
  journal = await journalOf('a', 'b');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function journalOf(...contents: readonly string[]): Promise<Journal> {
  const store = new MemoryStore({ journalKey: key });
  await store.journal.append(contents.map((content) => ({ at: 1, content })), { expectedSeq: 0 });
  return store.journal;
}

function witness(more: { readonly key?: Uint8Array; readonly place?: string } = {}): JournalWitness {
  return new JournalWitness({ folder, place: 'here', key, ...more });
}

async function remembered(): Promise<void> {
  const reading = await journal.readOn({ seq: 0, digest: NO_DIGEST }, 10);
  if (reading.kind === 'entries') witness().remember(reading.end);
}

it('takes a journal that went on, and any where nothing is remembered', async () => {
  await witness().check(journal);
  await remembered();
  expect((statSync(join(folder, 'journal-end.json')).mode & 0o777).toString(8)).toBe('600');
  await witness().check(journal);
  await journal.append([{ at: 1, content: 'c' }], { expectedSeq: 2 });
  await witness().check(journal);
  // a store of another place has a journal of its own
  await witness({ place: 'there' }).check(await journalOf());
});

it.each<[string, () => Promise<Journal>, string]>([
  ['whose end was cut off', () => journalOf('a'), 'it ends before entry 2, which was there; where an older copy was put back on purpose, remove'],
  ['that is empty', () => journalOf(), 'it ends before entry 2'],
  ['in whose place somebody put another', () => journalOf('a', 'x'), 'entry 2 is not the one that was there'],
  ['of before there was a key', async () => {
    const plain = new MemoryStore();
    await plain.journal.append([{ at: 1, content: 'a' }, { at: 1, content: 'b' }], { expectedSeq: 0 });
    return plain.journal;
  }, 'entry 2 is not the one that was there'],
])('refuses a journal %s', async (_what, other, why) => {
  await remembered();
  await expect(witness().check(await other())).rejects.toThrow(why);
});

it('believes nothing that was written without the key', async () => {
  await remembered();
  await expect(witness({ key: Buffer.from('another') }).check(journal)).rejects.toThrow('it is not what was written, or was written under another key');
  const path = join(folder, 'journal-end.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"seq":2', '"seq":1'));
  await expect(witness().check(journal)).rejects.toThrow('it is not what was written');
  writeFileSync(path, '{');
  await expect(witness().check(journal)).rejects.toThrow('it is no JSON');
});
