import { isJsonObject, type Json, type JsonObject, type Labels } from '#model';

/**
 * Reads the fields of hand-written JSON and remembers what was wrong with them, by path. A value
 * that is wrong reads as its empty form, so reading goes on and all problems are found in one go.
 */
export class JsonFields {
  readonly #problems: string[];
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(json: Json | undefined, path: string, problems: string[]) {
    this.#problems = problems;
    this.#path = path;
    this.#object = json !== undefined && isJsonObject(json) ? json : {};
    if (json === undefined || !isJsonObject(json)) this.complain('', 'is not a mapping');
  }

  complain(field: string, what: string): void {
    this.#problems.push(`${this.#pathOf(field) || 'the entry'} ${what}`);
  }

  has(field: string): boolean {
    return this.#take(field) !== undefined;
  }

  text(field: string): string {
    const value = this.#take(field);
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    this.complain(field, 'is not a text');
    return '';
  }

  optionalText(field: string): string | undefined {
    return this.has(field) ? this.text(field) : undefined;
  }

  /** One of these texts; the first where it is none of them. */
  choice<const T extends string>(field: string, choices: readonly [T, ...T[]]): T {
    const value = this.#take(field);
    const found = choices.find((choice) => choice === value);
    if (found === undefined) this.complain(field, `is none of ${choices.join(', ')}`);
    return found ?? choices[0];
  }

  texts(field: string): readonly string[] {
    return this.#list(field).map((item, index) => {
      if (typeof item === 'string') return item;
      this.complain(`${field}[${String(index)}]`, 'is not a text');
      return '';
    });
  }

  labels(field: string): Labels {
    const value = this.#take(field) ?? {};
    if (!isJsonObject(value)) {
      this.complain(field, 'is not a mapping of texts');
      return {};
    }
    const entries = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    if (entries.length < Object.keys(value).length) this.complain(field, 'is not a mapping of texts; put numbers and booleans in quotes');
    return Object.fromEntries(entries);
  }

  count(field: string): number {
    const value = this.#take(field);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    this.complain(field, 'is not a whole number');
    return 0;
  }

  /** A number from 0 to 1. */
  share(field: string): number {
    const value = this.#take(field);
    if (typeof value === 'number' && value >= 0 && value <= 1) return value;
    this.complain(field, 'is no share from 0 to 1');
    return 1;
  }

  claim(field: string): boolean {
    const value = this.#take(field);
    if (typeof value !== 'boolean') this.complain(field, 'is neither true nor false');
    return value === true;
  }

  /** A list of mappings, each read to its last field; an absent list is an empty one. */
  objects<T>(field: string, readObject: (fields: JsonFields) => T): readonly T[] {
    return this.#list(field).map((item, index) => {
      const fields = new JsonFields(item, this.#pathOf(`${field}[${String(index)}]`), this.#problems);
      const read = readObject(fields);
      fields.finish();
      return read;
    });
  }

  /** A mapping inside this one, read to its last field. */
  object<T>(field: string, readObject: (fields: JsonFields) => T): T {
    const fields = new JsonFields(this.#take(field), this.#pathOf(field), this.#problems);
    const read = readObject(fields);
    fields.finish();
    return read;
  }

  is(field: string, value: Json): boolean {
    return this.#take(field) === value;
  }

  /** Complains about every field nobody asked for: a misspelt condition must not read as none. */
  finish(): void {
    for (const field of Object.keys(this.#object)) {
      if (!this.#read.has(field)) this.complain(field.slice(0, 60), 'is not a field of this schema');
    }
  }

  #list(field: string): readonly Json[] {
    const value = this.#take(field) ?? [];
    if (Array.isArray(value)) return value as readonly Json[];
    this.complain(field, 'is not a list');
    return [];
  }

  #pathOf(field: string): string {
    return [this.#path, field].filter((part) => part !== '').join('.');
  }

  #take(field: string): Json | undefined {
    this.#read.add(field);
    return Object.hasOwn(this.#object, field) ? this.#object[field] : undefined;
  }
}
