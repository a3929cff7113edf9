import { describe, expect, it } from '@jest/globals';

import { formatTable } from './table.ts';

describe('tables', () => {
  it('align columns under their titles', () => {
    const text = formatTable(['FROM', 'TO'], [['web', 'api'], ['checkout', 'db']], 80);
    expect(text).toBe('FROM      TO\nweb       api\ncheckout  db\n');
  });

  it('fit the terminal: the widest column wraps, nothing is lost', () => {
    const long = 'a-very-long-name-'.repeat(12);
    const text = formatTable(['FROM', 'BECAUSE'], [['web', long]], 60);
    const lines = text.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.slice(1).join('').replaceAll(/\s|web/g, '')).toBe(long.replaceAll('web', ''));
  });

  it('never let a cell add a line of its own making', () => {
    const text = formatTable(['NAME'], [['web\nfake  row']], 80);
    expect(text.split('\n')).toHaveLength(3);
  });

  it('print nothing for no rows', () => {
    expect(formatTable(['FROM'], [], 80)).toBe('');
  });
});
