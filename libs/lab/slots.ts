/** Gives names a number each, the lowest free one, for as long as they are in use. */
export class Slots {
  readonly #numbers = new Map<string, number>();
  readonly #free: number[] = [];
  #next = 0;

  /** Numbers these names and no others; a name that was in use before keeps its number. */
  assign(names: readonly string[]): ReadonlyMap<string, number> {
    const wanted = new Set(names);
    for (const [name, number] of this.#numbers) {
      if (wanted.has(name)) continue;
      this.#numbers.delete(name);
      this.#free.push(number);
    }
    this.#free.sort((a, b) => b - a);
    for (const name of wanted) {
      if (this.#numbers.has(name)) continue;
      this.#numbers.set(name, this.#free.pop() ?? this.#next++);
    }
    return this.#numbers;
  }
}
