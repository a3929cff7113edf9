// Appends batches to a journal, one after the other, until it is killed. Says what it begins with
// and what was acknowledged. Batches of several entries, some of them large, so that a death in
// the middle of one would show.
import { writeSync } from 'node:fs';

import { openRedisStore, openSqliteStore, type Store } from '#store';

import { batchAt } from './journal-batches.ts';

const [place = ''] = process.argv.slice(2);
const store: Store = place.startsWith('redis:') ? await openRedisStore({ url: place }) : openSqliteStore({ folder: place });
for (let seq = await store.journal.lastSeq(); ; ) {
  const batch = batchAt(seq);
  writeSync(1, `begins ${String(seq)}\n`);
  const result = await store.journal.append(batch, { expectedSeq: seq });
  if (result.kind !== 'appended') throw new Error(`append: ${result.kind}`);
  seq += batch.length;
  writeSync(1, `has ${String(seq)} ${result.entries.at(-1)?.digest ?? ''}\n`);
}
