const TYPE_MASK = 0x3fff;

/** Where one attribute's payload lies in the buffer it was read from. */
export interface AttributePlace {
  readonly type: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Walks the attributes between two places of a buffer.
 *
 * Bytes come from the kernel, and may be cut short by a buffer that was too small: an attribute
 * that would reach past the end ends the walk.
 */
export function* attributes(bytes: Buffer, start: number, end: number): Generator<AttributePlace> {
  let at = start;
  while (at + 4 <= end) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > end) return;
    yield { type: bytes.readUInt16LE(at + 2) & TYPE_MASK, start: at + 4, end: at + length };
    at += (length + 3) & ~3;
  }
}

/** A number in network order out of one attribute, without looking at the others: a tenth of the time where there are many messages. */
export function findU32(bytes: Buffer, start: number, end: number, type: number): number | undefined {
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > end) return undefined;
    if ((bytes.readUInt16LE(at + 2) & TYPE_MASK) === type) return length < 8 ? undefined : bytes.readUInt32BE(at + 4);
    at += (length + 3) & ~3;
  }
  return undefined;
}

/** The attributes between two places of a buffer, by type; of several of one type the last. */
export class AttributeMap {
  readonly #bytes: Buffer;
  readonly #places = new Map<number, AttributePlace>();

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    for (const place of attributes(bytes, start, end)) this.#places.set(place.type, place);
  }

  has(type: number): boolean {
    return this.#places.has(type);
  }

  u8(type: number): number | undefined {
    const place = this.#sized(type, 1);
    return place === undefined ? undefined : this.#bytes[place.start];
  }

  u16(type: number): number | undefined {
    const place = this.#sized(type, 2);
    return place === undefined ? undefined : this.#bytes.readUInt16BE(place.start);
  }

  u32(type: number): number | undefined {
    const place = this.#sized(type, 4);
    return place === undefined ? undefined : this.#bytes.readUInt32BE(place.start);
  }

  u64(type: number): bigint | undefined {
    const place = this.#sized(type, 8);
    return place === undefined ? undefined : this.#bytes.readBigUInt64BE(place.start);
  }

  /** Text up to its zero byte. */
  text(type: number): string | undefined {
    const bytes = this.raw(type);
    if (bytes === undefined) return undefined;
    const zero = bytes.indexOf(0);
    return bytes.toString('utf8', 0, zero < 0 ? bytes.length : zero);
  }

  /** A view, not a copy. */
  raw(type: number): Buffer | undefined {
    const place = this.#places.get(type);
    return place === undefined ? undefined : this.#bytes.subarray(place.start, place.end);
  }

  /** The attributes inside an attribute. */
  nested(type: number): AttributeMap | undefined {
    const place = this.#places.get(type);
    return place === undefined ? undefined : new AttributeMap(this.#bytes, place.start, place.end);
  }

  /** Those inside an attribute that is a list, each by itself; none where it is absent. */
  *list(type: number): Generator<AttributeMap> {
    const place = this.#places.get(type);
    if (place === undefined) return;
    for (const { start, end } of attributes(this.#bytes, place.start, place.end)) yield new AttributeMap(this.#bytes, start, end);
  }

  #sized(type: number, size: number): AttributePlace | undefined {
    const place = this.#places.get(type);
    return place === undefined || place.end - place.start < size ? undefined : place;
  }
}
