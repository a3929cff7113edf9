import { describe, expect, it } from '@jest/globals';

import { type Json, workloadKey } from '#model';
import { currentRevision, NOTHING_DECIDED, readEvent, replayReview, type ReviewEntry, type ReviewEvent, revisionAt, revisionStatus, writeEvent } from '#review';

import { fuzzReview } from '../../test/support/fuzz-review.ts';
import { mutateJson } from '../../test/support/json-mutation.ts';
import { Random } from '../../test/support/random.ts';
import { ALICE, DB, dbProposal, WEB, webProposal } from '../../test/support/review-world.ts';

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);
const KINDS: readonly ReviewEvent['kind'][] = ['approved', 'edited', 'edits-discarded', 'fate-set', 'mode-set', 'node-removed', 'project-node-set', 'rejected', 'rolled-back', 'target-set', 'trials-confirmed', 'trials-retried'];

function throughJson(entry: ReviewEntry): ReviewEntry {
  const reading = readEvent(JSON.parse(JSON.stringify(writeEvent(entry.event))) as Json);
  if (reading.kind !== 'read') throw new Error(`${entry.event.kind}: ${reading.why}`);
  return { ...entry, event: reading.value };
}

describe('decisions at random', () => {
  it('come back from JSON exactly, and give the same state one by one, at once, and from the middle on', () => {
    const seen = new Set<string>();
    let revisions = 0;
    for (const seed of SEEDS) {
      const { entries, states } = fuzzReview(seed, new Random(seed), 60);
      const read = entries.map(throughJson);
      expect(read).toStrictEqual(entries);
      for (const { event } of entries) seen.add(event.kind);
      const last = states.at(-1) ?? NOTHING_DECIDED;
      revisions += last.revisions.length;
      expect(replayReview(read)).toEqual(last);
      const middle = Math.floor(entries.length / 2);
      expect(replayReview(read.slice(middle), states[middle - 1])).toEqual(last);
    }
    expect([...seen].sort()).toEqual(KINDS);
    expect(revisions).toBeGreaterThan(200);
  });

  it('never change a revision that was made', () => {
    for (const seed of SEEDS.slice(0, 20)) {
      const { states } = fuzzReview(seed, new Random(seed), 60);
      const last = states.at(-1) ?? NOTHING_DECIDED;
      for (const state of states) {
        expect(revisionAt(last, state.revisions.length)).toEqual(currentRevision(state));
        if (state.revisions.length > 0) expect(revisionStatus(state, state.revisions.length)).toBe('current');
      }
    }
  });

  it('that were tampered with are refused, or are what they say now and nothing more', () => {
    const outcomes = { read: 0, refused: 0 };
    for (const seed of SEEDS) {
      const random = new Random(seed + 7);
      for (const { event } of fuzzReview(seed, new Random(seed), 20).entries) {
        const changed = mutateJson(JSON.parse(JSON.stringify(writeEvent(event))) as Json, random);
        const reading = readEvent(changed);
        outcomes[reading.kind] += 1;
        if (reading.kind === 'read') expect(JSON.parse(JSON.stringify(writeEvent(reading.value)))).toEqual(changed);
      }
    }
    expect(outcomes.refused).toBeGreaterThan(200);
    expect(outcomes.read).toBeGreaterThan(10);
  });
});

describe('a journal', () => {
  const approved = (revision: number, base: number): ReviewEvent => ({ kind: 'approved', revision, base, workloads: [{ workload: WEB, hash: 'h', proposedHash: 'p', evidenceHash: 'e', proposal: webProposal, leftOut: [] }], by: ALICE, reason: 'x' });
  const entry = (seq: number, event: ReviewEvent): ReviewEntry => ({ seq, at: 1, event });

  it.each<[string, readonly ReviewEntry[], string]>([
    ['has a gap', [entry(2, approved(1, 0))], 'fold journal entry 2: the state ends with 0'],
    ['says an entry twice', [entry(1, approved(1, 0)), entry(1, approved(2, 1))], 'fold journal entry 1: the state ends with 1'],
    ['leaves a revision out', [entry(1, approved(2, 1))], 'fold revision 2 on 1: 0 is the current one'],
    ['makes a revision twice', [entry(1, approved(1, 0)), entry(2, approved(1, 0))], 'fold revision 1 on 0: 1 is the current one'],
    ['goes back to the future', [entry(1, { kind: 'rolled-back', revision: 1, base: 0, to: 1, by: ALICE, reason: 'x' })], 'fold revision 1: there is no revision 1 to go back to'],
  ])('that %s is not folded', (_what, entries, message) => {
    expect(() => replayReview(entries)).toThrow(message);
  });

  it.each<[string, (json: Record<string, unknown>) => void, string]>([
    ['from a newer release', (json) => (json['format'] = 3), 'event.format is 3: a newer release wrote it'],
    ['of another format than it says', (json) => (json['format'] = 2), 'event.format is 2, and what it holds is of format 1'],
    ['with what its format has no word for', (json) => ((json['workloads'] as Record<string, unknown>[])[0]!['quarantined'] = []), 'event.format is 1, and what it holds is of format 2'],
    ['of a kind nobody knows', (json) => (json['kind'] = 'approved-quietly'), 'event.kind is none of approved, rejected, edited, edits-discarded, rolled-back, mode-set, fate-set, target-set, trials-confirmed, trials-retried, project-node-set, node-removed'],
    ['with a field of another kind', (json) => (json['to'] = 3), 'event has a field "to" that is not known here'],
    ['with the proposal of another workload', (json) => ((json['workloads'] as Record<string, unknown>[])[0]!['workload'] = { ...DB }), 'event.workloads[0] holds the proposal of another workload'],
    ['by nobody', (json) => (json['by'] = { kind: 'person', name: '' }), 'event.by.name is empty'],
  ])('entry %s is refused', (_what, change, why) => {
    const json = JSON.parse(JSON.stringify(writeEvent(approved(1, 0)))) as Record<string, unknown>;
    change(json);
    expect(readEvent(json as unknown as Json)).toEqual({ kind: 'refused', why });
  });

  it.each<[string, ReviewEvent, number]>([
    ['an approval that left nothing out of quarantine', approved(1, 0), 1],
    ['one that did', { ...approved(1, 0), workloads: [{ workload: WEB, hash: 'h', proposedHash: 'p', evidenceHash: 'e', proposal: webProposal, leftOut: ['a'], quarantined: ['a'] }] } as ReviewEvent, 2],
    ['a rejection of an earlier release', { kind: 'rejected', workloads: [{ workload: WEB, hash: 'h', evidenceHash: 'e' }], by: ALICE, reason: 'x' }, 1],
    ['a rejection with what was rejected', { kind: 'rejected', workloads: [{ workload: WEB, hash: 'h', evidenceHash: 'e', proposal: webProposal }], by: ALICE, reason: 'x' }, 2],
  ])('entry with %s is read back, in the first format that could say it', (_what, event, format) => {
    const json = JSON.parse(JSON.stringify(writeEvent(event))) as Json;
    expect(json).toMatchObject({ format });
    expect(readEvent(json)).toEqual({ kind: 'read', value: event });
  });

  it('of ten thousand approvals is folded, and any revision of it found', () => {
    const workloads = Array.from({ length: 2_000 }, (_, at) => ({ ...dbProposal, workload: { ...DB, name: `db-${String(at)}` } }));
    const entries = Array.from({ length: 10_000 }, (_, at): ReviewEntry => {
      const proposal = workloads[at % workloads.length]!;
      return entry(at + 1, { kind: 'approved', revision: at + 1, base: at, workloads: [{ workload: proposal.workload, hash: 'h', proposedHash: 'p', evidenceHash: 'e', proposal, leftOut: [] }], by: ALICE, reason: 'x' });
    });
    const state = replayReview(entries);
    expect([state.revisions.length, state.approvals.size]).toEqual([10_000, 2_000]);
    expect(revisionAt(state, 9_999)?.policies.length).toBe(2_000);
    expect(state.approvals.get(workloadKey({ ...DB, name: 'db-0' }))?.revision).toBe(8_001);
  });
});
