import { type Datatype, parseValue } from './datatype.ts';
import type { CompareOperator, Expression } from './expression.ts';
import { REGISTER_1 } from './kernel-numbers.ts';

/** Reads a value into hexadecimal digits; undefined where it is none. */
export function parseMask(type: Pick<Datatype, 'size' | 'isHostOrder'> & Partial<Datatype>, text: string): string | undefined {
  return parseValue({ id: 0, isFlags: false, names: {}, ...type }, text)?.toString('hex');
}

/**
 * The steps that compare what was loaded with a written value.
 *
 * `ct state established,related` without an operator means: at least one of these. After a mask,
 * or with an operator, flags are compared as the number they make up.
 */
export function parseValues(type: Datatype, words: readonly string[], operator: CompareOperator | undefined, isMasked: boolean): readonly Expression[] | undefined {
  const [first = ''] = words;
  if (type.isFlags && operator === undefined && !isMasked) return anyFlag(type, words);
  const value = words.length === 1 ? parseMaskOf(type, first) : undefined;
  if (value !== undefined) return [compare(operator ?? '==', value)];
  const range = /^([^-]+)-([^-]+)$/.exec(first);
  if (range !== null) return between(type, range[1] ?? '', range[2] ?? '', operator);
  const prefix = /^([^/]+)\/([0-9]{1,3})$/.exec(first);
  return prefix === null ? undefined : within(type, prefix[1] ?? '', Number(prefix[2]), operator);
}

function anyFlag(type: Datatype, words: readonly string[]): readonly Expression[] | undefined {
  const all = Buffer.alloc(type.size);
  for (const word of words) {
    const value = parseValue(type, word);
    if (value === undefined) return undefined;
    value.forEach((byte, at) => {
      all[at] = (all[at] ?? 0) | byte;
    });
  }
  return [masked(type, all), compare('!=', '00'.repeat(type.size))];
}

function between(type: Datatype, low: string, high: string, operator: CompareOperator | undefined): readonly Expression[] | undefined {
  const from = parseMaskOf(type, low);
  const to = parseMaskOf(type, high);
  // bytes are compared from the first on, which is no order of numbers the other way round
  const isOrdered = !type.isHostOrder || type.size === 1;
  if (from === undefined || to === undefined || from > to || !isOrdered || (operator !== undefined && operator !== '==')) return undefined;
  return [compare('>=', from), compare('<=', to)];
}

function within(type: Datatype, text: string, length: number, operator: CompareOperator | undefined): readonly Expression[] | undefined {
  const value = parseValue(type, text);
  if (value === undefined || length > 8 * type.size || (operator !== undefined && operator !== '==' && operator !== '!=')) return undefined;
  const mask = Buffer.alloc(type.size, 0);
  for (let bit = 0; bit < length; bit += 1) mask[bit >> 3] = (mask[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  const inside = value.map((byte, at) => byte & (mask[at] ?? 0));
  return [masked(type, mask), compare(operator ?? '==', Buffer.from(inside).toString('hex'))];
}

function parseMaskOf(type: Datatype, text: string): string | undefined {
  return parseValue(type, text)?.toString('hex');
}

function masked({ size }: Datatype, mask: Buffer): Expression {
  return { kind: 'bitwise', register: REGISTER_1, size, mask: mask.toString('hex'), xor: '00'.repeat(size) };
}

function compare(operator: CompareOperator, value: string): Expression {
  return { kind: 'compare', register: REGISTER_1, operator, value };
}
