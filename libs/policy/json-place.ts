import { isJsonObject, type Json, type JsonObject, type WorkloadRef } from '#model';

/** No list and no text of a policy is longer; what is was not written by us. */
const LONGEST_LIST = 100_000;
const LONGEST_TEXT = 16_384;

/** What reading gave: the value, or where and why it is none. */
export type JsonReading<T> = { readonly kind: 'read'; readonly value: T } | { readonly kind: 'refused'; readonly why: string };

class Unreadable extends Error {}

/** Runs a reader over JSON that may have been tampered with: all of it is understood, or none of it is used. */
export function readJson<T>(json: Json | undefined, name: string, read: (place: JsonPlace) => T): JsonReading<T> {
  try {
    return { kind: 'read', value: read(new JsonPlace(json, name)) };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'refused', why: error.message };
    throw error;
  }
}

/** A value somewhere in JSON, with its path for whoever has to find it. */
export class JsonPlace {
  readonly #value: Json | undefined;
  readonly #path: string;

  constructor(value: Json | undefined, path: string) {
    this.#value = value;
    this.#path = path;
  }

  refuse(why: string): never {
    throw new Unreadable(`${this.#path} ${why}`);
  }

  /** A mapping with these fields and no others: a field nobody knows may be a condition. */
  object(known: readonly string[]): JsonFields {
    if (!isJsonObject(this.#value)) return this.refuse('is no mapping');
    const unknown = Object.keys(this.#value).find((key) => !known.includes(key));
    if (unknown !== undefined) return this.refuse(`has a field ${JSON.stringify(unknown.slice(0, 60))} that is not known here`);
    return new JsonFields(this.#value, this.#path);
  }

  list<T>(read: (place: JsonPlace) => T): readonly T[] {
    if (!Array.isArray(this.#value)) return this.refuse('is no list');
    const items = this.#value as readonly Json[];
    if (items.length > LONGEST_LIST) return this.refuse(`has ${String(items.length)} entries, more than ${String(LONGEST_LIST)}`);
    return items.map((item, index) => read(new JsonPlace(item, `${this.#path}[${String(index)}]`)));
  }

  text(): string {
    if (typeof this.#value !== 'string') return this.refuse('is no text');
    if (this.#value.length > LONGEST_TEXT) return this.refuse(`has more than ${String(LONGEST_TEXT)} characters`);
    return this.#value;
  }

  /** A text that names something. */
  name(): string {
    return this.text() === '' ? this.refuse('is empty') : this.text();
  }

  choice<const T extends string>(choices: readonly T[]): T {
    return choices.find((choice) => choice === this.#value) ?? this.refuse(`is none of ${choices.join(', ')}`);
  }

  claim(): boolean {
    return typeof this.#value === 'boolean' ? this.#value : this.refuse('is neither true nor false');
  }

  whole(least: number, most: number = Number.MAX_SAFE_INTEGER): number {
    if (typeof this.#value !== 'number' || !Number.isSafeInteger(this.#value)) return this.refuse('is no whole number');
    return this.#value >= least && this.#value <= most ? this.#value : this.refuse(`is ${String(this.#value)}, not between ${String(least)} and ${String(most)}`);
  }

  /** 0 to 1. */
  share(): number {
    return typeof this.#value === 'number' && this.#value >= 0 && this.#value <= 1 ? this.#value : this.refuse('is no share from 0 to 1');
  }

  is(value: Json): boolean {
    return this.#value === value;
  }

  workload(): WorkloadRef {
    const fields = this.object(['namespace', 'kind', 'name']);
    const part = (name: string): string => {
      const place = fields.at(name);
      const text = place.name();
      return text.includes('/') ? place.refuse('holds a slash') : text;
    };
    return { namespace: part('namespace'), kind: part('kind'), name: part('name') };
  }
}

/** The fields of one mapping. */
export class JsonFields {
  readonly #object: JsonObject;
  readonly #path: string;

  constructor(object: JsonObject, path: string) {
    this.#object = object;
    this.#path = path;
  }

  at(field: string): JsonPlace {
    return new JsonPlace(this.has(field) ? this.#object[field] : undefined, `${this.#path}.${field}`);
  }

  has(field: string): boolean {
    return Object.hasOwn(this.#object, field) && this.#object[field] !== undefined;
  }

  /** `{[field]: value}` where the field is there, `{}` where it is not: to be spread. */
  optional<K extends string, T>(field: K, read: (place: JsonPlace) => T): { readonly [key in K]?: T } {
    if (!this.has(field)) return {};
    return { [field]: read(this.at(field)) } as { readonly [key in K]?: T };
  }
}
