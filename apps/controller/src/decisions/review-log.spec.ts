import { describe, expect, it } from '@jest/globals';

import { type ReviewEvent, writeEvent } from '#review';
import { MemoryMedium, MemoryStore } from '#store';

import { ReviewLog } from './review-log.ts';

const by = { kind: 'person', name: 'alice' } as const;
const audit: ReviewEvent = { kind: 'mode-set', scope: { kind: 'cluster' }, mode: 'audit', by };
const target: ReviewEvent = { kind: 'target-set', namespace: 'shop', target: 'folder', by };

async function written(): Promise<MemoryMedium> {
  const medium = new MemoryMedium();
  const log = new ReviewLog(new MemoryStore({ medium }).journal, () => undefined);
  await log.append([audit, target], 1_000, 1);
  return medium;
}

function logOf(medium: MemoryMedium): ReviewLog {
  return new ReviewLog(new MemoryStore({ medium }).journal, () => undefined);
}

describe('a log of decisions', () => {
  it('begins with everything that was decided', async () => {
    const log = logOf(await written());
    await log.begin();
    expect([log.state.seq, log.state.modes.cluster?.value, log.state.targets.get('shop')?.value]).toEqual([2, 'audit', 'folder']);
  });

  it('does not begin where somebody changed what was decided', async () => {
    const medium = await written();
    medium.entries[0] = { ...medium.entries[0]!, text: medium.entries[0]!.text.replace('audit', 'observe') };
    const log = logOf(medium);
    await expect(log.begin()).rejects.toThrow('read the journal: entry 1, or one before it, is not what was written');
    expect(log.state.seq).toBe(0);
  });

  it('does not begin where a decision was taken out', async () => {
    const medium = await written();
    medium.entries.splice(0, 1);
    await expect(logOf(medium).begin()).rejects.toThrow('read the journal: entry 1 is missing');
  });

  it('follows nothing that somebody without the key puts there while it runs, and decides nothing on it', async () => {
    const medium = new MemoryMedium();
    const log = new ReviewLog(new MemoryStore({ medium, journalKey: Buffer.from('ours') }).journal, () => undefined);
    await log.append([audit], 1_000, 1);
    const { end } = log;
    expect(end).toMatchObject({ seq: 1, digest: expect.stringMatching(/^hmac-sha256:/) as unknown });
    await new MemoryStore({ medium }).journal.append([{ at: 1, content: writeEvent(target) }], { expectedSeq: 1 });
    await expect(log.catchUp()).rejects.toMatchObject({ code: 'unreadable', message: expect.stringContaining('entry 2 is not sealed') as unknown });
    expect(await log.append([audit], 1_000, 1)).toEqual({ kind: 'conflict', lastSeq: 2 });
    expect([log.state.seq, log.end]).toEqual([1, end]);
    // nor an end that was changed under it
    medium.entries.splice(0, 2, { ...medium.entries[0]!, digest: 'another' });
    await expect(log.append([audit], 1_000, 1)).rejects.toMatchObject({ code: 'unreadable' });
  });
});
