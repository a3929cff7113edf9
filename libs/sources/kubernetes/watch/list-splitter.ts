import { isJsonObject, type Json, type JsonObject } from '#model';

const QUOTE = 34;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** A server stores 1.5 MiB an object at most, written out up to six times that. */
const LONGEST_ITEM = 16 * 2 ** 20;
const LONGEST_FRAME = 2 ** 20;

/** How deep the braces of an item and of its metadata stand. */
const ITEM_DEPTH = 2;
const METADATA_DEPTH = 3;
const METADATA = Buffer.from('"metadata":');
const MANAGED_FIELDS = Buffer.from('"managedFields":');

/**
 * Takes the answer to a list apart while it arrives: items one by one, and what stands around them.
 *
 * Reading a page in one piece would stop everything else for as long as that takes. What is in
 * `metadata.managedFields` is half of every object and nobody reads it: mostly it is left out before
 * anything is made of it.
 */
export class ListSplitter {
  #frame = '';
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  #isInItems = false;
  #isInMetadata = false;
  /** Within a list that is left out. */
  #isLeft = false;
  #parts: Buffer[] = [];
  #length = 0;
  #from = -1;

  /** The items that end in this piece. */
  push(piece: Buffer): readonly Json[] {
    const items: Json[] = [];
    let frameFrom = this.#isInItems ? -1 : 0;
    if (this.#length > 0 && !this.#isLeft) this.#from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at];
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInText = false;
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#isInText = true;
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          if (this.#isInItems) this.#open(piece, at, byte);
          this.#depth += 1;
          if (byte !== OPEN_BRACKET || this.#depth !== 2 || !this.#isItemsNext(piece, frameFrom, at)) break;
          this.#addToFrame(piece, frameFrom, at + 1);
          this.#isInItems = true;
          frameFrom = -1;
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          this.#depth -= 1;
          if (!this.#isInItems) break;
          if (this.#depth === ITEM_DEPTH) items.push(this.#item(piece, at + 1));
          else this.#close(at);
          if (this.#depth !== 1) break;
          this.#isInItems = false;
          frameFrom = at;
          break;
        default:
      }
    }
    this.#addToFrame(piece, frameFrom, piece.length);
    if (this.#from >= 0) this.#keep(piece.subarray(this.#from));
    this.#from = -1;
    return items;
  }

  /** What stands around the items, so far: complete, with the metadata, once the first item has come. */
  get frame(): JsonObject {
    const text = this.#isInItems ? `${this.#frame}]}` : this.#frame;
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : {};
  }

  /** Whether everything has come that was opened. */
  get isWhole(): boolean {
    return this.#frame !== '' && this.#depth === 0 && !this.#isInText;
  }

  #open(piece: Buffer, at: number, byte: number): void {
    if (this.#depth === ITEM_DEPTH) this.#from = at;
    else if (this.#depth === METADATA_DEPTH) this.#isInMetadata = byte === OPEN_BRACE && isBefore(piece, at, METADATA);
    else if (this.#depth === METADATA_DEPTH + 1 && this.#isInMetadata && byte === OPEN_BRACKET && this.#from >= 0 && isBefore(piece, at, MANAGED_FIELDS)) {
      this.#keep(piece.subarray(this.#from, at + 1));
      this.#from = -1;
      this.#isLeft = true;
    }
  }

  #close(at: number): void {
    if (this.#depth === METADATA_DEPTH) this.#isInMetadata = false;
    if (this.#depth !== METADATA_DEPTH + 1 || !this.#isLeft) return;
    this.#isLeft = false;
    this.#from = at;
  }

  #isItemsNext(piece: Buffer, frameFrom: number, at: number): boolean {
    const text = frameFrom < 0 ? this.#frame : this.#frame + piece.toString('utf8', frameFrom, at);
    return /"items"\s*:\s*$/.test(text);
  }

  #addToFrame(piece: Buffer, from: number, to: number): void {
    if (from < 0) return;
    this.#frame += piece.toString('utf8', from, to);
    if (this.#frame.length > LONGEST_FRAME) throw new Error('read a list: what came is no list of objects');
  }

  #item(piece: Buffer, to: number): Json {
    const last = piece.subarray(this.#from, to);
    const text = this.#parts.length === 0 ? last.toString('utf8') : Buffer.concat([...this.#parts, last]).toString('utf8');
    this.#parts = [];
    this.#length = 0;
    this.#from = -1;
    return JSON.parse(text) as Json;
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length > LONGEST_ITEM) throw new Error('read a list: an object is longer than any can be');
  }
}

/** Whether a key stands right before a place; one that began in the piece before is not known again, which costs nothing but time. */
function isBefore(piece: Buffer, at: number, key: Buffer): boolean {
  return at >= key.length && key.compare(piece, at - key.length, at) === 0;
}
