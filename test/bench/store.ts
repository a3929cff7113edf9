import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Json } from '#model';
import { MemoryStore, openRedisStore, openSqliteStore, type Store } from '#store';

import { RedisServer } from '../support/redis-server.ts';
import { whyUnusable } from '../support/system.ts';

// an approval of one workload with a dozen rules has about this much
const ENTRY_BYTES = 4_000;
const RUN_MS = 3_000;
const ROWS = 20_000;
const BATCH = 2_000;

interface Figures {
  /** One entry an append, one after the other, each acknowledged before the next. */
  readonly appendsASecond: number;
  readonly appendP99Ms: number;
  readonly readsASecond: number;
  readonly verifiedASecond: number;
  readonly evidenceRowsASecond: number;
  readonly longestBatchMs: number;
}

function say(text: string): void {
  process.stderr.write(`store: ${text}\n`);
}

async function measure(store: Store): Promise<Figures> {
  const filling = 'x'.repeat(ENTRY_BYTES);
  const took: number[] = [];
  const from = performance.now();
  while (performance.now() - from < RUN_MS) {
    const began = performance.now();
    const result = await store.journal.append([{ at: 1, content: { kind: 'approved', filling } }], { expectedSeq: took.length });
    if (result.kind !== 'appended') throw new Error(`append: ${result.kind}`);
    took.push(performance.now() - began);
  }
  const appendsASecond = perSecond(took.length, performance.now() - from);
  const readMs = await timed(async () => {
    for (let seq = 0; seq < took.length; seq += 500) await store.journal.read(seq, 500);
  });
  const verifyMs = await timed(async () => {
    const { kind } = await store.journal.verify();
    if (kind !== 'whole') throw new Error('verify: broken');
  });
  const batches: number[] = [];
  const value: Json = { from: 'shop/Deployment/web', to: 'data/StatefulSet/db', port: 5432, buckets: Array.from({ length: 24 }, (_, at) => at) };
  for (let at = 0; at < ROWS; at += BATCH) batches.push(await timed(() => store.evidence.put(Array.from({ length: BATCH }, (_, row) => ({ key: `shop/Deployment/web > peer-${String(at + row)}`, value })))));
  return {
    appendsASecond,
    appendP99Ms: rounded(took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0),
    readsASecond: perSecond(took.length, readMs),
    verifiedASecond: perSecond(took.length, verifyMs),
    evidenceRowsASecond: perSecond(ROWS, batches.reduce((sum, one) => sum + one, 0)),
    longestBatchMs: rounded(Math.max(...batches)),
  };
}

/** What the disk alone gives: a plain file, synced after each of as many bytes. */
function syncsASecond(folder: string): number {
  const file = openSync(join(folder, 'plain'), 'w');
  const bytes = Buffer.alloc(ENTRY_BYTES, 'x');
  let count = 0;
  const from = performance.now();
  while (performance.now() - from < RUN_MS) {
    writeSync(file, bytes);
    fsyncSync(file);
    count += 1;
  }
  const ms = performance.now() - from;
  closeSync(file);
  return perSecond(count, ms);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function perSecond(count: number, ms: number): number {
  return Math.round((count * 1_000) / ms);
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}

const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'));
try {
  say('in memory');
  const memory = await measure(new MemoryStore());
  say('the disk alone');
  const plainFile = { syncsASecond: syncsASecond(folder) };
  say('in SQLite');
  const sqliteStore = openSqliteStore({ folder });
  const sqlite = await measure(sqliteStore);
  await sqliteStore.close();
  let redis: Figures | null = null;
  const unusable = whyUnusable('redis-server');
  if (unusable === undefined) {
    say('in Redis, every write synced');
    const server = await RedisServer.start();
    const store = await openRedisStore({ url: server.url });
    redis = await measure(store);
    await store.close();
    await server.close();
  } else say(`not in Redis: ${unusable}`);
  console.log(JSON.stringify({ bench: 'store', entryBytes: ENTRY_BYTES, evidenceBatch: BATCH, plainFile, memory, sqlite, redis }));
} finally {
  rmSync(folder, { recursive: true });
}
