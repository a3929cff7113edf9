import { describe, expect, it } from '@jest/globals';

import { splitList } from './list-items.ts';
import { readManifests } from './read-manifests.ts';

// Long enough to be taken apart; the value holds what looks like items and markers.
const filler = Array.from({ length: 2_000 }, (_, index) => `      - line ${index} of some text: with a colon`).join('\n');

function list(indent: string, tail = 'kind: List\nmetadata:\n  resourceVersion: ""\n'): string {
  const items = ['one', 'two', 'three'].map((name) =>
    ['- apiVersion: v1', '  data:', '    text: |', filler, '  kind: ConfigMap', '  metadata:', `    name: ${name}`].join('\n').replace(/^/gm, indent),
  );
  return `apiVersion: v1\nitems:\n${items.join('\n')}\n${tail}`;
}

describe('a long List', () => {
  it.each([[''], ['  ']])('is read item by item, indented by %j', (indent) => {
    const { manifests, diagnostics } = readManifests(list(indent), 'all.yaml');
    expect(diagnostics).toEqual([]);
    expect(manifests.map(({ name, origin }) => [name, origin.line])).toEqual([
      ['one', 3],
      ['two', 3 + 2_006],
      ['three', 3 + 2 * 2_006],
    ]);
    expect(new Set(manifests.map(({ body }) => JSON.stringify(body['data']))).size).toBe(1);
  });

  it('reads what follows the items', () => {
    const text = list('').replace('kind: List', 'kind: ConfigMapList').replaceAll('  kind: ConfigMap\n', '');
    expect(readManifests(text, 'all.yaml').manifests.map(({ objectKind }) => objectKind)).toEqual(['ConfigMap', 'ConfigMap', 'ConfigMap']);
  });

  it('costs only the item that is broken', () => {
    const broken = list('').replace('    name: two', '    name: "two');
    const { manifests, diagnostics } = readManifests(broken, 'all.yaml');
    expect(manifests.map(({ name }) => name)).toEqual(['one', 'three']);
    expect(diagnostics).toMatchObject([{ code: 'broken-yaml', severity: 'error' }]);
  });

  it.each([
    ['it is short', 'kind: List\nitems:\n- a: 1\n'],
    ['it has anchors', list('').replace('kind: ConfigMap', 'kind: &kind ConfigMap')],
    ['its items are in brackets', list('').replace('items:\n', 'items: [\n')],
    ['it is none', list('').replace('kind: List', 'kind: Other')],
  ])('is read in one piece where %s', (_name, text) => {
    expect(splitList({ text, line: 1 })).toBeUndefined();
  });
});
