import { describe, expect, it } from '@jest/globals';

import { printableJson, quotable, slug } from './printable-text.ts';

describe('a text between quotes', () => {
  it.each([
    ['plain text', 'plain text'],
    ['a "quoted" \\ text', 'a ?quoted? ? text'],
    ['line\r\nbreak', 'line?break'],
    ['\u001b[31mred\u009b', '?[31mred?'],
    ['', ''],
  ])('%j', (text, safe) => {
    expect(quotable(text)).toBe(safe);
  });

  it('is never longer than a comment may be', () => {
    expect(quotable('x'.repeat(10_000))).toHaveLength(127);
    expect(quotable('x'.repeat(127))).toBe('x'.repeat(127));
    expect(quotable('"'.repeat(10_000))).toBe('?');
  });
});

describe('a line of JSON', () => {
  it.each(['line\nbreak', '\u202e\u009b\u2028', 'ü', '😀', '"\\'])('is one line of printable ASCII and reads back: %j', (text) => {
    const line = printableJson({ text });
    expect(line).toMatch(/^[ -~]*$/);
    expect(JSON.parse(line)).toEqual({ text });
  });
});

describe('the readable part of a name', () => {
  it.each([
    ['NetworkPolicy shop/web', 'web'],
    ['learned shop/Deployment/web-frontend-with-a-long-name', 'web_frontend_wit'],
    ['pods app=db,tier=back in namespace shop', 'shop'],
    ['*', 'x'],
    ['', 'x'],
    ['a"; flush ruleset; #', 'ruleset'],
    ['Ünïcode', 'n_code'],
  ])('%j', (text, part) => {
    expect(slug(text)).toBe(part);
  });
});
