import { expect, it } from '@jest/globals';

import { splitWords } from './command-words.ts';

it.each([
  ['', []],
  ['  a   b ', ['a', 'b']],
  ["sh -c 'wait-for db:5432 && run'", ['sh', '-c', 'wait-for db:5432 && run']],
  ['a "b c"d', ['a', 'b cd']],
  ['a ""', ['a', '']],
  ['"a \\" b" \'c \\\' d', ['a " b', 'c \\', 'd']],
  ['a\\ b', ['a b']],
  ['a \\\nb', ['a', 'b']],
  ['"a\\nb"', ['a\\nb']],
  ["never 'closed here", ['never', 'closed here']],
  ['--url=http://api:8080/?a=b', ['--url=http://api:8080/?a=b']],
])('%j is split into %j', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});
