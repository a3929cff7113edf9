import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { AppendResult, ChainEnd, ChainReading, Journal, JournalEntry, JournalRecord, LeaseResult, LeaseStore } from '#store';
import { type Actor, NOTHING_DECIDED, type ReviewCommand, type ReviewDecision, type ReviewEvent, type ReviewState, writeEvent } from '#review';

import { DecisionDesk } from './decision-desk.ts';
import { Leader } from './leadership.ts';
import { ReviewLog } from './review-log.ts';

const alice: Actor = { kind: 'person', name: 'alice' };
const setMode: ReviewCommand = { kind: 'set-mode', scope: { kind: 'namespace', namespace: 'shop' }, mode: 'enforce' };
const modeSet: ReviewEvent = { kind: 'mode-set', scope: { kind: 'namespace', namespace: 'shop' }, mode: 'enforce', by: alice };

/** Two clients of one journal: what the other writes comes in between. */
class SharedJournal implements Journal {
  readonly entries: JournalEntry[] = [];
  fence = 0;
  before: (() => void) | undefined;

  append(records: readonly JournalRecord[], { expectedSeq, fence = 0 }: { readonly expectedSeq: number; readonly fence?: number }): Promise<AppendResult> {
    const { before } = this;
    this.before = undefined;
    before?.();
    if (fence < this.fence) return Promise.resolve({ kind: 'fenced', fence: this.fence });
    if (expectedSeq !== this.entries.length) return Promise.resolve({ kind: 'conflict', lastSeq: this.entries.length });
    const added = records.map((record, at) => ({ ...record, seq: expectedSeq + at + 1, digest: '' }));
    this.entries.push(...added);
    return Promise.resolve({ kind: 'appended', entries: added });
  }

  read(afterSeq: number, limit: number): Promise<readonly JournalEntry[]> {
    return Promise.resolve(this.entries.slice(afterSeq, afterSeq + limit));
  }

  readOn({ seq, digest }: ChainEnd, limit: number): Promise<ChainReading> {
    const entries = this.entries.slice(seq, seq + limit);
    return Promise.resolve({ kind: 'entries', entries, end: { seq: seq + entries.length, digest } });
  }

  lastSeq(): Promise<number> {
    return Promise.resolve(this.entries.length);
  }

  verify(): Promise<{ readonly kind: 'whole'; readonly entries: number; readonly digest: string }> {
    return Promise.resolve({ kind: 'whole', entries: this.entries.length, digest: '' });
  }

  subscribe(): () => void {
    return () => undefined;
  }
}

class Leases implements LeaseStore {
  answer: LeaseResult = { kind: 'held', fence: 7 };
  holds = true;

  acquire(): Promise<LeaseResult> {
    return Promise.resolve(this.answer);
  }

  renew(): Promise<boolean> {
    return Promise.resolve(this.holds);
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

let journal: SharedJournal;
let leases: Leases;
let leader: Leader;
let asked: number[];
let known: ReviewState;

beforeEach(() => {
  journal = new SharedJournal();
  leases = new Leases();
  asked = [];
  known = NOTHING_DECIDED;
  leader = new Leader({
    leases,
    raiseFence: () => Promise.resolve(true),
    holder: 'here',
    ttlMs: 60_000,
    onChange: () => undefined,
    onTrouble: (_what, error) => {
      throw error;
    },
  });
});

afterEach(() => leader.close());

async function desk(decision: ReviewDecision = { kind: 'events', events: [modeSet], notes: [] }): Promise<DecisionDesk> {
  await leader.start();
  const log = new ReviewLog(journal, (_entries, state) => {
    known = state;
  });
  const decide = (_command: ReviewCommand, _actor: Actor, seq: number): Promise<ReviewDecision> => {
    asked.push(seq);
    return Promise.resolve(decision);
  };
  return new DecisionDesk({ log, leader, decide, now: () => 1_000 });
}

describe('a command', () => {
  it('is acknowledged when it is in the journal, and then it is known', async () => {
    const made = await desk();
    expect(await made.command(setMode, alice)).toEqual({ kind: 'done', seq: 1, notes: [] });
    expect(journal.entries.map(({ at, seq }) => [at, seq])).toEqual([[1_000, 1]]);
    expect(known.modes.namespaces.get('shop')?.value).toBe('enforce');
  });

  it('is decided again on what is there now where somebody wrote in between', async () => {
    const made = await desk();
    journal.before = () => {
      void journal.append([{ at: 999, content: writeEvent({ kind: 'mode-set', scope: { kind: 'cluster' }, mode: 'audit', by: { kind: 'person', name: 'bob' } }) }], { expectedSeq: 0 });
    };
    expect(await made.command(setMode, alice)).toMatchObject({ kind: 'done', seq: 2 });
    expect(asked).toEqual([0, 1]);
    expect(known.modes.cluster?.value).toBe('audit');
  });

  it('leaves nothing behind where it is refused', async () => {
    const made = await desk({ kind: 'refused', diagnostics: [] });
    expect(await made.command(setMode, alice)).toEqual({ kind: 'refused', diagnostics: [] });
    expect(journal.entries).toEqual([]);
  });

  it('is not taken by who is not the leader, and says who is', async () => {
    leases.answer = { kind: 'taken', by: 'there', forMs: 1_000 };
    const made = await desk();
    expect(await made.command(setMode, alice)).toEqual({ kind: 'not leader', leader: 'there' });
    expect(asked).toEqual([]);
  });

  it('is not taken once somebody else leads, whatever this process believes', async () => {
    const made = await desk();
    journal.fence = 8;
    expect(await made.command(setMode, alice)).toEqual({ kind: 'not leader' });
    expect(leader.leadership.kind).toBe('follower');
    expect(journal.entries).toEqual([]);
  });

  it('is carried out after the one before it', async () => {
    const made = await desk();
    const results = await Promise.all([made.command(setMode, alice), made.command(setMode, alice), made.command(setMode, alice)]);
    expect(results.map((result) => (result.kind === 'done' ? result.seq : result.kind))).toEqual([1, 2, 3]);
    expect(asked).toEqual([0, 1, 2]);
  });

  it('stops where the journal holds what cannot be read', async () => {
    const made = await desk();
    journal.entries.push({ seq: 1, at: 0, digest: '', content: { kind: 'from the future' } });
    await expect(made.command(setMode, alice)).rejects.toThrow('read journal entry 1');
    expect(journal.entries.length).toBe(1);
  });
});
