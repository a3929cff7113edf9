import { refuse } from './trace-lines.ts';

/** The words of a rule, read from left to right. */
export class Words {
  readonly line: number;
  readonly #words: readonly string[];
  #at = 0;

  constructor(line: number, body: string) {
    this.line = line;
    this.#words = body.split(/\s+/).filter((word) => word !== '');
  }

  isDone(): boolean {
    return this.#at >= this.#words.length;
  }

  peek(): string {
    return this.#words[this.#at] ?? '';
  }

  next(): string {
    this.#at += 1;
    return this.#words[this.#at - 1] ?? refuse(this.line, 'a rule that ends in the middle');
  }

  /** Takes these words if they are next. */
  take(words: string): boolean {
    // most statements are told apart by their first word, and this is asked for every one of them
    if (!words.startsWith(this.peek())) return false;
    const wanted = words.split(' ');
    if (wanted.some((word, at) => this.#words[this.#at + at] !== word)) return false;
    this.#at += wanted.length;
    return true;
  }

  expect(words: string): void {
    if (!this.take(words)) refuse(this.line, `expected ${words} and found ${this.peek()}`);
  }

  /** `{ a, b }` or one word. */
  list(): readonly string[] {
    if (!this.take('{')) return [this.next()];
    const found: string[] = [];
    while (!this.take('}')) found.push(this.next().replace(/,$/, ''));
    return found;
  }

  /** A number of so many hexadecimal digits, or any. */
  number(digits?: number): bigint {
    const word = this.next();
    const [, written] = /^0x([0-9a-f]+)$/.exec(word) ?? [];
    if (written === undefined || (digits !== undefined && written.length !== digits)) return refuse(this.line, `not a number: ${word}`);
    return BigInt(word);
  }

  decimal(): number {
    const word = this.next();
    return /^[1-9]\d{0,8}$/.test(word) ? Number(word) : refuse(this.line, `not a number: ${word}`);
  }

  /** A word between quotes. */
  quoted(): string {
    const word = this.next();
    return unquote(word) ?? refuse(this.line, `a word without quotes: ${word}`);
  }
}

export function unquote(word: string): string | undefined {
  return /^"([^"]*)"$/.exec(word)?.[1];
}
