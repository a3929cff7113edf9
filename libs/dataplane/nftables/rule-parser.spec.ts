import { describe, expect, it } from '@jest/globals';

import { parseRule, UnknownRuleError } from './rule-parser.ts';

// that what is read means what nft makes of it is for test/kernel/driver-listing.spec.ts
describe('a rule as text', () => {
  it('becomes the steps the kernel runs', () => {
    expect(parseRule('ip saddr @peers meta l4proto . th dport @ports ct mark set ct mark & 0xfffff000 | 0x00000011 goto stamp').expressions).toEqual([
      { kind: 'meta', register: 1, key: 15 },
      { kind: 'compare', register: 1, operator: '==', value: '02' },
      { kind: 'payload', register: 1, base: 1, offset: 12, size: 4 },
      { kind: 'lookup', register: 1, set: 'peers', isVerdict: false, isInverted: false },
      { kind: 'meta', register: 1, key: 16 },
      { kind: 'payload', register: 9, base: 2, offset: 2, size: 2 },
      { kind: 'lookup', register: 1, set: 'ports', isVerdict: false, isInverted: false },
      { kind: 'ct', register: 1, key: 3 },
      { kind: 'bitwise', register: 1, size: 4, mask: '00f0ffff', xor: '11000000' },
      { kind: 'ct-set', register: 1, key: 3 },
      { kind: 'verdict', code: -4, chain: 'stamp' },
    ]);
  });

  it('asks for a family once', () => {
    const kinds = parseRule('ip saddr @a ip daddr @b accept').expressions.map(({ kind }) => kind);
    expect(kinds).toEqual(['meta', 'compare', 'payload', 'lookup', 'payload', 'lookup', 'verdict']);
  });

  it.each<[string, string]>([
    ['a statement it does not know', 'masquerade'],
    ['a field it does not know', 'ether saddr 00:00:5e:00:53:01 accept'],
    ['a field of an object', '__proto__ accept'],
    ['a value of another kind', 'ip saddr 2001:db8::1 accept'],
    ['an address out of range', 'ip saddr 192.0.2.256 accept'],
    ['an octal address', 'ip saddr 192.0.02.1 accept'],
    ['a port out of range', 'tcp dport 65536 accept'],
    ['a port that is a name', 'tcp dport ssh accept'],
    ['a range the wrong way round', 'tcp dport 20-10 accept'],
    ['a range of numbers in the machine\'s order', 'meta mark 1-256 accept'],
    ['a prefix that is too long', 'ip saddr 192.0.2.0/33 accept'],
    ['two families at once', 'ip saddr @a ip6 saddr @b accept'],
    ['two protocols at once', 'tcp dport 1 udp dport 1 accept'],
    ['a set of several fields written out', 'ip saddr . ip daddr { 192.0.2.1 } accept'],
    ['a verdict without a chain', 'ip saddr @a jump'],
    ['a chain with a hostile name', 'jump a;flush'],
    ['an order on a set', 'ip saddr < @a accept'],
    ['an unfinished set', 'tcp dport { 1, 2 accept'],
    ['an empty set', 'tcp dport { } accept'],
    ['a wildcard', 'iifname "veth*" accept'],
    ['an unfinished text', 'log prefix "a group 7'],
    ['a quote inside of a text', 'log prefix "a"b" group 7'],
    ['a log to nowhere', 'log prefix "a"'],
    ['a limit without a rate', 'limit burst 5 packets'],
    ['raw bits that are no bytes', '@ih,4,4 1 accept'],
    ['a line break and more', 'accept\nflush ruleset'],
    ['a semicolon', 'accept; drop'],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseRule(text)).toThrow(UnknownRuleError);
  });
});
