import type { Diagnostic, Json, JsonObject, Manifest, Origin, Severity } from '#model';
import { isJsonObject } from '#model';

import { shown } from './shown-text.ts';

/**
 * The reading of one object: what was found wrong with it, and whether it still counts.
 *
 * What the API server would refuse for its shape makes the object absent; a number or boolean where
 * text belongs is read as text, with a warning, because nothing is opened by it.
 */
export class ObjectReading {
  readonly manifest: Manifest;
  readonly diagnostics: Diagnostic[] = [];
  #isValid = true;

  constructor(manifest: Manifest) {
    this.manifest = manifest;
  }

  get isValid(): boolean {
    return this.#isValid;
  }

  get root(): Fields {
    return new Fields(this, this.manifest.body, '');
  }

  get origin(): Origin {
    return this.manifest.origin;
  }

  /** The object does not count any more. */
  refuse(path: string, message: string, hint = 'the API server refuses it as well; correct the field'): void {
    this.#isValid = false;
    this.say('error', 'invalid-object', `${path}: ${message}; the object is left out`, hint);
  }

  /** A part without which the object is none. Says nothing where something of the wrong shape stands in its place and was refused. */
  refuseMissing(path: string): void {
    if (this.#isValid) this.refuse(path, 'is missing');
  }

  say(severity: Severity, code: string, message: string, hint: string): void {
    this.diagnostics.push({ code, severity, subject: subjectOf(this.manifest), message, hint, origin: this.origin });
  }

  /** Where an object inside the manifest starts, as exactly as the source knows. */
  originOf(body: JsonObject): Origin {
    const line = this.manifest.lines?.get(body);
    return line === undefined ? this.origin : { file: this.origin.file, line };
  }
}

/** `Deployment shop/web`, `ClusterRole admin`. */
export function subjectOf(manifest: Manifest): string {
  const name = shown(manifest.name);
  return manifest.namespace === '' ? `${manifest.objectKind} ${name}` : `${manifest.objectKind} ${shown(manifest.namespace)}/${name}`;
}

/** One mapping of the object, read field by field. Null is absent, as it is to the API server. */
export class Fields {
  readonly reading: ObjectReading;
  readonly body: JsonObject;
  readonly path: string;

  constructor(reading: ObjectReading, body: JsonObject, path: string) {
    this.reading = reading;
    this.body = body;
    this.path = path;
  }

  raw(key: string): Json | undefined {
    return Object.hasOwn(this.body, key) ? (this.body[key] ?? undefined) : undefined;
  }

  text(key: string): string | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'string') return value;
    return this.#asText(value, this.pathOf(key));
  }

  flag(key: string): boolean | undefined {
    const value = this.raw(key);
    if (value === undefined || typeof value === 'boolean') return value;
    this.refuse(key, 'is not true or false');
    return undefined;
  }

  /** A whole number from `least` on; anything else refuses the object. */
  whole(key: string, least = 0): number | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    this.refuse(key, `is not a whole number from ${least} on`);
    return undefined;
  }

  object(key: string): Fields | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (isJsonObject(value)) return new Fields(this.reading, value, this.pathOf(key));
    this.refuse(key, 'is not a mapping');
    return undefined;
  }

  /** The mapping at a chain of keys, or undefined as soon as one is absent. */
  at(...keys: readonly string[]): Fields | undefined {
    return keys.reduce<Fields | undefined>((fields, key) => fields?.object(key), this);
  }

  list(key: string): readonly Json[] {
    const value = this.raw(key);
    if (value === undefined) return [];
    if (Array.isArray(value)) return value as readonly Json[];
    this.refuse(key, 'is not a list');
    return [];
  }

  objects(key: string): readonly Fields[] {
    const found: Fields[] = [];
    for (const [index, value] of this.list(key).entries()) {
      const path = `${this.pathOf(key)}[${index}]`;
      if (isJsonObject(value)) found.push(new Fields(this.reading, value, path));
      else this.reading.refuse(path, 'is not a mapping');
    }
    return found;
  }

  texts(key: string): readonly string[] {
    const found: string[] = [];
    for (const [index, value] of this.list(key).entries()) {
      const text = typeof value === 'string' ? value : this.#asText(value, `${this.pathOf(key)}[${index}]`);
      if (text !== undefined) found.push(text);
    }
    return found;
  }

  /** A mapping of texts, in sorted key order. */
  textMap(key: string): Readonly<Record<string, string>> {
    const fields = this.object(key);
    if (fields === undefined) return {};
    const entries: [string, string][] = [];
    for (const name of Object.keys(fields.body).sort()) {
      const text = fields.text(name);
      if (text !== undefined) entries.push([name, text]);
    }
    return Object.fromEntries(entries);
  }

  refuse(key: string, message: string): void {
    this.reading.refuse(this.pathOf(key), message);
  }

  pathOf(key: string): string {
    return this.path === '' ? shown(key) : `${this.path}.${shown(key)}`;
  }

  #asText(value: Json, path: string): string | undefined {
    if (typeof value === 'number' || typeof value === 'boolean') {
      this.reading.say('warning', 'not-text', `${path}: is a ${typeof value} where text belongs, and is read as text`, 'quote the value; the API server refuses it as it is');
      return String(value);
    }
    if (value !== null) this.reading.refuse(path, 'is not text');
    return undefined;
  }
}
