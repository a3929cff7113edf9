import { describe, expect, it } from '@jest/globals';

import { withoutRanges } from './host-range.ts';

describe('withoutRanges', () => {
  it.each([
    ['a{1...3}', ['a1', 'a2', 'a3']],
    ['a{01..03}', ['a01', 'a02', 'a03']],
    ['a{0..1}/b{4...9}', ['a0/b4', 'a1/b4']],
    ['no range', ['no range']],
    ['a{3...1}', ['a{3...1}']],
    ['a{1...99999}', ['a{1...99999}']],
    ['${A}{}', ['${A}{}']],
    [`a{1...3}${'x'.repeat(2000)}`, [`a{1...3}${'x'.repeat(2000)}`]],
  ])('%s', (text, expected) => {
    expect(withoutRanges(text)).toEqual(expected);
  });
});
