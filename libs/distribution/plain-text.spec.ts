import { describe, expect, it } from '@jest/globals';

import { parseAddress } from '#model';

import { readPlain, writePlain } from './plain-text.ts';

describe('plain data with addresses in it', () => {
  it.each<[string, unknown]>([
    ['addresses of both families', { addresses: [parseAddress('192.0.2.7'), parseAddress('2001:db8::7')] }],
    ['labels that look like an address', { labels: { '@': '192.0.2.7' } }],
    ['labels that look like labels that look like an address', { labels: { '@@': '192.0.2.7' }, more: { '@@@': '@' } }],
    ['labels with the fields of an address', { labels: { bits: '1', text: '192.0.2.7', family: '4' } }],
    ['labels named as Object names its own', JSON.parse('{"__proto__": {"a": 1}, "constructor": "x"}')],
    ['lists, numbers and nothing', [1, 'a', null, true, [], {}]],
  ])('comes back as it was: %s', (_what, value) => {
    expect(readPlain(writePlain(value))).toEqual(value);
  });

  it.each(['', '{', '{"@":"nobody"}', '[{"@":7}]'])('is not read from %s', (text) => {
    expect(readPlain(text)).toBeUndefined();
  });
});
