import { describe, expect, it } from '@jest/globals';

import type { SourceUpdate } from '#model';

import { type FeedItem, UpdateFeed } from './update-feed.ts';

function update(key: string, text: string): SourceUpdate {
  return { source: 's', key, value: { kind: 'manifest', apiVersion: 'v1', objectKind: 'Pod', namespace: 'x', name: key, body: { text }, origin: { file: text, line: 1 } } };
}

function shown(item: FeedItem): string {
  return item.kind === 'in-sync' ? `${item.source} ${item.isInSync ? 'in sync' : 'behind'}` : `${item.update.key}=${item.update.value?.kind === 'manifest' ? item.update.value.origin.file : 'gone'}`;
}

function feed(): { readonly made: UpdateFeed; readonly batches: string[][] } {
  const batches: string[][] = [];
  return { made: new UpdateFeed((items) => batches.push(items.map(shown))), batches };
}

describe('what is fed to a pipeline', () => {
  const busy = (made: UpdateFeed): void => {
    // as much as may be under way
    for (let at = 0; at < 4; at += 1) made.update(update(`busy ${String(at)}`, '1'));
  };

  it('goes out at once where the pipeline has nothing to do', () => {
    const { made, batches } = feed();
    made.update(update('a', '1'));
    expect(batches).toEqual([['a=1']]);
  });

  it('waits while enough is under way, and then the last word for an object goes', () => {
    const { made, batches } = feed();
    busy(made);
    made.update(update('a', '1'));
    made.update(update('b', '1'));
    made.update(update('b', '2'));
    made.update({ source: 's', key: 'a', value: undefined });
    expect([batches.length, made.waiting]).toEqual([4, 2]);
    made.taken();
    expect(batches[4]).toEqual(['a=gone', 'b=2']);
  });

  it('says that a source is in sync after everything it said before, and not before', () => {
    const { made, batches } = feed();
    busy(made);
    made.update(update('b', '1'));
    made.setInSync('s', true);
    made.update(update('b', '2'));
    made.update(update('c', '1'));
    made.taken();
    expect(batches[4]).toEqual(['b=2', 's in sync', 'c=1']);
    made.setInSync('s', false);
    made.update(update('d', '1'));
    made.setInSync('s', true);
    made.taken();
    expect(batches[5]).toEqual(['d=1', 's in sync']);
  });

  it('is cut into batches', () => {
    const { made, batches } = feed();
    busy(made);
    for (let at = 0; at < 2_500; at += 1) made.update(update(`p${String(at)}`, '1'));
    made.taken();
    made.taken();
    made.taken();
    expect(batches.slice(4).map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  });
});
