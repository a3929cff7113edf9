/**
 * The first bytes of a connection, read without ever leaving them: whatever lies behind the end
 * reads as -1, and comparing with it fails.
 */
export class Payload {
  readonly length: number;
  readonly #bytes: Buffer;
  readonly #start: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#start = start;
    this.length = Math.max(0, Math.min(end, bytes.length) - start);
  }

  u8(at: number): number {
    return at < 0 || at >= this.length ? -1 : (this.#bytes[this.#start + at] ?? -1);
  }

  u16(at: number): number {
    return at < 0 || at + 2 > this.length ? -1 : this.#bytes.readUInt16BE(this.#start + at);
  }

  u24(at: number): number {
    return at < 0 || at + 3 > this.length ? -1 : this.#bytes.readUIntBE(this.#start + at, 3);
  }

  u32(at: number): number {
    return at < 0 || at + 4 > this.length ? -1 : this.#bytes.readUInt32BE(this.#start + at);
  }

  u24le(at: number): number {
    return at < 0 || at + 3 > this.length ? -1 : this.#bytes.readUIntLE(this.#start + at, 3);
  }

  u32le(at: number): number {
    return at < 0 || at + 4 > this.length ? -1 : this.#bytes.readUInt32LE(this.#start + at);
  }

  startsWith(text: string, at = 0): boolean {
    if (at + text.length > this.length) return false;
    for (let i = 0; i < text.length; i += 1) if (this.#bytes[this.#start + at + i] !== text.charCodeAt(i)) return false;
    return true;
  }

  /** So many bytes as text, or fewer where there are not more. */
  text(at: number, length: number): string {
    if (at < 0 || at >= this.length || length <= 0) return '';
    return this.#bytes.toString('latin1', this.#start + at, this.#start + Math.min(this.length, at + length));
  }

  /** Whether so many bytes are there and every one is printable ASCII. */
  isPrintable(at: number, length: number): boolean {
    if (at < 0 || at + length > this.length) return false;
    for (let i = at; i < at + length; i += 1) {
      const byte = this.u8(i);
      if (byte < 0x20 || byte > 0x7e) return false;
    }
    return true;
  }
}
