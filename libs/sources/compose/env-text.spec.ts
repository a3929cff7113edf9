import { describe, expect, it } from '@jest/globals';

import { parseEnvText } from './env-text.ts';

const variables = new Map([['OUTER', 'outer']]);

describe('a line of an env file', () => {
  it.each([
    ['VAR=VAL', 'VAL'],
    ['export VAR=VAL', 'VAL'],
    ['VAR: VAL', 'VAL'],
    ['VAR = VAL ', 'VAL'],
    ['VAR=', ''],
    ['VAR=""', ''],
    ['VAR="VAL"', 'VAL'],
    ["VAR='VAL'", 'VAL'],
    ['VAR=VAL # comment', 'VAL'],
    ['VAR=VAL# no comment', 'VAL# no comment'],
    ['VAR="VAL # no comment"', 'VAL # no comment'],
    ['VAR="VAL" # comment', 'VAL'],
    ["VAR='$OUTER'", '$OUTER'],
    ['VAR=$OUTER', 'outer'],
    ['VAR="${OUTER}/x"', 'outer/x'],
    ['VAR="\\$OUTER"', '$OUTER'],
    ["VAR='Let\\'s go!'", "Let's go!"],
    ['VAR="{\\"hello\\": \\"json\\"}"', '{"hello": "json"}'],
    ['VAR="some\\tvalue"', 'some\tvalue'],
    ["VAR='some\\tvalue'", 'some\\tvalue'],
    ['VAR=some\\tvalue', 'some\\tvalue'],
    ['VAR="two\nlines"', 'two\nlines'],
    ['VAR="never closed', '"never closed'],
    ['VAR=postgres://u:p@db:5432/x?a=b', 'postgres://u:p@db:5432/x?a=b'],
    ['VAR', undefined],
  ])('%s', (text, value) => {
    expect(parseEnvText(text, variables).lines).toMatchObject([{ name: 'VAR', value, line: 1 }]);
  });

  it('sees the lines above it', () => {
    const { lines } = parseEnvText('# c\n\nHOST=db\nURL=pg://${HOST}:5432\r\n', variables);
    expect(lines).toMatchObject([
      { name: 'HOST', line: 3 },
      { name: 'URL', value: 'pg://db:5432', line: 4 },
    ]);
  });

  it('is taken as it stands in the raw format', () => {
    expect(parseEnvText('A="$OUTER" # x', variables, 'raw').lines).toMatchObject([{ value: '"$OUTER" # x' }]);
  });

  it('says when a variable in it has no value', () => {
    expect(parseEnvText('A=$NONE\nB=x', variables).lines.map(({ hasUnset }) => hasUnset)).toEqual([true, false]);
  });

  it.each(['=x', '1A=x', 'a b=c', '{"json": 1}'])('%s is none', (text) => {
    expect(parseEnvText(`OK=1\n${text}`, variables)).toMatchObject({ lines: [{ name: 'OK' }], badLines: [2] });
  });
});
