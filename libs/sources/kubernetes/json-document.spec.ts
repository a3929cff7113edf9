import { describe, expect, it } from '@jest/globals';

import { readJsonDocument } from './json-document.ts';

describe('a JSON document', () => {
  it.each([
    ['an object', '{"a": 1}', { a: 1 }],
    ['a list', ' [1, {"a": 1}, {"a": 2}]', [1, { a: 1 }, { a: 2 }]],
    ['brackets and quotes inside text', '{"a": "[{\\"", "b": "\\\\"}', { a: '[{"', b: '\\' }],
    ['one key at two levels', '{"a": {"a": {"a": 1}}, "b": {"a": 2}}', { a: { a: { a: 1 } }, b: { a: 2 } }],
  ])('is read: %s', (_name, text, value) => {
    expect(readJsonDocument(text)).toMatchObject({ value });
  });

  it.each([['a: 1'], ['{a: 1}'], ['{"a": 1} {"b": 2}'], ['']])('is not %j', (text) => {
    expect(readJsonDocument(text)).toBeUndefined();
  });

  it.each([
    ['nesting without end', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, { code: 'too-deep', line: 1 }],
  ])('is refused: %s', (_name, text, problem) => {
    expect(readJsonDocument(text)).toMatchObject([problem]);
  });

  it.each([
    ['a key twice', '{"a": 1,\n "b": [1, 2],\n "a": 2}', { a: 2, b: [1, 2] }, { line: 3, message: expect.stringContaining('lines 1 and 3') }],
    ['a key twice, written differently', '{"a": 1, "\\u0061": 2}', { a: 2 }, { line: 1 }],
  ])('takes the later of two, and tells: %s', (_name, text, value, duplicate) => {
    expect(readJsonDocument(text)).toMatchObject({ value, duplicates: [{ code: 'duplicate-key', ...duplicate }] });
  });

  it('reads a text of megabytes without running out of stack', () => {
    const text = JSON.stringify({ a: '\\"\n'.repeat(1_000_000) });
    expect(readJsonDocument(text)).toHaveProperty('value');
  });
});
