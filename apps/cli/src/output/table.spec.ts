import { describe, expect, it } from '@jest/globals';

import { formatGroups, formatTable } from './table.ts';

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

  it('take alike from columns that are equally wide, and wrap titles as cells', () => {
    const name = 'shop-data/StatefulSet/sales-db';
    const text = formatTable(['FROM', 'TO', 'COUNTED IN AUDIT'], [[name, name, '']], 60);
    expect(text.split('\n').slice(0, 3)).toEqual(['FROM                 TO                   COUNTED IN AUDIT', 'shop-data/           shop-data/', 'StatefulSet/sales-   StatefulSet/sales-']);
    expect(formatTable(['FROM', 'COUNTED IN AUDIT'], [[name, '']], 24)).not.toContain('…');
  });

  it('never let a cell add a line of its own making', () => {
    const text = formatTable(['NAME'], [['web\nfake  row']], 80);
    expect(text.split('\n')).toHaveLength(3);
  });

  it('print nothing for no rows', () => {
    expect(formatTable(['FROM'], [], 80)).toBe('');
  });
});

describe('tables in groups', () => {
  it('put rows under what they have in common, and notes under their rows, in columns of one width', () => {
    const groups = [
      { title: 'shop/web', rows: [{ cells: ['api', '80/TCP'], note: 'its configuration names it' }] },
      { title: 'shop/api', rows: [{ cells: ['database', '5432/TCP'] }] },
    ];
    expect(formatGroups(['TO', 'PORT'], groups, 80)).toBe(
      ['  TO        PORT', 'shop/web', '  api       80/TCP', '    its configuration names it', 'shop/api', '  database  5432/TCP', ''].join('\n'),
    );
  });

  it('fit the terminal, and nothing adds a line of its own making', () => {
    const long = `${'a-very-long-name-'.repeat(9)}end`;
    const text = formatGroups(['TO', 'PORT'], [{ title: `t\n${long}`, rows: [{ cells: [`x\n${long}`, '1'], note: `n\n${long}` }] }], 60);
    const lines = text.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(lines.filter((line) => !line.startsWith(' '))).toEqual(lines.slice(1, 1 + lines.slice(1).findIndex((line) => line.startsWith(' '))));
    expect(text).not.toContain('\nx');
  });

  it('print nothing for no groups', () => {
    expect(formatGroups(['TO'], [], 80)).toBe('');
  });
});
