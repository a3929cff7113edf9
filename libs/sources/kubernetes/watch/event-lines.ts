const NEWLINE = 10;

/** A line of a watch is one object with what became of it; a server stores 1.5 MiB at most, written out up to six times that. */
const LONGEST_LINE = 16 * 2 ** 20;

/** The lines of a stream of bytes as they end; throws where one is too long to be an event. */
export class EventLines {
  #parts: Buffer[] = [];
  #length = 0;

  push(piece: Buffer): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const line = this.#take(piece.subarray(start, end));
      if (line.trim() !== '') lines.push(line);
      start = end + 1;
    }
    if (start < piece.length) this.#parts.push(piece.subarray(start));
    this.#length += piece.length - start;
    if (this.#length > LONGEST_LINE) throw new Error('read a watch: an event is longer than any object can be');
    return lines;
  }

  #take(last: Buffer): string {
    const text = this.#parts.length === 0 ? last.toString('utf8') : Buffer.concat([...this.#parts, last]).toString('utf8');
    this.#parts = [];
    this.#length = 0;
    return text;
  }
}
