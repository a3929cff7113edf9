import { type Diagnostic, type Json, type JsonObject, type Manifest, type Origin, isJsonObject } from '#model';

import { apiGroup, isClusterScoped } from './cluster-scope.ts';
import type { DocumentProblem } from './document-problem.ts';
import { type DocumentText, splitDocuments } from './document-text.ts';
import { FileReport } from './file-report.ts';
import { readJsonDocument } from './json-document.ts';
import { splitList } from './list-items.ts';
import { isApiVersion, isKind, labelProblem, nameProblem } from './object-name.ts';
import { READ_LIMITS } from './read-limits.ts';
import { shown } from './shown-text.ts';
import { type ReadDocument, readYamlDocument } from './yaml-document.ts';

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
  return { manifests: reading.manifests, diagnostics: reading.report.diagnostics() };
}

/** Lists inside Lists that are unfolded. */
const LIST_DEPTH = 3;

class FileReading {
  readonly manifests: Manifest[] = [];
  readonly report: FileReport;
  readonly #file: string;
  readonly #defaultNamespace: string;
  #documents = 0;

  constructor(file: string, defaultNamespace: string) {
    this.#file = file;
    this.report = new FileReport(file);
    this.#defaultNamespace = defaultNamespace;
  }

  read(text: string): void {
    if (text.length > READ_LIMITS.text) {
      this.report.file('too-large', `holds ${text.length} characters, and ${READ_LIMITS.text} are read`, 'split the file');
      return;
    }
    if (text.includes('\0')) {
      this.report.file('not-text', 'holds NUL characters, so it is no text', 'give YAML or JSON in UTF-8');
      return;
    }
    const json = readJsonDocument(text);
    if (json !== undefined) {
      this.#take(json);
      return;
    }
    for (const document of splitDocuments(text)) {
      if (this.#isFull()) return;
      this.#takeText(document);
    }
  }

  #takeText(document: DocumentText): void {
    const list = splitList(document);
    if (list === undefined) {
      this.#take(readYamlDocument(document));
      return;
    }
    const frame = readYamlDocument(list.frame);
    this.#take(frame);
    const typed = 'value' in frame && isJsonObject(frame.value) ? frame.value : {};
    for (const item of list.items) {
      if (this.#isFull()) return;
      const read = readYamlDocument(item);
      if (!('value' in read)) this.#take(read);
      else this.#tell(read);
      if ('value' in read && typeof typed['apiVersion'] === 'string' && typeof typed['kind'] === 'string') this.#takeItem(read.value, typed['apiVersion'], typed['kind'], read, read.line, 1);
    }
  }

  #isFull(): boolean {
    this.#documents += 1;
    if (this.#documents <= READ_LIMITS.objects) return false;
    this.report.file('too-many-objects', `holds more than ${READ_LIMITS.objects} objects; the rest is not read`, 'split the file');
    return true;
  }

  #take(document: ReadDocument | readonly DocumentProblem[]): void {
    if ('value' in document) {
      this.#tell(document);
      this.#takeValue(document.value, document.line, document, 0);
    } else for (const problem of document) this.report.document(problem);
  }

  #tell({ duplicates }: ReadDocument): void {
    for (const { code, line, message, hint } of duplicates) this.report.object('error', code, this.#file, message, hint, { file: this.#file, line });
  }

  #takeValue(value: Json, line: number, document: ReadDocument, level: number): void {
    if (value === null) return;
    if (isList(value) && level === 0) {
      for (const item of value) this.#takeValue(item, line, document, level + 1);
      return;
    }
    if (!isJsonObject(value)) {
      this.report.notForUs('not-an-object', 'is no mapping', line);
      return;
    }
    const { apiVersion, kind } = value;
    if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
      this.report.notForUs('not-kubernetes', 'has no apiVersion and kind', line);
      return;
    }
    const items = value['items'];
    if (kind.endsWith('List') && (items === null || isList(items))) this.#unfold(items ?? [], apiVersion, kind, document, line, level);
    else this.#takeObject(value, apiVersion, kind, document.lines, { file: this.#file, line });
  }

  #unfold(items: readonly Json[], apiVersion: string, kind: string, document: ReadDocument, line: number, level: number): void {
    if (level > LIST_DEPTH) {
      this.report.object('error', 'too-deep', this.#file, 'Lists inside Lists inside Lists are not read', 'unfold the Lists', { file: this.#file, line });
      return;
    }
    for (const item of items) {
      if (this.#isFull()) return;
      this.#takeItem(item, apiVersion, kind, document, isJsonObject(item) ? (document.lines.get(item) ?? line) : line, level + 1);
    }
  }

  #takeItem(item: Json, apiVersion: string, kind: string, document: ReadDocument, line: number, level: number): void {
    if (item === null) return;
    // Lists as the API server sends them leave the type of their items out.
    const isTyped = kind === 'List' || !isJsonObject(item) || item['kind'] !== undefined;
    this.#takeValue(isTyped ? item : { apiVersion, kind: kind.slice(0, -'List'.length), ...item }, line, document, level);
  }

  #takeObject(body: JsonObject, apiVersion: string, kind: string, lines: ReadonlyMap<object, number>, origin: Origin): void {
    if (!isApiVersion(apiVersion) || !isKind(kind)) {
      this.report.object('error', 'bad-type', this.#file, 'an object has an apiVersion or kind that no API server knows, and is left out', 'correct apiVersion and kind', origin);
      return;
    }
    const group = apiGroup(apiVersion);
    const metadata = isJsonObject(body['metadata']) ? body['metadata'] : {};
    const unquoted = notText(metadata);
    if (unquoted !== undefined) {
      this.report.object('error', 'bad-name', kind, `${unquoted}; the object is left out`, 'the API server refuses it; put it in quotes', origin);
      return;
    }
    const name = nameOf(metadata);
    if (name === undefined) {
      // A kustomization has none, and is no object of a cluster.
      if (!group.endsWith('kustomize.config.k8s.io')) this.report.object('error', 'no-name', kind, 'an object has no metadata.name and is left out', 'give it a name', origin);
      return;
    }
    const isCluster = isClusterScoped(apiVersion, kind);
    const namespace = isCluster ? '' : (textOf(metadata['namespace']) ?? this.#defaultNamespace);
    const problem = nameProblem(group, kind, name) ?? (isCluster ? undefined : labelProblem(namespace)?.replace('has a name', 'has a namespace'));
    if (problem !== undefined) {
      const subject = isCluster ? `${kind} ${shown(name)}` : `${kind} ${shown(namespace)}/${shown(name)}`;
      this.report.object('error', 'bad-name', subject, `${problem}; the object is left out`, 'the API server refuses it; correct the name', origin);
      return;
    }
    this.manifests.push({ kind: 'manifest', apiVersion, objectKind: kind, namespace, name, body, origin, lines });
  }
}

/** The name, or what `generateName` would start it with. */
function nameOf(metadata: JsonObject): string | undefined {
  return textOf(metadata['name']) ?? textOf(metadata['generateName'])?.replace(/[-.]$/, '');
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A name or namespace that YAML takes for something else: `name: y` is true. */
function notText(metadata: JsonObject): string | undefined {
  for (const key of ['name', 'generateName', 'namespace']) {
    const value = metadata[key] ?? null;
    if (value !== null && typeof value !== 'string') return `metadata.${key} is no text but a ${isList(value) ? 'list' : typeof value}`;
  }
  return undefined;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
