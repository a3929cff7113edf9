import { describe, expect, it } from '@jest/globals';

import { cleanText } from './clean-text.ts';

describe('text from a manifest on a terminal', () => {
  it.each([
    ['plain text as it is', 'shop/Deployment/web', 'shop/Deployment/web'],
    ['colours', '\u001b[31mred', '\\u001b[31mred'],
    ['a new line that would fake a row', 'web\nallowed', 'web\\u000aallowed'],
    ['text that reads backwards', 'a\u202eb', 'a\\u202eb'],
    ['letters of any language', 'größe-商店', 'größe-商店'],
  ])('shows %s', (_why, text, shown) => {
    expect(cleanText(text)).toBe(shown);
  });

  it('cuts a very long name and says how long it was', () => {
    const shown = cleanText('x'.repeat(10_000));
    expect(shown).toHaveLength(400 + '… (10000 characters)'.length);
    expect(shown).toMatch(/… \(10000 characters\)$/);
  });
});
