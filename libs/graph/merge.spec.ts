import { describe, expect, it } from '@jest/globals';

import { relationship } from '../../test/support/worlds.ts';
import { mergeRelationships } from './merge.ts';

const WEB = 'shop/Deployment/web';
const DB = 'shop/StatefulSet/db';

function said(source: string, where: string): { readonly evidence: [{ kind: 'declared'; source: string; where: string; text: string }] } {
  return { evidence: [{ kind: 'declared', source, where, text: `seen in ${where}` }] };
}

describe('merging relationships', () => {
  it('makes one of all that say the same', () => {
    const merged = mergeRelationships([
      relationship(WEB, DB, 5432, { confidence: 0.9, ...said('env', 'b.yaml:2') }),
      relationship(WEB, DB, 5432, { confidence: 0.8, ...said('args', 'a.yaml:1') }),
      relationship(WEB, DB, 5432, { confidence: 0.9, ...said('env', 'b.yaml:2') }),
    ]);
    expect(merged.map(({ confidence, evidence }) => [confidence, evidence.map(({ where }) => where)])).toEqual([[0.95, ['a.yaml:1', 'b.yaml:2']]]);
  });

  it.each([
    ['another port', relationship(WEB, DB, 5433)],
    ['another protocol', relationship(WEB, DB, 5432, { protocol: 'UDP' })],
    ['another server', relationship(WEB, 'shop/StatefulSet/other', 5432)],
    ['another external host', relationship(WEB, 'internet', 5432, { host: 'db.example.com' })],
    ['the other way round', relationship(DB, WEB, 5432)],
    ['no port', relationship(WEB, DB, null)],
  ])('keeps %s apart', (_, other) => {
    expect(mergeRelationships([relationship(WEB, DB, 5432), other])).toHaveLength(2);
  });

  it('is strong if anything is, and as sure as the strong evidence makes it', () => {
    const [merged] = mergeRelationships([relationship(WEB, DB, 5432, { tier: 'weak', confidence: 0.99 }), relationship(WEB, DB, 5432, { tier: 'strong', confidence: 0.7 })]);
    expect(merged).toMatchObject({ tier: 'strong', confidence: 0.7 });
  });

  it('takes the protocol spoken from the surest, and by name among equals', () => {
    const named = (application: string, confidence: number): ReturnType<typeof relationship> => relationship(WEB, DB, 5432, { application, confidence });
    expect(mergeRelationships([named('mysql', 0.5), named('postgresql', 0.9)])[0]?.application).toBe('postgresql');
    expect(mergeRelationships([named('b', 0.9), named('a', 0.9)])[0]?.application).toBe('a');
  });

  it('keeps at most twelve pieces of evidence, the first in order', () => {
    const many = Array.from({ length: 40 }, (_, index) => relationship(WEB, DB, 5432, said('env', `file-${String(index).padStart(2, '0')}.yaml:1`)));
    const [merged] = mergeRelationships(many.toReversed());
    expect(merged?.evidence).toHaveLength(12);
    expect(merged?.evidence[0]?.where).toBe('file-00.yaml:1');
    expect(merged?.confidence).toBe(0.95);
  });

  it('gives the same, whatever order things came in', () => {
    const all = [relationship(WEB, DB, 5432), relationship(WEB, DB, 80), relationship(DB, WEB, 9), relationship('internet', WEB, 443), relationship(WEB, 'internet', null, { host: 'a.example' })];
    expect(mergeRelationships(all.toReversed())).toEqual(mergeRelationships(all));
    expect(mergeRelationships(all).map(({ port }) => port)).toEqual([443, null, 80, 5432, 9]);
  });
});
