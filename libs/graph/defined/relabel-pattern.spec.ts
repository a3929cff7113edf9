import { describe, expect, it } from '@jest/globals';

import { matchesPattern } from './relabel-pattern.ts';

describe('a relabelling pattern', () => {
  it.each([
    ['true', 'true', true],
    ['true', 'truer', false],
    ['.*admin$', 'linkerd-admin', true],
    ['.*admin$', 'admin-http', false],
    ['.+', '', false],
    ['(.+)', 'x', true],
    ['^proxy;admin;(a|b)$', 'proxy;admin;b', true],
    ['(mirror|controller);.*-admin$', 'controller;x-admin', true],
    ['(mirror|controller);.*-admin$', 'other;x-admin', false],
    ['(Pending|Running)', 'Running', true],
    ['web|api', 'api', true],
    ['a\\.b', 'a.b', true],
    ['a\\.b', 'axb', false],
    ['a.b', 'axb', true],
    ['[a-z]+', 'x', undefined],
    ['(a|b)*', 'a', undefined],
    ['a|(b|c)d', 'a', undefined],
    ['x'.repeat(2000), 'x', undefined],
  ])('%j on %j says %s', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('takes no longer than the product of both lengths', () => {
    expect(matchesPattern('.*a'.repeat(300), 'a'.repeat(50_000) + 'b')).toBe(true);
    expect(matchesPattern('.*a'.repeat(300), 'b'.repeat(50_000))).toBe(false);
  });
});
