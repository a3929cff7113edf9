import type { AttributeWriter } from '../netlink/attribute-writer.ts';
import { increment, splitElement, writeKey } from './element-text.ts';
import { writeVerdict } from './expression-writer.ts';
import { DATA, ELEMENT, ELEMENT_F_CATCHALL, ELEMENT_F_INTERVAL_END, LIST_ELEM, VERDICT_CODES } from './kernel-numbers.ts';
import type { SetKey } from './set-key.ts';
import { commentData } from './user-data.ts';

/** What the elements of a set or map are. */
export interface ElementShape {
  readonly key: SetKey;
  readonly isInterval: boolean;
}

/** What a map gives for a key: a verdict in words, or bytes. */
export type ElementData = string | Buffer;

const scratch = Buffer.alloc(256);

/**
 * Writes one element as it is written in a ruleset; `data` for a map, `jump x` or the like.
 *
 * A range of a single field takes two: where it begins, and, marked as an end, what comes first after it.
 */
export function writeElement(writer: AttributeWriter, { key, isInterval }: ElementShape, text: string, data?: ElementData): void {
  const { key: keyText, timeoutMs, comment } = splitElement(text);
  const element = writer.open(LIST_ELEM);
  const isPaired = isInterval && key.fields.length === 1;
  if (keyText === '*') writer.u32(ELEMENT.FLAGS, ELEMENT_F_CATCHALL);
  else {
    scratch.fill(0, 0, 2 * key.size);
    const isRange = writeKey(key, keyText, scratch);
    if (isRange && !isInterval) throw new Error(`encode element: ${JSON.stringify(text)} is a range in a set of single keys`);
    writeKeyData(writer, ELEMENT.KEY, 0, key.size);
    if (isInterval && !isPaired) writeKeyData(writer, ELEMENT.KEY_END, key.size, key.size);
  }
  if (typeof data === 'string') writeVerdictText(writer, data);
  else if (data !== undefined) writeValueData(writer, data);
  if (timeoutMs !== undefined) writer.u64(ELEMENT.TIMEOUT, BigInt(timeoutMs));
  if (comment !== undefined) writer.raw(ELEMENT.USERDATA, commentData(comment));
  writer.close(element);
  if (isPaired && keyText !== '*' && increment(scratch, key.size, 2 * key.size)) writeEnd(writer, key);
}

function writeEnd(writer: AttributeWriter, { size }: SetKey): void {
  const element = writer.open(LIST_ELEM);
  writeKeyData(writer, ELEMENT.KEY, size, size);
  writer.u32(ELEMENT.FLAGS, ELEMENT_F_INTERVAL_END);
  writer.close(element);
}

function writeKeyData(writer: AttributeWriter, type: number, from: number, size: number): void {
  const data = writer.open(type);
  writer.rawPart(DATA.VALUE, scratch, from, size);
  writer.close(data);
}

function writeValueData(writer: AttributeWriter, value: Buffer): void {
  const data = writer.open(ELEMENT.DATA);
  writer.raw(DATA.VALUE, value);
  writer.close(data);
}

/** An entry of a map from numbers to verdicts. */
export function writeTarget(writer: AttributeWriter, number: Uint8Array, verdict: string | undefined): void {
  const element = writer.open(LIST_ELEM);
  const data = writer.open(ELEMENT.KEY);
  writer.raw(DATA.VALUE, number);
  writer.close(data);
  if (verdict !== undefined) writeVerdictText(writer, verdict);
  writer.close(element);
}

function writeVerdictText(writer: AttributeWriter, verdict: string): void {
  const { code, chain } = parseVerdict(verdict);
  writeVerdict(writer, ELEMENT.DATA, code, chain);
}

/** Reads `accept`, `jump x` and the like. */
export function parseVerdict(text: string): { readonly code: number; readonly chain?: string } {
  const space = text.indexOf(' ');
  const word = space < 0 ? text : text.slice(0, space);
  const code = Object.hasOwn(VERDICT_CODES, word) ? VERDICT_CODES[word as keyof typeof VERDICT_CODES] : undefined;
  if (code === undefined || (space >= 0) !== (word === 'jump' || word === 'goto')) throw new Error(`encode element: ${JSON.stringify(text)} is no verdict`);
  return space < 0 ? { code } : { code, chain: text.slice(space + 1) };
}
