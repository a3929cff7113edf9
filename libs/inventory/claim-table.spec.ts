import { describe, expect, it } from '@jest/globals';

import { ClaimTable } from './claim-table.ts';

const a = { id: 'a' };
const b = { id: 'b' };

function held(table: ClaimTable<{ readonly id: string }>, from: number, to: number): readonly string[] {
  return table.during('x', from, to).map(({ holder, from: begin, to: end }) => `${holder.id} ${begin}-${end}`);
}

describe('claims', () => {
  it('are those that overlap a stretch, half open on both sides', () => {
    const table = new ClaimTable();
    table.begin('x', a, 100);
    table.end('x', 'a', 200);
    table.begin('x', b, 250);
    expect([held(table, 0, 100), held(table, 100, 100), held(table, 90, 101), held(table, 199, 250), held(table, 200, 250), held(table, 150, 251)]).toEqual([
      [],
      ['a 100-200'],
      ['a 100-200'],
      ['a 100-200'],
      [],
      ['b 250-Infinity', 'a 100-200'],
    ]);
  });

  it('that begin and end at one moment were never there', () => {
    const table = new ClaimTable();
    expect(table.begin('x', a, 100)).toBe(true);
    table.end('x', 'a', 100);
    expect([table.size, held(table, 0, 1000)]).toEqual([0, []]);
  });

  it('that end and begin again at one moment never ended, however often', () => {
    const table = new ClaimTable();
    table.begin('x', a, 100);
    for (let round = 0; round < 3; round += 1) {
      table.end('x', 'a', 200);
      expect(table.begin('x', a, 200)).toBe(false);
    }
    table.end('x', 'a', 300);
    expect(held(table, 0, 1000)).toEqual(['a 100-300']);
    table.forget(250, 10);
    expect(held(table, 0, 1000)).toEqual(['a 100-300']);
    table.forget(301, 10);
    expect([table.size, table.dropped]).toEqual([0, 0]);
  });

  it('reach back to when they may have begun, but not into those of others', () => {
    const table = new ClaimTable();
    table.begin('x', a, 100);
    table.end('x', 'a', 200);
    table.begin('x', b, 250, 150);
    expect(held(table, 0, 1000)).toEqual(['b 200-Infinity', 'a 100-200']);
  });

  it('are forgotten in time, and beyond a number, which is counted', () => {
    const gone: string[] = [];
    const table = new ClaimTable<{ readonly id: string }>(({ key }) => gone.push(key));
    for (let at = 0; at < 5_000; at += 1) {
      table.begin(`k${at}`, a, at);
      table.end(`k${at}`, 'a', at + 1);
    }
    table.begin('x', b, 1);
    table.forget(10, 100);
    expect([table.size, table.dropped, gone.length]).toEqual([101, 4_891, 4_900]);
    table.forget(6_000, 100);
    expect([table.size, table.dropped, gone.length]).toEqual([1, 4_891, 5_000]);
  });
});
