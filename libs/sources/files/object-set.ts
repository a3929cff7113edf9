import { type Diagnostic, type Manifest, type SourceUpdate, formatOrigin, isJsonObject } from '#model';

/**
 * The objects of all files, each once. Where one is given twice the later counts, as it would when
 * all were applied in order.
 */
export class ObjectSet {
  readonly diagnostics: Diagnostic[] = [];
  readonly #objects = new Map<string, Manifest>();

  add(manifest: Manifest): void {
    const key = keyOf(manifest);
    const earlier = this.#objects.get(key);
    if (earlier !== undefined) this.diagnostics.push(definedTwice(manifest, earlier));
    this.#objects.set(key, manifest);
  }

  /** Adds what somebody said who is away: whoever says something of it now counts, without a word. */
  addAbsent(manifest: Manifest): void {
    const key = keyOf(manifest);
    if (!this.#objects.has(key)) this.#objects.set(key, manifest);
  }

  updates(): readonly SourceUpdate[] {
    return [...this.#objects].map(([key, value]) => ({ source: 'files', key, value }));
  }

  /**
   * Takes the namespace off objects whose CustomResourceDefinition, among the objects, says that
   * they have none.
   */
  withoutNeedlessNamespaces(): ObjectSet {
    const clusterKinds = new Set([...this.#objects.values()].flatMap((manifest) => clusterKindOf(manifest) ?? []));
    if (clusterKinds.size === 0) return this;
    const result = new ObjectSet();
    for (const manifest of this.#objects.values()) {
      const isCluster = manifest.namespace !== '' && clusterKinds.has(`${groupOf(manifest)}/${manifest.objectKind}`);
      result.add(isCluster ? { ...manifest, namespace: '' } : manifest);
    }
    result.diagnostics.push(...this.diagnostics);
    return result;
  }
}

function keyOf(manifest: Manifest): string {
  return `${groupOf(manifest)}/${manifest.objectKind}/${manifest.namespace}/${manifest.name}`;
}

function groupOf({ apiVersion }: Manifest): string {
  return apiVersion.includes('/') ? (apiVersion.split('/', 1)[0] ?? '') : '';
}

function clusterKindOf({ objectKind, body }: Manifest): string | undefined {
  const spec = objectKind === 'CustomResourceDefinition' ? body['spec'] : undefined;
  if (!isJsonObject(spec) || spec['scope'] !== 'Cluster') return undefined;
  const names = spec['names'];
  const kind = isJsonObject(names) ? names['kind'] : undefined;
  return typeof spec['group'] === 'string' && typeof kind === 'string' ? `${spec['group']}/${kind}` : undefined;
}

function definedTwice(manifest: Manifest, earlier: Manifest): Diagnostic {
  const isSame = JSON.stringify(manifest.body) === JSON.stringify(earlier.body);
  const name = manifest.namespace === '' ? manifest.name : `${manifest.namespace}/${manifest.name}`;
  return {
    code: 'defined-twice',
    severity: isSame ? 'info' : 'warning',
    subject: `${manifest.objectKind} ${name}`,
    message: `is defined at ${formatOrigin(earlier.origin)} already${isSame ? ', in the same words' : '; this one counts, as it comes later'}`,
    hint: 'keep one definition',
    origin: manifest.origin,
  };
}
