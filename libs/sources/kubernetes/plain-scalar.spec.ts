import { describe, expect, it } from '@jest/globals';

import { plainScalar } from './plain-scalar.ts';

describe('a plain scalar', () => {
  it.each<[string, string | number | boolean | null]>([
    ['yes', true],
    ['On', true],
    ['y', true],
    ['TRUE', true],
    ['no', false],
    ['off', false],
    ['N', false],
    ['', null],
    ['~', null],
    ['Null', null],
    ['nULL', 'nULL'],
    ['yEs', 'yEs'],
    ['0', 0],
    ['-0', 0],
    ['42', 42],
    ['+42', 42],
    ['-42', -42],
    ['010', 8],
    ['0o10', 8],
    ['-010', -8],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['08', 8],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['1.', 1],
    ['12:30', '12:30'],
    ['190:20:30', '190:20:30'],
    ['2001-12-14', '2001-12-14'],
    ['2001-12-14T21:59:43Z', '2001-12-14T21:59:43Z'],
    ['10.0.0.1', '10.0.0.1'],
    ['1.2.3', '1.2.3'],
    ['100m', '100m'],
    ['.inf', '.inf'],
    ['0x', '0x'],
    ['0b2', '0b2'],
    ['1e999', '1e999'],
    ['-', '-'],
    ['5432/tcp', '5432/tcp'],
    ['constructor', 'constructor'],
  ])('%j means %j to Kubernetes', (text, value) => {
    expect(plainScalar(text)).toEqual(value);
  });
});
