import { isJsonObject, type Manifest } from '#model';

/** The kinds that CustomResourceDefinitions make, by the definition each is from. */
export class DefinedKinds {
  readonly #byKey = new Map<string, string>();

  has(name: string): boolean {
    return [...this.#byKey.values()].includes(name);
  }

  /** Whether a definition makes a kind that is not among these. */
  isMissing(served: readonly string[]): boolean {
    const names = new Set(served);
    return [...this.#byKey.values()].some((name) => !names.has(name));
  }

  /** Notes what a definition says now; whether the server may have other kinds than before. */
  note(key: string, definition: Manifest | undefined): boolean {
    const name = definition === undefined ? undefined : definedBy(definition);
    if (name === undefined) return this.#byKey.delete(key);
    this.#byKey.set(key, name);
    return true;
  }
}

function definedBy({ body }: Manifest): string | undefined {
  const spec = isJsonObject(body['spec']) ? body['spec'] : {};
  const names = isJsonObject(spec['names']) ? spec['names'] : {};
  return typeof spec['group'] === 'string' && typeof names['kind'] === 'string' ? `${spec['group']}/${names['kind']}` : undefined;
}
