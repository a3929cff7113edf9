/**
 * A secret's value: readable by inference, invisible everywhere else.
 *
 * Printing, JSON, template strings and inspection all show `[secret]`; only {@link reveal} gives
 * the text, so every place that looks at a secret can be found by that one word.
 */
export class SecretText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}
