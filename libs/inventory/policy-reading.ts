import { type Diagnostic, isJsonObject, type Json, type JsonObject, type Manifest } from '#model';

/**
 * Collects what is wrong with one policy object while it is read.
 *
 * One error makes the whole object invalid: an API server would have refused it, so it is absent
 * from the snapshot. Paths are Kubernetes field paths, `spec.ingress[0].ports[1].endPort`.
 */
export class PolicyReading {
  readonly subject: string;
  readonly #manifest: Manifest;
  readonly #diagnostics: Diagnostic[] = [];
  #isValid = true;

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    this.subject = `${manifest.objectKind} ${manifest.namespace === '' ? '' : `${manifest.namespace}/`}${manifest.name}`;
  }

  get isValid(): boolean {
    return this.#isValid;
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  refuse(path: string, found: string, hint: string): void {
    this.#isValid = false;
    const message = `${path} ${found}; an API server refuses the object, so it isolates nothing and allows nothing`;
    this.#diagnostics.push(this.#diagnostic('policy-invalid', 'error', message, hint));
  }

  warn(code: string, path: string, found: string, hint: string): void {
    this.#diagnostics.push(this.#diagnostic(code, 'warning', `${path} ${found}`, hint));
  }

  /** An object's fields; nothing at all (absent, or a YAML null) reads as no fields. */
  fields(value: Json | undefined, path: string): JsonObject {
    if (isJsonObject(value)) return value;
    if (value !== undefined && value !== null) this.refuse(path, `is ${describe(value)} where an object belongs`, 'write a mapping here');
    return {};
  }

  /** A list's items; nothing at all reads as an empty list. */
  items(value: Json | undefined, path: string): readonly Json[] {
    if (Array.isArray(value)) return value as readonly Json[];
    if (value !== undefined && value !== null) this.refuse(path, `is ${describe(value)} where a list belongs`, 'write a list here, each item behind a dash');
    return [];
  }

  /** A text, or undefined where there is none; numbers and booleans are not texts. */
  text(value: Json | undefined, path: string): string | undefined {
    if (typeof value === 'string') return value;
    if (value !== undefined && value !== null) this.refuse(path, `is ${describe(value)} where a text belongs`, 'put it in quotes');
    return undefined;
  }

  /** Fields the API does not know are dropped by it, which can turn a narrow rule into a wide one. */
  expectOnly(fields: JsonObject, known: readonly string[], path: string): void {
    for (const name of Object.keys(fields).filter((each) => !known.includes(each))) {
      this.warn('policy-unknown-field', `${path}.${clip(name)}`, 'is no field of this API and is ignored', `use one of ${known.join(', ')}`);
    }
  }

  #diagnostic(code: string, severity: 'error' | 'warning', message: string, hint: string): Diagnostic {
    return { code, severity, subject: this.subject, message, hint, origin: this.#manifest.origin };
  }
}

export function isPresent(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}

/** A value as people may see it: quoted, so that nothing in it acts on a terminal, and short. */
export function describe(value: Json | undefined): string {
  return value === undefined ? 'nothing' : clip(JSON.stringify(value));
}

function clip(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
