import { assertNever } from '#model';

import type { AttributeWriter } from '../netlink/attribute-writer.ts';
import { compareOperators, type Expression, type InlineSet } from './expression.ts';
import { DATA, EXPR, LIST_ELEM, REGISTER_VERDICT, VERDICT } from './kernel-numbers.ts';

/** Gives each inline set of a rule the number the kernel knows it by within a batch. */
export type InlineSetIds = ReadonlyMap<string, number>;

/** Writes the steps of a rule. */
export function writeExpressions(writer: AttributeWriter, type: number, expressions: readonly Expression[], ids: InlineSetIds): void {
  const list = writer.open(type);
  for (const expression of expressions) {
    const element = writer.open(LIST_ELEM);
    writer.text(EXPR.NAME, kernelName(expression));
    const data = writer.open(EXPR.DATA);
    writeData(writer, expression, ids);
    writer.close(data);
    writer.close(element);
  }
  writer.close(list);
}

export function writeVerdict(writer: AttributeWriter, type: number, code: number, chain: string | undefined): void {
  const data = writer.open(type);
  const verdict = writer.open(DATA.VERDICT);
  writer.u32(VERDICT.CODE, code);
  if (chain !== undefined) writer.text(VERDICT.CHAIN, chain);
  writer.close(verdict);
  writer.close(data);
}

/** How the kernel calls an inline set until it has given it a name. */
export function inlineSetName({ name }: Pick<InlineSet, 'name'>): string {
  return name.replace(/[0-9]+$/, '%d');
}

function kernelName({ kind }: Expression): string {
  switch (kind) {
    case 'compare':
      return 'cmp';
    case 'verdict':
    case 'load':
      return 'immediate';
    case 'ct-set':
      return 'ct';
    default:
      return kind;
  }
}

function writeData(writer: AttributeWriter, expression: Expression, ids: InlineSetIds): void {
  switch (expression.kind) {
    case 'payload':
      writer.u32(1, expression.register).u32(2, expression.base).u32(3, expression.offset).u32(4, expression.size);
      return;
    case 'meta':
    case 'ct':
      writer.u32(1, expression.register).u32(2, expression.key);
      return;
    case 'ct-set':
      writer.u32(4, expression.register).u32(2, expression.key);
      return;
    case 'fib':
      writer.u32(1, expression.register).u32(2, expression.result).u32(3, expression.flags);
      return;
    case 'compare':
      writer.u32(1, expression.register).u32(2, compareOperators.indexOf(expression.operator));
      writeValue(writer, 3, expression.value);
      return;
    case 'bitwise':
      writer.u32(1, expression.register).u32(2, expression.register).u32(3, expression.size);
      writeValue(writer, 4, expression.mask);
      writeValue(writer, 5, expression.xor);
      return;
    case 'lookup':
      writeLookup(writer, expression, ids);
      return;
    case 'load':
      writer.u32(1, expression.register);
      writeValue(writer, 2, expression.value);
      return;
    case 'verdict':
      writer.u32(1, REGISTER_VERDICT);
      writeVerdict(writer, 2, expression.code, expression.chain);
      return;
    case 'counter':
      return;
    case 'limit':
      writer.u64(1, BigInt(expression.rate)).u64(2, BigInt(expression.unitSeconds)).u32(3, expression.burst).u32(4, 0).u32(5, 0);
      return;
    case 'log':
      writer.u16(1, expression.group);
      if (expression.prefix !== '') writer.text(2, expression.prefix);
      // said to be 0, it would copy nothing; not said, everything
      if (expression.snaplen > 0) writer.u32(3, expression.snaplen);
      writer.u16(4, expression.threshold);
      return;
    case 'reject':
      writer.u32(1, expression.type).u8(2, expression.code);
      return;
    default:
      assertNever(expression);
  }
}

function writeLookup(writer: AttributeWriter, { set, register, isVerdict, isInverted, target }: Extract<Expression, { kind: 'lookup' }>, ids: InlineSetIds): void {
  const id = ids.get(set);
  writer.text(1, id === undefined ? set : inlineSetName({ name: set })).u32(2, register);
  if (isVerdict) writer.u32(3, REGISTER_VERDICT);
  else if (target !== undefined) writer.u32(3, target);
  if (id !== undefined) writer.u32(4, id);
  if (isInverted) writer.u32(5, 1);
}

function writeValue(writer: AttributeWriter, type: number, hex: string): void {
  const data = writer.open(type);
  writer.raw(DATA.VALUE, Buffer.from(hex, 'hex'));
  writer.close(data);
}
