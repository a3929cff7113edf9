import { describe, expect, it } from '@jest/globals';

import { splitDocuments } from './document-text.ts';

function split(text: string): readonly (readonly [number, string])[] {
  return [...splitDocuments(text)].map(({ line, text: part }) => [line, part.trim()]);
}

describe('splitting a stream', () => {
  it.each<[string, string, readonly (readonly [number, string])[]]>([
    ['nothing', '', []],
    ['comments only', '# a\n\n# b\n', []],
    ['one document', 'a: 1\n', [[1, 'a: 1']]],
    ['two documents', 'a: 1\n---\nb: 2\n', [[1, 'a: 1'], [2, 'b: 2']]],
    ['helm output', '---\n# Source: x/templates/a.yaml\na: 1\n---\n# Source: x/templates/b.yaml\n---\nb: 2', [[1, '# Source: x/templates/a.yaml\na: 1'], [6, 'b: 2']]],
    ['carriage returns', 'a: 1\r\n---\r\nb: 2\r\n', [[1, 'a: 1'], [2, 'b: 2']]],
    ['a byte order mark', '\uFEFFa: 1', [[1, 'a: 1']]],
    ['byte order marks of files laid end to end', '\uFEFFa: 1\n\uFEFF---\nb: 2\n---\n\uFEFFc: 3', [[1, 'a: 1'], [2, 'b: 2'], [4, 'c: 3']]],
    ['a directive', '%YAML 1.1\n---\na: 1', [[2, 'a: 1']]],
    ['an end marker', 'a: 1\n...\n---\nb: 2', [[1, 'a: 1'], [3, 'b: 2']]],
    ['content behind the marker', '--- {a: 1}\n--- # next\nb: 2', [[1, '{a: 1}'], [2, '# next\nb: 2']]],
    ['a marker inside block text', 'a: |\n  ---\n  x\n---\nb: 2', [[1, 'a: |\n  ---\n  x'], [4, 'b: 2']]],
    ['dashes that are no marker', 'a: |\n ----\n---x: 1\n', [[1, 'a: |\n ----\n---x: 1']]],
  ])('%s', (_name, text, documents) => {
    expect(split(text)).toEqual(documents);
  });
});
