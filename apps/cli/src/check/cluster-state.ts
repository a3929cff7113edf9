import { policyReaderOf } from '#inventory';
import { isJsonObject, type Diagnostic, type Json, type JsonObject, type Manifest, type Policy } from '#model';

import { CaseError, type CaseNode, type CasePod, type ConformanceCase, labelsAt, objectAt, readNamespace, readPod, textAt } from './case.ts';

type Labels = Readonly<Record<string, string>>;

/** The small cluster of a case, which the actions of a sequence change step by step. */
export class ClusterState {
  readonly namespaces = new Map<string, Labels>();
  readonly pods = new Map<string, CasePod>();
  readonly nodes: readonly CaseNode[];
  readonly #policies = new Map<string, JsonObject>();
  readonly #file: string;
  readonly #line: number;

  constructor(given: ConformanceCase) {
    this.#file = given.file;
    this.#line = given.line;
    this.nodes = given.nodes;
    for (const { name, labels } of given.namespaces) this.namespaces.set(name, labels);
    for (const pod of given.pods) this.pods.set(`${pod.namespace}/${pod.name}`, pod);
    given.policies.forEach((policy, index) => {
      const key = policyKey(policy);
      // cases made of unit tests leave names out
      this.#policies.set(this.#policies.has(key) ? `${key}#${String(index)}` : key, policy);
    });
  }

  /** The policies as the API server would hold them: an object it refuses is not there. */
  readPolicies(): { readonly policies: readonly Policy[]; readonly diagnostics: readonly Diagnostic[] } {
    const policies: Policy[] = [];
    const diagnostics: Diagnostic[] = [];
    for (const body of this.#policies.values()) {
      const manifest = this.#manifest(body);
      const read = policyReaderOf(manifest.apiVersion, manifest.objectKind);
      if (read === undefined) throw new CaseError(`no reader for the policy kind ${manifest.apiVersion} ${manifest.objectKind}`);
      const { value, diagnostics: found } = read(manifest);
      if (value !== undefined) policies.push(value);
      diagnostics.push(...found);
    }
    return { policies, diagnostics };
  }

  apply(action: JsonObject): void {
    for (const [verb, value] of Object.entries(action)) this.#apply(verb, value);
  }

  #apply(verb: string, value: Json | undefined): void {
    switch (verb) {
      case 'createPolicy':
      case 'updatePolicy': {
        const policy = objectAt(value, verb);
        this.#policies.set(policyKey(policy), policy);
        return;
      }
      case 'deletePolicy':
        this.#deletePolicy(value);
        return;
      case 'createNamespace':
      case 'setNamespaceLabels': {
        const { name, labels } = readNamespace(value, verb);
        this.namespaces.set(name, labels);
        return;
      }
      case 'deleteNamespace':
        this.#deleteNamespace(textAt(value, verb));
        return;
      case 'createPod': {
        const pod = readPod(value, verb);
        this.pods.set(`${pod.namespace}/${pod.name}`, pod);
        return;
      }
      case 'setPodLabels': {
        const fields = objectAt(value, verb);
        const key = textAt(fields['pod'], `${verb}.pod`);
        const pod = this.pods.get(key);
        if (pod === undefined) throw new CaseError(`${verb} names ${key}, which is no pod`);
        this.pods.set(key, { ...pod, labels: labelsAt(fields['labels'], `${verb}.labels`) });
        return;
      }
      case 'deletePod':
        if (!this.pods.delete(textAt(value, verb))) throw new CaseError(`${verb} names ${textAt(value, verb)}, which is no pod`);
        return;
      default:
        throw new CaseError(`no such action: ${verb}`);
    }
  }

  #deletePolicy(value: Json | undefined): void {
    const text = isJsonObject(value) ? undefined : textAt(value, 'deletePolicy');
    const isMeant = text === undefined ? (key: string) => key === policyKey(objectAt(value, 'deletePolicy')) : (key: string) => namesPolicy(text, key);
    const keys = [...this.#policies.keys()].filter(isMeant);
    if (keys.length === 0) throw new CaseError(`deletePolicy names ${JSON.stringify(value)}, which is no policy`);
    for (const key of keys) this.#policies.delete(key);
  }

  #deleteNamespace(name: string): void {
    this.namespaces.delete(name);
    for (const [key, pod] of this.pods) if (pod.namespace === name) this.pods.delete(key);
    for (const key of this.#policies.keys()) if (key.split(' ')[1]?.startsWith(`${name}/`) === true) this.#policies.delete(key);
  }

  #manifest(body: JsonObject): Manifest {
    const { kind, namespace, name } = identityOf(body);
    return {
      kind: 'manifest',
      apiVersion: typeof body['apiVersion'] === 'string' ? body['apiVersion'] : '',
      objectKind: kind,
      namespace,
      name,
      body,
      origin: { file: this.#file, line: this.#line },
    };
  }
}

interface Identity {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

function identityOf(body: JsonObject): Identity {
  const metadata = objectAt(body['metadata'] ?? {}, 'metadata');
  const kind = textAt(body['kind'], 'kind');
  const { namespace, name } = metadata;
  const own = typeof namespace === 'string' && namespace !== '' ? namespace : 'default';
  return { kind, namespace: kind === 'NetworkPolicy' ? own : '', name: typeof name === 'string' ? name : '' };
}

/** `NetworkPolicy shop/web`; nothing before the slash where the kind has no namespace. */
function policyKey(body: JsonObject): string {
  const { kind, namespace, name } = identityOf(body);
  return `${kind} ${namespace}/${name}`;
}

// `ns/name`; a policy without a namespace may be written `name`, `/name` or `Kind/name`
function namesPolicy(text: string, key: string): boolean {
  const [kind = '', place = ''] = key.split(' ');
  const name = place.slice(place.indexOf('/') + 1);
  return text === place || (place.startsWith('/') && (text === name || text === `${kind}/${name}` || text === `${kind}/${place}`));
}
