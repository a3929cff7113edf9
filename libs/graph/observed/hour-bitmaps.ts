const WORDS = 21;
/** Four weeks. */
export const HOURS_KEPT = WORDS * 32;
export const HOUR_MS = 3_600_000;
const ROWS_A_PIECE = 4_096;

/**
 * In which of the last 672 hours something was seen, for many things: 84 bytes each, whatever the traffic.
 *
 * A row is a ring of bits, hour `h` at bit `h mod 672`. When a new hour begins its bit is cleared
 * in every row, which forgets the hour four weeks before.
 */
export class HourBitmaps {
  readonly #pieces: Uint32Array[] = [];
  readonly #free: number[] = [];
  #rows = 0;
  #newest = 0;

  /** The latest hour there is room for, counted from 1970; nothing is older than 671 hours before. */
  get newest(): number {
    return this.#newest;
  }

  /** A row without any hour. */
  add(): number {
    const row = this.#free.pop() ?? this.#rows++;
    if (row >= this.#pieces.length * ROWS_A_PIECE) this.#pieces.push(new Uint32Array(ROWS_A_PIECE * WORDS));
    return row;
  }

  release(row: number): void {
    const { piece, at } = this.#place(row);
    piece.fill(0, at, at + WORDS);
    this.#free.push(row);
  }

  /** Makes room for hours up to this one. True where that made any row forget what it had no longer room for. */
  advance(hour: number): boolean {
    if (hour <= this.#newest) return false;
    const steps = Math.min(HOURS_KEPT, hour - this.#newest);
    for (let step = 0; step < steps; step += 1) this.#clear(hour - step);
    this.#newest = hour;
    return true;
  }

  /** Notes an hour; true where it was not noted before. Hours there is no room for are passed over. */
  set(row: number, hour: number): boolean {
    if (hour > this.#newest || hour <= this.#newest - HOURS_KEPT) return false;
    const { piece, at } = this.#place(row);
    const bit = hour % HOURS_KEPT;
    const word = at + (bit >>> 5);
    const mask = 1 << (bit & 31);
    const before = piece[word] ?? 0;
    if ((before & mask) !== 0) return false;
    piece[word] = before | mask;
    return true;
  }

  count(row: number): number {
    const { piece, at } = this.#place(row);
    let count = 0;
    for (let word = at; word < at + WORDS; word += 1) count += ones(piece[word] ?? 0);
    return count;
  }

  /** In how many runs of hours without a gap. */
  spells(row: number): number {
    const { piece, at } = this.#place(row);
    let begun = 0;
    // the word before tells of the hour before the first of this one; the ring ends where it begins
    let before = piece[at + WORDS - 1] ?? 0;
    for (let word = at; word < at + WORDS; word += 1) {
      const hours = piece[word] ?? 0;
      begun += ones(hours & ~((hours << 1) | (before >>> 31)));
      before = hours;
    }
    // the oldest hour does not follow the newest, though it stands beside it
    return begun + (this.#has(row, this.#newest) && this.#has(row, this.#newest + 1) ? 1 : 0);
  }

  /** Whether it was noted in that hour, which is one there is room for. */
  has(row: number, hour: number): boolean {
    return hour <= this.#newest && hour > this.#newest - HOURS_KEPT && this.#has(row, hour);
  }

  /** How many hours, this one and later. */
  countFrom(row: number, hour: number): number {
    const first = Math.max(hour, this.#newest - HOURS_KEPT + 1);
    let count = 0;
    for (let at = first; at <= this.#newest; at += 1) if (this.#has(row, at)) count += 1;
    return count;
  }

  #has(row: number, hour: number): boolean {
    const { piece, at } = this.#place(row);
    const bit = hour % HOURS_KEPT;
    return ((piece[at + (bit >>> 5)] ?? 0) & (1 << (bit & 31))) !== 0;
  }

  /** Oldest first. */
  hours(row: number): readonly number[] {
    const { piece, at } = this.#place(row);
    const found: number[] = [];
    for (let hour = Math.max(0, this.#newest - HOURS_KEPT + 1); hour <= this.#newest; hour += 1) {
      const bit = hour % HOURS_KEPT;
      if (((piece[at + (bit >>> 5)] ?? 0) & (1 << (bit & 31))) !== 0) found.push(hour);
    }
    return found;
  }

  #clear(hour: number): void {
    const bit = hour % HOURS_KEPT;
    const mask = ~(1 << (bit & 31));
    for (const piece of this.#pieces) for (let word = bit >>> 5; word < piece.length; word += WORDS) piece[word] = (piece[word] ?? 0) & mask;
  }

  #place(row: number): { readonly piece: Uint32Array; readonly at: number } {
    const piece = this.#pieces[Math.floor(row / ROWS_A_PIECE)];
    if (piece === undefined) throw new Error(`find row ${String(row)} of the hours: there is none`);
    return { piece, at: (row % ROWS_A_PIECE) * WORDS };
  }
}

function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
