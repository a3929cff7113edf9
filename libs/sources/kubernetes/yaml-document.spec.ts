import { describe, expect, it } from '@jest/globals';

import { READ_LIMITS } from './read-limits.ts';
import { type ReadDocument, readYamlDocument } from './yaml-document.ts';

function read(text: string): ReadDocument {
  const result = readYamlDocument({ text, line: 1 });
  if (!('value' in result)) throw new Error(`read: ${result[0]?.message ?? 'no problem'}`);
  return result;
}

function problems(text: string, line = 1): readonly string[] {
  const result = readYamlDocument({ text, line });
  return 'value' in result ? [] : result.map((problem) => `${problem.line} ${problem.code}`);
}

describe('a YAML document', () => {
  it.each([
    ['quoted words stay text', `a: "yes"\nb: 'on'\nc: "010"`, { a: 'yes', b: 'on', c: '010' }],
    ['plain words do not', 'a: yes\nb: 010\nc: 0x10', { a: true, b: 8, c: 16 }],
    ['keys are text', 'on: 1\n010: 2\n1.5: 3', { true: 1, '8': 2, '1.5': 3 }],
    ['block text keeps its words', 'a: |\n  yes\nb: >\n  on', { a: 'yes\n', b: 'on\n' }],
    ['tags decide', 'a: !!str 010\nb: !!int "8"\nc: !custom yes\nd: !!binary aGVsbG8=', { a: '010', b: 8, c: 'yes', d: 'hello' }],
    ['merge keys, the own key first', 'a: &a {p: 1, q: 2}\nb:\n  <<: *a\n  q: 3', { a: { p: 1, q: 2 }, b: { q: 3, p: 1 } }],
    ['merge lists, the earlier first', 'a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc:\n  <<: [*a, *b]', { a: { p: 1 }, b: { p: 2, q: 2 }, c: { p: 1, q: 2 } }],
    ['a quoted << is a key', '"<<": {x: 1}', { '<<': { x: 1 } }],
    ['aliases', 'a: &a [1, 2]\nb: *a', { a: [1, 2], b: [1, 2] }],
    ['an anchor used again', 'a: &x 1\nb: *x\nc: &x 2\nd: *x', { a: 1, b: 1, c: 2, d: 2 }],
    ['a bracket at the start of a line', 'a: [\n  "b"\n]', { a: ['b'] }],
    ['empty values', 'a:\nb: ~\nc: ""', { a: null, b: null, c: '' }],
  ])('%s', (_name, text, value) => {
    expect(read(text).value).toEqual(value);
  });

  it('keeps __proto__ as a key like any other', () => {
    const { value } = read('__proto__: {x: 1}\nconstructor: y');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('knows on which lines containers and variables start', () => {
    const { value, lines } = read('spec:\n  containers:\n    - name: a\n      env:\n        - name: X\n        - name: Y\n');
    const container = (value as { spec: { containers: { env: object[] }[] } }).spec.containers[0]!;
    expect([lines.get(container), ...container.env.map((entry) => lines.get(entry))]).toEqual([3, 5, 6]);
  });

  it.each([
    ['a mapping as a key', '{a: 1}: b', ['1 bad-key']],
    ['an empty key', ': b', ['1 bad-key']],
    ['an alias before its anchor', 'a: *x\nb: &x 1', ['1 unknown-alias']],
    ['an alias inside its anchor', 'a: &x [*x]', ['1 unknown-alias']],
    ['a merge of text', 'a: &x y\nb:\n  <<: *x', ['3 bad-merge']],
    ['an open quote', 'a: "b\nc: d', ['2 broken-yaml']],
    ['a tab', 'a:\n\tb: 1', ['2 broken-yaml']],
    ['a stray mapping', 'a: b: c', ['1 broken-yaml']],
  ])('refuses %s', (_name, text, expected) => {
    expect(problems(text).slice(0, 1)).toEqual(expected);
  });

  it.each([
    ['a key twice', 'a: 1\nb: 2\na: 3', { a: 3, b: 2 }, 'lines 1 and 3'],
    ['a key twice, written differently', 'yes: 1\ntrue: 2', { true: 2 }, 'lines 1 and 2'],
    ['a mapping twice, whole', 'a: {u: 1}\na: {v: 2}', { a: { v: 2 } }, 'lines 1 and 2'],
    ['a key of a merged mapping too', 'b: &b {u: 1}\na:\n  <<: *b\n  v: 1\n  v: 2', { b: { u: 1 }, a: { u: 1, v: 2 } }, 'lines 4 and 5'],
  ])('takes the later of two, and tells: %s', (_name, text, value, lines) => {
    expect(read(text)).toMatchObject({ value, duplicates: [{ code: 'duplicate-key', message: expect.stringContaining(lines) }] });
  });

  it('names the line of the file, not of the document', () => {
    expect(problems('a: 1\n: 2', 40)).toEqual(['41 bad-key']);
  });

  it('refuses an alias bomb without writing it out', () => {
    const letters = 'abcdefghij';
    const lines = Array.from(letters, (name, index) => `${name}: &${name} [${Array<string>(9).fill(index === 0 ? 'x' : `*${letters.charAt(index - 1)}`).join(', ')}]`);
    expect(problems(lines.join('\n'))[0]).toMatch(/alias-bomb/);
  });

  it.each([
    ['brackets', '['.repeat(50_000)],
    ['braces', `${'{'.repeat(50_000)}${'}'.repeat(50_000)}`],
    ['dashes', '- '.repeat(20_000)],
    ['indentation', Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['just more than allowed', `a: ${'['.repeat(READ_LIMITS.depth)}${']'.repeat(READ_LIMITS.depth)}`],
  ])('refuses nesting without end: %s', (_name, text) => {
    expect(problems(text)[0]).toMatch(/too-deep/);
  });

  it.each([
    ['commas', `[${','.repeat(READ_LIMITS.lexemes)}]`],
    ['blank lines', `a: 1${'\n'.repeat(READ_LIMITS.lexemes)}b: 2`],
  ])('stops reading at a million words: %s', (_name, text) => {
    expect(problems(text)).toEqual(['1 too-large']);
  });

  it('quotes nothing of a broken document, for it may hold a secret', () => {
    const result = readYamlDocument({ text: 'data:\n  password: @hunter2\n  token: "\\qhunter3"\n', line: 1 });
    expect(JSON.stringify(result)).not.toMatch(/hunter/);
    expect(result).toHaveLength(2);
  });
});
