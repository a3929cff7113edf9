const MOST_WORDS = 50_000;

/** Gives for equal texts one and the same, so that what is kept many times takes room once. */
export class Words {
  readonly #words = new Map<string, string>();

  of(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    if (this.#words.size >= MOST_WORDS) this.#words.clear();
    this.#words.set(text, text);
    return text;
  }
}

/** The name of a program as it may be shown: it chooses it itself. */
export function shownProcess(name: string): string {
  return name.slice(0, 15).replace(/[^\x21-\x7e]/g, '?');
}
