import { describe, expect, it } from '@jest/globals';

import { interpolate } from './interpolation.ts';

const variables = new Map([
  ['A', 'one'],
  ['EMPTY', ''],
  ['B_2', 'two'],
  ['__proto__', 'plain'],
]);

describe('interpolate', () => {
  it.each([
    ['no variable', 'no variable'],
    ['$A-$B_2', 'one-two'],
    ['${A}x', 'onex'],
    ['$Ax', ''],
    ['$$A and $${A}', '$A and ${A}'],
    ['$$$A', '$one'],
    ['${A:-d}', 'one'],
    ['${EMPTY:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${NONE-d}', 'd'],
    ['${NONE:-}', ''],
    ['${NONE:-a:b-c}', 'a:b-c'],
    ['${NONE:-${A}}', 'one'],
    ['${NONE:-${NO:-${B_2}}}/x', 'two/x'],
    ['${NONE:-{"a": 1}}', '{"a": 1}'],
    ['${A:+yes}', 'yes'],
    ['${EMPTY:+yes}', ''],
    ['${EMPTY+yes}', 'yes'],
    ['${NONE+yes}', ''],
    ['${A:?gone}', 'one'],
    ['${EMPTY?gone}', ''],
    ['${__proto__}', 'plain'],
    ['${constructor:-own}', 'own'],
    ['postgres://u:${PW:-p}@db:5432/x', 'postgres://u:p@db:5432/x'],
  ])('%s reads %s', (template, text) => {
    expect(interpolate(template, variables).text).toBe(text);
  });

  it.each([
    ['$NONE ${NONE2}', ['NONE', 'NONE2']],
    ['${EMPTY}', []],
    ['${NONE:-${DEEPER}}', ['DEEPER']],
    ['${NONE+x}', []],
  ])('%s misses %j', (template, unset) => {
    expect(interpolate(template, variables).unset).toEqual(unset);
  });

  it('tells what is required', () => {
    expect(interpolate('${NONE:?set $A please}', variables)).toMatchObject({ text: '', required: [{ name: 'NONE', message: 'set one please' }] });
  });

  it.each(['$', 'a$', '$1', '$(date)', '${', '${A', '${}', '${1}', '${A/x/y}', '${A:x}', '${A x}', `${'${NONE:-'.repeat(40)}x${'}'.repeat(40)}`])(
    'leaves %s as it stands',
    (template) => {
      const { text, invalid } = interpolate(template, variables);
      expect(invalid).not.toEqual([]);
      expect(text).toContain('$');
    },
  );
});
