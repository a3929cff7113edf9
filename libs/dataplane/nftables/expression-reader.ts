import type { AttributeMap } from '../netlink/attribute-reader.ts';
import { compareOperators, type Expression } from './expression.ts';
import { DATA, EXPR, REGISTER_VERDICT, VERDICT } from './kernel-numbers.ts';

/** A step somebody else put into a chain, which we would not write. */
export interface ForeignExpression {
  readonly kind: 'foreign';
  readonly name: string;
}

/** Reads one step of a rule back from the kernel. */
export function readExpression(attributes: AttributeMap): Expression | ForeignExpression {
  const name = attributes.text(EXPR.NAME) ?? '';
  const data = attributes.nested(EXPR.DATA);
  return (data === undefined ? undefined : readKnown(name, data)) ?? { kind: 'foreign', name };
}

function readKnown(name: string, data: AttributeMap): Expression | undefined {
  const numbers = (...types: readonly number[]): readonly number[] => types.map((type) => data.u32(type) ?? -1);
  const [register = -1, second = -1, third = -1, fourth = -1] = numbers(1, 2, 3, 4);
  switch (name) {
    case 'payload':
      return data.has(6) ? undefined : { kind: 'payload', register, base: second, offset: third, size: fourth };
    case 'meta':
      return data.has(3) ? undefined : { kind: 'meta', register, key: second };
    case 'ct':
      if (data.has(3)) return undefined;
      return data.has(4) ? { kind: 'ct-set', register: fourth, key: second } : { kind: 'ct', register, key: second };
    case 'fib':
      return { kind: 'fib', register, result: second, flags: third };
    case 'cmp': {
      const operator = compareOperators[second];
      return operator === undefined ? undefined : { kind: 'compare', register, operator, value: hexOf(data, 3) };
    }
    case 'bitwise':
      return register !== second ? undefined : { kind: 'bitwise', register, size: third, mask: hexOf(data, 4), xor: hexOf(data, 5) };
    case 'lookup':
      return readLookup(data);
    case 'immediate':
      return readImmediate(register, data);
    case 'counter':
      return { kind: 'counter' };
    case 'limit':
      return { kind: 'limit', rate: Number(data.u64(1) ?? 0n), unitSeconds: Number(data.u64(2) ?? 0n), burst: third };
    case 'log':
      return { kind: 'log', prefix: data.text(2) ?? '', group: data.u16(1) ?? -1, snaplen: data.u32(3) ?? 0, threshold: data.u16(4) ?? 0 };
    case 'reject':
      return { kind: 'reject', type: register, code: data.u8(2) ?? 0 };
    default:
      return undefined;
  }
}

function readLookup(data: AttributeMap): Expression {
  const target = data.u32(3);
  const isVerdict = target === REGISTER_VERDICT;
  return {
    kind: 'lookup',
    register: data.u32(2) ?? -1,
    set: boundName(data.text(1) ?? '', data.u32(4)),
    isVerdict,
    isInverted: ((data.u32(5) ?? 0) & 1) === 1,
    ...(target === undefined || isVerdict ? {} : { target }),
  };
}

function readImmediate(register: number, data: AttributeMap): Expression | undefined {
  const content = data.nested(2);
  const verdict = content?.nested(DATA.VERDICT);
  if (verdict === undefined) return { kind: 'load', register, value: hexOf(data, 2) };
  const chain = verdict.text(VERDICT.CHAIN);
  const code = (verdict.u32(VERDICT.CODE) ?? 0) | 0;
  return chain === undefined ? { kind: 'verdict', code } : { kind: 'verdict', code, chain };
}

function hexOf(data: AttributeMap, type: number): string {
  return data.nested(type)?.raw(DATA.VALUE)?.toString('hex') ?? '';
}

/** An inline set has no name yet within a batch: there its number tells which one is meant. */
export function boundName(name: string, id: number | undefined): string {
  return name.endsWith('%d') ? `${name} ${String(id ?? 0)}` : name;
}
