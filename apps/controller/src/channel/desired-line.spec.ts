import { describe, expect, it } from '@jest/globals';

import type { DesiredBundle } from '#distribution';

import { DesiredLine } from './desired-line.ts';

function desired(version: number, more: Partial<DesiredBundle> = {}): DesiredBundle {
  const before = { revision: 1, hash: `h${String(version - 1)}` };
  return { node: 'n1', version, revision: 1, hash: `h${String(version)}`, ...(version === 1 ? {} : { delta: { ...before, text: `to ${String(version)}` } }), ...more };
}

function mark(version: number): { readonly revision: number; readonly hash: string } {
  return { revision: 1, hash: `h${String(version)}` };
}

function lineTo(version: number): DesiredLine {
  const line = new DesiredLine(desired(1));
  for (let at = 2; at <= version; at += 1) line.push(desired(at));
  return line;
}

describe('what is desired of a node', () => {
  it('is a snapshot away for who has nothing, or something nobody knows', () => {
    expect([lineTo(3).from(undefined), lineTo(3).from({ revision: 7, hash: 'h1' })]).toEqual([{ kind: 'snapshot' }, { kind: 'snapshot' }]);
  });

  it('is there already for who has the newest', () => {
    expect(lineTo(3).from(mark(3))).toEqual({ kind: 'same' });
  });

  it('is some changes away for who has one of the last', () => {
    expect(lineTo(4).from(mark(2))).toEqual({ kind: 'deltas', texts: ['to 3', 'to 4'] });
  });

  it('takes the shortest way where it was the same twice', () => {
    const line = lineTo(3);
    line.push({ ...desired(4), hash: 'h1', delta: { ...mark(3), text: 'back to 1' } });
    line.push({ ...desired(5), delta: { ...mark(1), text: 'from 1 to 5' } });
    expect(line.from(mark(1))).toEqual({ kind: 'deltas', texts: ['from 1 to 5'] });
  });

  it('has no way past a bundle that came without one, or from somewhere else', () => {
    const line = lineTo(3);
    const { node, version, revision, hash } = desired(4);
    line.push({ node, version, revision, hash });
    expect(line.from(mark(3))).toEqual({ kind: 'snapshot' });
    line.push(desired(5));
    line.push({ ...desired(6), delta: { revision: 1, hash: 'elsewhere', text: 'x' } });
    expect([line.from(mark(5)), line.from(mark(4))]).toEqual([{ kind: 'snapshot' }, { kind: 'snapshot' }]);
  });

  it('keeps no more ways than are worth it', () => {
    const far = lineTo(100).from(mark(40));
    expect([lineTo(100).from(mark(1)).kind, far.kind, far.kind === 'deltas' ? far.texts.length : 0]).toEqual(['snapshot', 'deltas', 60]);
    const line = lineTo(1);
    line.push(desired(2, { delta: { ...mark(1), text: 'x'.repeat(300_000) } }));
    expect(line.from(mark(1))).toEqual({ kind: 'snapshot' });
    line.push(desired(3));
    expect(line.from(mark(2))).toEqual({ kind: 'deltas', texts: ['to 3'] });
  });
});
