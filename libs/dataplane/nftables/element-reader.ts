import type { AttributeMap } from '../netlink/attribute-reader.ts';
import { DATA, ELEMENT, ELEMENT_F_CATCHALL, ELEMENT_F_INTERVAL_END, ELEMENTS, VERDICT } from './kernel-numbers.ts';
import { MAY_END } from '../driver.ts';
import { readComment } from './user-data.ts';

/**
 * Adds the elements of one message to what was read before.
 *
 * Keys are bytes as a text of one character each, which takes a third of the room of hexadecimal
 * digits: `*` for what stands for all others, an end that ends a range has `$` behind it. Comments
 * count, times that run do not: whether there is one does.
 */
export function readElements(attributes: AttributeMap, into: Map<string, string>): void {
  for (const element of attributes.list(ELEMENTS.LIST)) into.set(keyOf(element), valueOf(element));
}

function keyOf(element: AttributeMap): string {
  const flags = element.u32(ELEMENT.FLAGS) ?? 0;
  if ((flags & ELEMENT_F_CATCHALL) !== 0) return '*';
  const key = element.nested(ELEMENT.KEY)?.raw(DATA.VALUE)?.toString('latin1') ?? '';
  const end = element.nested(ELEMENT.KEY_END)?.raw(DATA.VALUE)?.toString('latin1') ?? '';
  return (flags & ELEMENT_F_INTERVAL_END) === 0 ? `${key}${end}` : `${key}$`;
}

function valueOf(element: AttributeMap): string {
  const verdict = element.nested(ELEMENT.DATA)?.nested(DATA.VERDICT);
  const comment = readComment(element.raw(ELEMENT.USERDATA));
  // what ends by itself may have ended
  const ends = element.has(ELEMENT.TIMEOUT) ? MAY_END : '';
  const said = `${comment === undefined ? '' : `"${comment}"`}${ends}`;
  if (verdict === undefined) return `${element.nested(ELEMENT.DATA)?.raw(DATA.VALUE)?.toString('hex') ?? ''}${said}`;
  return `${String((verdict.u32(VERDICT.CODE) ?? 0) | 0)} ${verdict.text(VERDICT.CHAIN) ?? ''}${said}`;
}
