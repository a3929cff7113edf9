const NEWLINE = 10;

/** Splits a stream of bytes into lines. A line that is too long is left out, and told. */
export class LineSplitter {
  readonly #longest: number;
  readonly #tooLong: () => void;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(longest: number, tooLong: () => void) {
    this.#longest = longest;
    this.#tooLong = tooLong;
  }

  /** The lines that end in this piece, without their ends; empty lines are left out. */
  push(piece: Buffer): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      this.#keep(piece.subarray(start, end));
      const line = this.#take().trim();
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    this.#keep(piece.subarray(start));
    return lines;
  }

  #keep(part: Buffer): void {
    const before = this.#length;
    this.#length += part.length;
    if (this.#length <= this.#longest) {
      if (part.length > 0) this.#parts.push(part);
      return;
    }
    this.#parts = [];
    if (before <= this.#longest) this.#tooLong();
  }

  #take(): string {
    const text = this.#length > this.#longest ? '' : Buffer.concat(this.#parts).toString('utf8');
    this.#parts = [];
    this.#length = 0;
    return text;
  }
}
