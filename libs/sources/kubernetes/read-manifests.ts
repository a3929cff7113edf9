import { type Diagnostic, type Json, type JsonObject, type Manifest, type Origin, isJsonObject } from '#model';

import { apiGroup, isClusterScoped } from './cluster-scope.ts';
import { splitDocuments } from './document-text.ts';
import { readJsonDocument } from './json-document.ts';
import { isApiVersion, isKind, labelProblem, nameProblem } from './object-name.ts';
import { READ_LIMITS } from './read-limits.ts';
import { type DocumentProblem, type ReadDocument, readYamlDocument } from './yaml-document.ts';

export interface ReadManifestsOptions {
  /** The namespace of namespaced objects that name none; `default` where not given. */
  readonly defaultNamespace?: string;
}

export interface ReadManifestsResult {
  readonly manifests: readonly Manifest[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the Kubernetes objects of one text: YAML with any number of documents, or JSON, with Lists
 * unfolded. What `kubectl apply`, `helm template` and `kustomize build` take or print is read.
 *
 * A document that is broken, or that is no Kubernetes object, costs a diagnostic and nothing else;
 * the others are read. Never throws on any text.
 */
export function readManifests(text: string, file: string, options: ReadManifestsOptions = {}): ReadManifestsResult {
  const reading = new FileReading(file, options.defaultNamespace ?? 'default');
  reading.read(text);
  return reading;
}

class FileReading {
  readonly manifests: Manifest[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: string;
  readonly #defaultNamespace: string;

  constructor(file: string, defaultNamespace: string) {
    this.#file = file;
    this.#defaultNamespace = defaultNamespace;
  }

  read(text: string): void {
    if (text.length > READ_LIMITS.text) {
      this.#fileProblem('too-large', `holds ${text.length} characters, and ${READ_LIMITS.text} are read`, 'split the file');
      return;
    }
    if (text.includes('\0')) {
      this.#fileProblem('not-text', 'holds NUL characters, so it is no text', 'give YAML or JSON in UTF-8');
      return;
    }
    const json = readJsonDocument(text);
    if (json !== undefined) {
      this.#take(json);
      return;
    }
    let documents = 0;
    for (const document of splitDocuments(text)) {
      documents += 1;
      if (documents > READ_LIMITS.objects || this.manifests.length > READ_LIMITS.objects) {
        this.#fileProblem('too-many-objects', `holds more than ${READ_LIMITS.objects} objects; the rest is not read`, 'split the file');
        return;
      }
      this.#take(readYamlDocument(document));
    }
  }

  #take(document: ReadDocument | readonly DocumentProblem[]): void {
    if ('value' in document) this.#takeValue(document.value, document.line, document, 0);
    else for (const problem of document) this.#documentProblem(problem);
  }

  #takeValue(value: Json, line: number, document: ReadDocument, level: number): void {
    if (value === null) return;
    if (Array.isArray(value) && level === 0) {
      for (const item of value as readonly Json[]) this.#takeValue(item, line, document, level + 1);
      return;
    }
    const origin = { file: this.#file, line };
    if (!isJsonObject(value)) {
      this.#say('info', 'not-an-object', this.#file, 'a document is no Kubernetes object (no mapping) and is ignored', 'nothing to do if it is meant for something else', origin);
      return;
    }
    const { apiVersion, kind } = value;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
      this.#say('info', 'not-kubernetes', this.#file, 'a document has no apiVersion and kind and is ignored', 'nothing to do if it is no Kubernetes object', origin);
      return;
    }
    if (kind.endsWith('List') && Array.isArray(value['items'])) this.#unfold(value, apiVersion, kind, document, line, level);
    else this.#takeObject(value, apiVersion, kind, document.lines, origin);
  }

  #unfold(list: JsonObject, apiVersion: string, kind: string, document: ReadDocument, line: number, level: number): void {
    if (level > 3) {
      this.#say('error', 'too-deep', this.#file, 'Lists inside Lists inside Lists are not read', 'unfold the Lists', { file: this.#file, line });
      return;
    }
    for (const item of list['items'] as readonly Json[]) {
      if (this.manifests.length > READ_LIMITS.objects) {
        this.#fileProblem('too-many-objects', `holds more than ${READ_LIMITS.objects} objects; the rest is not read`, 'split the file');
        return;
      }
      if (!isJsonObject(item)) {
        if (item !== null) this.#say('warning', 'not-an-object', this.#file, `an item of a ${kind} is no object and is ignored`, 'remove it', { file: this.#file, line });
        continue;
      }
      // Lists as the API server sends them leave the type of their items out.
      const typed = kind !== 'List' && item['kind'] === undefined ? { apiVersion, kind: kind.slice(0, -'List'.length), ...item } : item;
      this.#takeValue(typed, document.lines.get(item) ?? line, document, level + 1);
    }
  }

  #takeObject(body: JsonObject, apiVersion: string, kind: string, lines: ReadonlyMap<object, number>, origin: Origin): void {
    if (!isApiVersion(apiVersion) || !isKind(kind)) {
      this.#say('error', 'bad-type', this.#file, 'an object has an apiVersion or kind that no API server knows, and is left out', 'correct apiVersion and kind', origin);
      return;
    }
    const group = apiGroup(apiVersion);
    const metadata = isJsonObject(body['metadata']) ? body['metadata'] : {};
    const name = nameOf(metadata);
    if (name === undefined) {
      if (group.endsWith('kustomize.config.k8s.io')) return;
      this.#say('warning', 'no-name', kind, 'an object has no metadata.name and is left out', 'give it a name', origin);
      return;
    }
    const isCluster = isClusterScoped(apiVersion, kind);
    const namespace = isCluster ? '' : (textOf(metadata['namespace']) ?? this.#defaultNamespace);
    const problem = nameProblem(group, kind, name) ?? (isCluster ? undefined : namespaceProblem(namespace));
    if (problem !== undefined) {
      this.#say('error', 'bad-name', `${kind} ${shown(namespace)}${isCluster ? '' : '/'}${shown(name)}`, `${problem}; the object is left out`, 'the API server refuses it; correct the name', origin);
      return;
    }
    this.manifests.push({ kind: 'manifest', apiVersion, objectKind: kind, namespace, name, body, origin, lines });
  }

  #documentProblem({ code, line, message, hint }: DocumentProblem): void {
    this.#say('error', code, this.#file, `${message}; the document is left out`, hint, { file: this.#file, line });
  }

  #fileProblem(code: string, message: string, hint: string): void {
    this.#say('error', code, this.#file, message, hint, { file: this.#file, line: 1 });
  }

  #say(severity: Diagnostic['severity'], code: string, subject: string, message: string, hint: string, origin: Origin): void {
    this.diagnostics.push({ code, severity, subject, message, hint, origin });
  }
}

/** The name, or what `generateName` would start it with. */
function nameOf(metadata: JsonObject): string | undefined {
  return textOf(metadata['name']) ?? textOf(metadata['generateName'])?.replace(/[-.]$/, '');
}

function textOf(value: Json | undefined): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function namespaceProblem(namespace: string): string | undefined {
  return labelProblem(namespace)?.replace('has a name', 'has a namespace');
}

function shown(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return short.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '�');
}
