import { expect, it } from '@jest/globals';

import { IntakeBudget, type IntakeRoom } from './intake-budget.ts';

function asking(budget: IntakeBudget): { readonly rooms: Map<string, IntakeRoom>; readonly ask: (name: string, bytes: number) => () => void } {
  const rooms = new Map<string, IntakeRoom>();
  return { rooms, ask: (name, bytes) => budget.ask(name.split(' ')[0] ?? '', bytes, (room) => rooms.set(name, room)) };
}

it('has room for what is small whatever others take, and for the rest in turn', () => {
  const { rooms, ask } = asking(new IntakeBudget({ mostBytes: 100, nodeBytes: 10 }));
  ask('evil 1', 60);
  ask('evil 2', 60);
  ask('good small', 10);
  ask('good large', 30);
  expect([...rooms].map(([name, { isShared }]) => [name, isShared])).toEqual([['evil 1', true], ['good small', false]]);
  // the second text of a node has no more room of its own, and waits behind whoever came before
  ask('good more', 1);
  rooms.get('evil 1')?.release();
  rooms.get('evil 1')?.release();
  expect([...rooms.keys()]).toEqual(['evil 1', 'good small', 'evil 2', 'good large', 'good more']);
  rooms.get('good small')?.release();
  ask('good again', 10);
  expect(rooms.get('good again')?.isShared).toBe(false);
});

it('lets those behind go on where somebody withdraws, and takes the largest alone', () => {
  const { rooms, ask } = asking(new IntakeBudget({ mostBytes: 100, nodeBytes: 0 }));
  ask('a', 50);
  const withdraw = ask('b', 1_000);
  ask('c', 50);
  expect([...rooms.keys()]).toEqual(['a']);
  withdraw();
  expect([...rooms.keys()]).toEqual(['a', 'c']);
  withdraw();
  ask('d', 1_000);
  rooms.get('a')?.release();
  expect(rooms.has('d')).toBe(false);
  rooms.get('c')?.release();
  expect(rooms.has('d')).toBe(true);
});
