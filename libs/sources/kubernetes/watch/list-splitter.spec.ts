import { describe, expect, it } from '@jest/globals';

import { ListSplitter } from './list-splitter.ts';

const items = [
  { metadata: { name: 'a', labels: { text: 'braces } ] { [ and "quotes" \\ and "items":[' } }, spec: { list: [[1], [{ items: [1, 2] }]] } },
  {},
  { metadata: { name: 'ünïcödé 🐘' }, data: { key: '\\"' } },
];
const frames = [
  { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7', continue: 'items', remainingItemCount: 3 } },
  { metadata: { name: '"items":[' } },
];

/** Takes a text apart in pieces of so many bytes. */
function split(text: string, size: number): { readonly frame: unknown; readonly items: readonly unknown[] } {
  const bytes = Buffer.from(text);
  const splitter = new ListSplitter();
  const found: unknown[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...splitter.push(bytes.subarray(at, at + size)));
  return { frame: splitter.frame, items: found };
}

describe('taking a list apart', () => {
  it.each([1, 2, 3, 7, 64, 100_000])('finds the items in pieces of %d bytes', (size) => {
    for (const frame of frames) {
      expect(split(JSON.stringify({ ...frame, items }), size)).toEqual({ frame: { ...frame, items: [] }, items });
      expect(split(`${JSON.stringify({ ...frame, items }, undefined, 2)}\n`, size)).toEqual({ frame: { ...frame, items: [] }, items });
      expect(split(JSON.stringify({ items, ...frame }), size)).toEqual({ frame: { items: [], ...frame }, items });
      expect(split(JSON.stringify({ ...frame, items: [] }), size)).toEqual({ frame: { ...frame, items: [] }, items: [] });
    }
  });

  it.each([1, 2, 3, 7, 64, 100_000])('leaves out what is managed and nothing else that is called so, in pieces of %d bytes', (size) => {
    const managed = [{ manager: 'kubelet', fieldsV1: { 'f:spec': { 'k:{"name":"a]"}': {}, list: [[1], ']}'] } } }];
    const item = (managedFields: readonly unknown[]): object => ({ metadata: { name: 'a', managedFields, labels: { managedFields: 'b' } }, spec: { managedFields: [1, { metadata: { managedFields: [2] } }] }, managedFields: [3] });
    const { items: found } = split(JSON.stringify({ metadata: {}, items: [item(managed), { metadata: { managedFields: managed } }, item([])] }), size) as { readonly items: readonly { readonly metadata: { readonly managedFields: readonly unknown[] } }[] };
    expect(found.map((each) => ({ ...each, metadata: { ...each.metadata, managedFields: [] } }))).toEqual([item([]), { metadata: { managedFields: [] } }, item([])]);
    if (size > 1_000) expect(found.every(({ metadata }) => metadata.managedFields.length === 0)).toBe(true);
  });

  it('knows what stands before the items when the first has come', () => {
    const splitter = new ListSplitter();
    const [first = ''] = JSON.stringify({ ...frames[0], items }).split('"spec"');
    splitter.push(Buffer.from(first));
    expect(splitter.frame).toEqual({ ...frames[0], items: [] });
  });

  it('takes a list without items for what it is', () => {
    expect(split('{"metadata":{},"items":null}', 5)).toEqual({ frame: { metadata: {}, items: null }, items: [] });
  });

  it.each([['{"kind":"PodList","items":[{"metadata":{'], ['{"kind":"PodList","items":[{}'], ['{"kind":"PodList"']])('does not take %s for a whole list', (text) => {
    const splitter = new ListSplitter();
    splitter.push(Buffer.from(text));
    // what came so far may be read once an item is there, and never as the end
    expect(splitter.isWhole).toBe(false);
  });

  it('throws for what is no JSON', () => {
    const splitter = new ListSplitter();
    splitter.push(Buffer.from('<html>'));
    expect(() => splitter.frame).toThrow();
  });

  it('throws for an answer without end', () => {
    const splitter = new ListSplitter();
    expect(() => {
      for (let turn = 0; turn < 100; turn += 1) splitter.push(Buffer.from(`"${'x'.repeat(100_000)}",`));
    }).toThrow('no list of objects');
  });

  it('throws for an item without end', () => {
    const splitter = new ListSplitter();
    splitter.push(Buffer.from('{"items":[{'));
    expect(() => {
      for (let turn = 0; turn < 400; turn += 1) splitter.push(Buffer.from(`"${'x'.repeat(100_000)}",`));
    }).toThrow('longer than any can be');
  });
});
