import { endianness } from 'node:os';

const NLA_F_NESTED = 0x8000;
const LENGTH_LIMIT = 0xffff;

if (endianness() !== 'LE') throw new Error('netlink: written for little-endian machines');

/**
 * Writes netlink messages one after another into a buffer that grows.
 *
 * ```
 * length  type flags sequence port │ family version resource │ attribute attribute ...
 *                                  │  (netfilter's header)   │ length type payload padding
 * ```
 *
 * Numbers of netlink itself are in the machine's order; those of nf_tables, conntrack and the log
 * in network order, which is what `u16`, `u32` and `u64` write.
 */
export class AttributeWriter {
  #bytes: Buffer;
  #end = 0;
  #message = -1;

  constructor(size = 4_096) {
    this.#bytes = Buffer.alloc(size);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#end;
  }

  /** A view of what was written, good until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  /** Forgets everything written; the buffer is used again. */
  clear(): void {
    this.#end = 0;
    this.#message = -1;
  }

  /** Begins a message with netfilter's header; what was open is finished. `type` has the subsystem in its upper byte. */
  begin(type: number, flags: number, sequence: number, family = 0, resource = 0): this {
    this.finish();
    this.#need(20);
    this.#message = this.#end;
    const at = this.#end;
    this.#bytes.writeUInt32LE(0, at);
    this.#bytes.writeUInt16LE(type, at + 4);
    this.#bytes.writeUInt16LE(flags, at + 6);
    this.#bytes.writeUInt32LE(sequence, at + 8);
    this.#bytes.writeUInt32LE(0, at + 12);
    this.#bytes[at + 16] = family;
    this.#bytes[at + 17] = 0;
    this.#bytes.writeUInt16BE(resource, at + 18);
    this.#end += 20;
    return this;
  }

  /** Fills in the length of the message being written. */
  finish(): this {
    if (this.#message >= 0) this.#bytes.writeUInt32LE(this.#end - this.#message, this.#message);
    this.#message = -1;
    return this;
  }

  /** Adds flags to the message being written. */
  addFlags(flags: number): this {
    if (this.#message >= 0) this.#bytes.writeUInt16LE(this.#bytes.readUInt16LE(this.#message + 6) | flags, this.#message + 6);
    return this;
  }

  /** Opens an attribute that holds others; the result is for {@link close}. */
  open(type: number): number {
    return this.#head(NLA_F_NESTED | type);
  }

  close(at: number): this {
    const length = this.#end - at;
    if (length > LENGTH_LIMIT) throw new Error(`netlink: an attribute of ${String(length)} bytes does not fit`);
    this.#bytes[at] = length & 0xff;
    this.#bytes[at + 1] = length >> 8;
    return this;
  }

  /** Bytes the attribute opened at `at` has so far. */
  sizeOf(at: number): number {
    return this.#end - at;
  }

  u8(type: number, value: number): this {
    this.#need(8);
    this.#put(type, 5);
    this.#bytes[this.#end] = value;
    return this.#pad(1);
  }

  u16(type: number, value: number): this {
    this.#need(8);
    this.#put(type, 6);
    this.#bytes.writeUInt16BE(value, this.#end);
    return this.#pad(2);
  }

  u32(type: number, value: number): this {
    this.#need(8);
    this.#put(type, 8);
    this.#bytes.writeUInt32BE(value >>> 0, this.#end);
    this.#end += 4;
    return this;
  }

  u64(type: number, value: bigint): this {
    this.#need(12);
    this.#put(type, 12);
    this.#bytes.writeBigUInt64BE(value, this.#end);
    this.#end += 8;
    return this;
  }

  /** Text with the zero byte the kernel wants behind it. */
  text(type: number, value: string): this {
    const size = Buffer.byteLength(value) + 1;
    this.#need(size + 8);
    this.#put(type, size + 4);
    this.#bytes.write(value, this.#end, 'utf8');
    this.#bytes[this.#end + size - 1] = 0;
    return this.#pad(size);
  }

  raw(type: number, value: Uint8Array): this {
    this.#need(value.length + 8);
    this.#put(type, value.length + 4);
    this.#bytes.set(value, this.#end);
    return this.#pad(value.length);
  }

  /** The bytes between two places of another buffer; for the many small keys of a large set cheaper than a view of them. */
  rawPart(type: number, value: Uint8Array, from: number, size: number): this {
    this.#need(size + 8);
    this.#put(type, size + 4);
    for (let at = 0; at < size; at += 1) this.#bytes[this.#end + at] = value[from + at] ?? 0;
    return this.#pad(size);
  }

  #head(type: number): number {
    this.#need(4);
    const at = this.#end;
    this.#bytes[at + 2] = type & 0xff;
    this.#bytes[at + 3] = type >> 8;
    this.#end += 4;
    return at;
  }

  #put(type: number, length: number): void {
    if (length > LENGTH_LIMIT) throw new Error(`netlink: an attribute of ${String(length)} bytes does not fit`);
    const bytes = this.#bytes;
    const at = this.#end;
    bytes[at] = length & 0xff;
    bytes[at + 1] = length >> 8;
    bytes[at + 2] = type & 0xff;
    bytes[at + 3] = type >> 8;
    this.#end = at + 4;
  }

  #pad(size: number): this {
    const padding = (4 - (size & 3)) & 3;
    this.#end += size;
    for (let at = 0; at < padding; at += 1) this.#bytes[this.#end + at] = 0;
    this.#end += padding;
    return this;
  }

  #need(size: number): void {
    if (this.#end + size <= this.#bytes.length) return;
    const larger = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#end + size));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}
