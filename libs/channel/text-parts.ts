import { PART_BYTES, type TextPart } from '#distribution';

/** A text in pieces that each fit into a message; at least one. */
export function* partsOf(text: string, partBytes = PART_BYTES): Generator<TextPart> {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset === 0 || offset < bytes.length; offset += partBytes) {
    yield { total: bytes.length, offset, bytes: bytes.subarray(offset, offset + partBytes) };
  }
}

export type TextReading = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'more' } | { readonly kind: 'refused'; readonly why: string };

/**
 * Puts the pieces of a text together again.
 *
 * Pieces come in order, each once; anything else, or more than `largest` bytes, is refused, and
 * what has come so far is forgotten. Memory is taken as pieces come, not as they are announced.
 */
export class TextAssembly {
  readonly #largest: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #key = '';

  constructor(largest: number) {
    this.#largest = largest;
  }

  /** `key` is what the pieces of one text have in common. A text that begins anew takes the place of one that was not finished. */
  add(key: string, { total, offset, bytes }: TextPart): TextReading {
    if (offset === 0) this.#reset(key);
    if (total > this.#largest) return this.#refuse(`it has ${String(total)} bytes, and ${String(this.#largest)} is the most`);
    if (key !== this.#key || offset !== this.#bytes || this.#bytes + bytes.length > total || (bytes.length === 0 && total > 0)) return this.#refuse('its pieces do not follow each other');
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < total) return { kind: 'more' };
    const text = Buffer.concat(this.#pieces).toString('utf8');
    this.#reset('');
    return { kind: 'text', text };
  }

  #refuse(why: string): TextReading {
    this.#reset('');
    return { kind: 'refused', why };
  }

  #reset(key: string): void {
    this.#key = key;
    this.#pieces = [];
    this.#bytes = 0;
  }
}
