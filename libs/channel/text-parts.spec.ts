import { describe, expect, it } from '@jest/globals';

import { partsOf, TextAssembly } from './text-parts.ts';

describe('a text in parts', () => {
  it.each([1, 2, 3, 7, 1_000])('is what it was, in parts of %d bytes', (partBytes) => {
    const text = `${'größer '.repeat(100)}日本`;
    const assembly = new TextAssembly(100_000);
    const readings = [...partsOf(text, partBytes)].map((part) => assembly.add('1', part));
    expect(readings.at(-1)).toEqual({ kind: 'text', text });
    expect(readings.slice(0, -1).every(({ kind }) => kind === 'more')).toBe(true);
  });

  it('holds on to no message its parts came in', () => {
    const assembly = new TextAssembly(100);
    const readings = Array.from('sixteen bytes ok', (letter, offset) => {
      const message = new Uint8Array(1_000).fill(letter.charCodeAt(0));
      const reading = assembly.add('1', { total: 16, offset, bytes: message.subarray(500, 501) });
      // what becomes of the message is nothing to the text
      message.fill(0);
      return reading;
    });
    expect(readings.at(-1)).toEqual({ kind: 'text', text: 'sixteen bytes ok' });
  });

  it('is refused where it is larger than any, or its parts do not follow each other', () => {
    const assembly = new TextAssembly(10);
    const bytes = new Uint8Array(4);
    expect(assembly.add('1', { total: 11, offset: 0, bytes })).toMatchObject({ kind: 'refused' });
    assembly.add('1', { total: 8, offset: 0, bytes });
    expect(assembly.add('1', { total: 8, offset: 5, bytes: new Uint8Array(3) })).toMatchObject({ kind: 'refused' });
    assembly.add('1', { total: 8, offset: 0, bytes });
    expect(assembly.add('2', { total: 8, offset: 4, bytes })).toMatchObject({ kind: 'refused' });
    assembly.add('1', { total: 6, offset: 0, bytes });
    expect(assembly.add('1', { total: 8, offset: 4, bytes })).toMatchObject({ kind: 'refused', why: 'its pieces do not agree on how long it is' });
    assembly.add('1', { total: 6, offset: 0, bytes });
    expect(assembly.add('1', { total: 6, offset: 4, bytes })).toMatchObject({ kind: 'refused' });
  });
});
