import type { JournalEntry, JournalRecord } from '#store';

import { Random } from './random.ts';

/** The batch whose first entry comes after `seq`: always the same one, of 1 to 5 entries. */
export function batchAt(seq: number): readonly JournalRecord[] {
  const random = new Random(seq);
  const size = 1 + random.below(5);
  return Array.from({ length: size }, (_, at) => ({ at: 1_700_000_000_000 + seq, content: { after: seq, at, of: size, filling: 'x'.repeat(random.pick([10, 100, 5_000, 100_000])) } }));
}

/** Says what is wrong with entries that should be whole batches, one after the other. */
export function batchFaults(entries: readonly JournalEntry[]): readonly string[] {
  const faults: string[] = [];
  for (let seq = 0; seq < entries.length; ) {
    const batch = batchAt(seq);
    const found = entries.slice(seq, seq + batch.length).map(({ content }) => JSON.stringify(content));
    if (found.join('\n') !== batch.map(({ content }) => JSON.stringify(content)).join('\n')) faults.push(`the batch after entry ${String(seq)} has ${String(found.length)} of ${String(batch.length)} entries, or others`);
    seq += batch.length;
  }
  return faults;
}
