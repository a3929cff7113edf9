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
 * what has come so far is forgotten. Memory is taken as pieces come, not as they are announced, and
 * no piece is kept: the smallest would hold on to the whole message it came in.
 */
export class TextAssembly {
  readonly #largest: number;
  #held = new Uint8Array();
  #bytes = 0;
  #total = 0;
  #key = '';

  constructor(largest: number) {
    this.#largest = largest;
  }

  /** `key` is what the pieces of one text have in common. A text that begins anew takes the place of one that was not finished. */
  add(key: string, { total, offset, bytes }: TextPart): TextReading {
    if (offset === 0) {
      this.#reset(key);
      this.#total = total;
    }
    if (total > this.#largest) return this.#refuse(`it has ${String(total)} bytes, and ${String(this.#largest)} is the most`);
    if (key !== this.#key || offset !== this.#bytes || this.#bytes + bytes.length > total || (bytes.length === 0 && total > 0)) return this.#refuse('its pieces do not follow each other');
    if (total !== this.#total) return this.#refuse('its pieces do not agree on how long it is');
    this.#makeRoom(this.#bytes + bytes.length, total);
    this.#held.set(bytes, this.#bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < total) return { kind: 'more' };
    const text = Buffer.from(this.#held.buffer, 0, total).toString('utf8');
    this.#reset('');
    return { kind: 'text', text };
  }

  // twice as much each time, so that many small pieces are not copied over and over
  #makeRoom(bytes: number, total: number): void {
    if (bytes <= this.#held.length) return;
    const larger = new Uint8Array(Math.min(total, Math.max(bytes, this.#held.length * 2)));
    larger.set(this.#held.subarray(0, this.#bytes));
    this.#held = larger;
  }

  #refuse(why: string): TextReading {
    this.#reset('');
    return { kind: 'refused', why };
  }

  #reset(key: string): void {
    this.#key = key;
    this.#held = new Uint8Array();
    this.#bytes = 0;
  }
}
