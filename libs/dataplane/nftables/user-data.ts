import { quotable } from '#compilers/nftables';

import type { PacketField } from './packet-field.ts';
import type { SetKey } from './set-key.ts';

/*
 * What nft keeps beside objects to show them as they were written; the kernel does not look inside:
 *
 *   type (1 byte)  length (1 byte)  value
 *
 * Written in the form of nft 1.0.6, which later ones read too.
 */

const BYTE_ORDER_HOST = 1;
const BYTE_ORDER_NETWORK = 2;
const EXPRESSION = { verdict: 1, payload: 7, meta: 9, ct: 12, concatenation: 13 } as const;
const LIMIT = 255;

/** A chain's, a rule's or an element's comment. */
export function commentData(comment: string): Buffer {
  return entry(0, text(comment));
}

export function readComment(data: Buffer | undefined): string | undefined {
  if (data === undefined || data.length < 2 || data[0] !== 0) return undefined;
  return data.toString('latin1', 2, Math.max(2, 1 + (data[1] ?? 0)));
}

/** A set's comment, and what its keys are. */
export function setData(key: SetKey, isMap: boolean, comment: string): Buffer {
  const [only] = key.fields;
  const order = key.fields.length > 1 || only === undefined ? 0 : only.type.isHostOrder ? BYTE_ORDER_HOST : BYTE_ORDER_NETWORK;
  const described = describeKey(key);
  return Buffer.concat([
    entry(0, number(order)),
    ...(isMap ? [entry(1, number(0))] : []),
    ...(described === undefined ? [] : [entry(3, described)]),
    ...(isMap ? [entry(4, Buffer.concat([entry(0, number(EXPRESSION.verdict)), entry(1, Buffer.alloc(0))])), entry(6, number(0))] : []),
    entry(7, text(comment)),
  ]);
}

function describeKey({ fields }: SetKey): Buffer | undefined {
  const parts = fields.map(describeField).filter((part) => part !== undefined);
  if (parts.length !== fields.length) return undefined;
  if (parts.length === 1) return parts[0];
  return Buffer.concat([entry(0, number(EXPRESSION.concatenation)), entry(1, Buffer.concat(parts.map((part, at) => entry(at, part))))]);
}

function describeField({ described }: PacketField): Buffer | undefined {
  if (described === undefined) return undefined;
  if (described.kind === 'payload') return expression(EXPRESSION.payload, [described.header, described.field]);
  // -1: of no particular direction
  return described.kind === 'meta' ? expression(EXPRESSION.meta, [described.key]) : expression(EXPRESSION.ct, [described.key, -1]);
}

function expression(kind: number, values: readonly number[]): Buffer {
  return Buffer.concat([entry(0, number(kind)), entry(1, Buffer.concat(values.map((value, at) => entry(at, number(value)))))]);
}

function entry(type: number, value: Buffer): Buffer {
  if (value.length > LIMIT) throw new Error(`encode user data: ${String(value.length)} bytes do not fit`);
  return Buffer.concat([Buffer.from([type, value.length]), value]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from(quotable(value), 'latin1'), Buffer.from([0])]);
}
