import { type Node, type Pair, type Scalar, isAlias, isDocument, isMap, isScalar, isSeq } from 'yaml';

import { type Json, type JsonObject, isJsonObject } from '#model';

import { type DocumentProblem, duplicateKey, templateHint } from './document-problem.ts';
import type { DocumentText } from './document-text.ts';
import { plainScalar } from './plain-scalar.ts';
import { READ_LIMITS } from './read-limits.ts';
import { shown } from './shown-text.ts';
import { lineOf, parseYaml, tooDeep } from './yaml-syntax.ts';

/** A document in wire shape. `lines` knows on which line of the file its containers, variables and list items start. */
export interface ReadDocument {
  readonly value: Json;
  readonly line: number;
  readonly lines: ReadonlyMap<object, number>;
  /** Keys that come twice in one mapping: the last one counts, as it does where the API server is not asked to be strict. */
  readonly duplicates: readonly DocumentProblem[];
}

/** Lists whose entries are named one by one in evidence, so their lines are worth keeping. */
const LISTS_WITH_LINES: ReadonlySet<string> = new Set(['containers', 'initContainers', 'env', 'items']);
const CORE_TAG = 'tag:yaml.org,2002:';

/**
 * Reads one YAML document as Kubernetes does, or says what is wrong with it.
 *
 * Stricter than YAML where Kubernetes is: a key that is no scalar, an alias that leads nowhere or
 * stands for more than a million nodes are problems. A key that comes twice is one to be told of,
 * with what the last one says.
 */
export function readYamlDocument(document: DocumentText): ReadDocument | readonly DocumentProblem[] {
  const parsed = parseYaml(document);
  if (!isDocument(parsed)) return parsed;
  const reading = new ValueReading(document);
  const root = parsed.contents;
  if (root === null) return { value: null, line: document.line, lines: reading.lines, duplicates: [] };
  const line = reading.lineAt(root);
  const value = reading.valueOf(root, 0);
  return reading.problems.length > 0 ? reading.problems : { value, line, lines: reading.lines, duplicates: reading.duplicates };
}

interface Anchored {
  readonly value: Json;
  /** Nodes it stands for once its own aliases are written out. */
  readonly nodes: number;
}

class ValueReading {
  readonly problems: DocumentProblem[] = [];
  readonly duplicates: DocumentProblem[] = [];
  readonly lines = new Map<object, number>();
  readonly #document: DocumentText;
  readonly #anchors = new Map<string, Anchored>();
  #nodes = 0;
  #lineOffset = 0;
  #line: number;

  constructor(document: DocumentText) {
    this.#document = document;
    this.#line = document.line;
  }

  valueOf(node: unknown, depth: number, list?: string): Json {
    this.#nodes += 1;
    if (isScalar(node)) return this.#scalarValue(node);
    if (isAlias(node)) return this.#aliasValue(node.source, offsetOf(node));
    if (depth >= READ_LIMITS.depth) {
      this.#report(tooDeep(this.#document, offsetOf(node)));
      return null;
    }
    if (isMap(node)) return this.#anchored(node, () => this.#mapValue(node.items, depth));
    if (isSeq(node)) return this.#anchored(node, () => this.#listValue(node.items, depth, list));
    return null;
  }

  // Nodes are met in the order they are written, so one pass over the text finds all their lines.
  lineAt(node: Node): number {
    const offset = offsetOf(node);
    if (offset < this.#lineOffset) return lineOf(this.#document, offset);
    const { text } = this.#document;
    for (let at = text.indexOf('\n', this.#lineOffset); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) this.#line += 1;
    this.#lineOffset = offset;
    return this.#line;
  }

  #anchored(node: { readonly anchor?: string }, read: () => Json): Json {
    if (node.anchor === undefined) return read();
    const before = this.#nodes;
    const value = read();
    this.#anchors.set(node.anchor, { value, nodes: this.#nodes - before + 1 });
    return value;
  }

  #scalarValue(node: Scalar): Json {
    const value = scalarOf(node);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, { value, nodes: 1 });
    return value;
  }

  // Values are shared, not copied, so a bomb costs nothing here; it would cost whoever walks the value.
  #aliasValue(name: string, offset: number): Json {
    const target = this.#anchors.get(name);
    if (target === undefined) {
      this.#problem('unknown-alias', offset, `the alias *${shown(name)} has no anchor before it, or stands inside its own`, 'define the anchor first, or write the value out');
      return null;
    }
    this.#nodes += target.nodes;
    if (this.#nodes > READ_LIMITS.expandedNodes) {
      this.#problem('alias-bomb', offset, `aliases stand for more than ${READ_LIMITS.expandedNodes} values`, 'write the values out, or drop the aliases');
      return null;
    }
    return target.value;
  }

  #listValue(items: readonly unknown[], depth: number, list: string | undefined): Json {
    const keepLines = list !== undefined && LISTS_WITH_LINES.has(list);
    return items.map((item) => {
      const line = keepLines && isMap(item) ? this.lineAt(item) : undefined;
      const value = this.valueOf(item, depth + 1);
      if (line !== undefined && isJsonObject(value)) this.lines.set(value, line);
      return value;
    });
  }

  #mapValue(pairs: readonly Pair[], depth: number): JsonObject {
    const result: Record<string, Json> = {};
    const merged: JsonObject[] = [];
    for (const { key, value } of pairs) {
      if (isScalar(key) && key.type === 'PLAIN' && key.value === '<<') {
        merged.push(...this.#mergedMaps(value, depth));
        continue;
      }
      const name = this.#keyOf(key);
      if (name === undefined) continue;
      if (Object.hasOwn(result, name)) this.#noteDuplicate(name, key, pairs);
      setOwn(result, name, value === null ? null : this.valueOf(value, depth + 1, name));
    }
    for (const map of merged) {
      for (const [name, value] of Object.entries(map)) {
        if (!Object.hasOwn(result, name)) setOwn(result, name, value ?? null);
      }
    }
    return result;
  }

  #noteDuplicate(name: string, key: unknown, pairs: readonly Pair[]): void {
    if (this.duplicates.length >= READ_LIMITS.problems) return;
    const first = pairs.find((pair) => isScalar(pair.key) && nameOf(pair.key) === name);
    this.duplicates.push(duplicateKey(name, lineOf(this.#document, offsetOf(first?.key)), lineOf(this.#document, offsetOf(key))));
  }

  #mergedMaps(node: unknown, depth: number): readonly JsonObject[] {
    const value = this.valueOf(node, depth + 1);
    const maps: readonly Json[] = isList(value) ? value : [value];
    const good = maps.filter(isJsonObject);
    if (good.length !== maps.length) this.#problem('bad-merge', offsetOf(node), '`<<` merges something that is no mapping', 'merge a mapping, an alias of one, or a list of them');
    return good;
  }

  #keyOf(key: unknown): string | undefined {
    const value = isScalar(key) ? this.#scalarValue(key) : isAlias(key) ? this.#aliasValue(key.source, offsetOf(key)) : undefined;
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    this.#problem('bad-key', offsetOf(key), 'a key is empty, a mapping or a list', templateHint(this.#document.text) ?? 'keys are text; quote it if it is meant to be text');
    return undefined;
  }

  #problem(code: string, offset: number, message: string, hint: string): void {
    this.#report({ code, line: lineOf(this.#document, offset), message, hint });
  }

  #report(problem: DocumentProblem): void {
    if (this.problems.length < READ_LIMITS.problems) this.problems.push(problem);
  }
}

/** Quoted text is text; what is plain, or tagged as something else, is what it looks like. */
function scalarOf(node: Scalar): Json {
  const text = typeof node.value === 'string' ? node.value : '';
  const { tag, type } = node;
  if (tag === undefined) return type === undefined || type === 'PLAIN' ? plainScalar(text) : text;
  if (tag === `${CORE_TAG}binary`) return Buffer.from(text, 'base64').toString('utf8');
  return tag.startsWith(CORE_TAG) && tag !== `${CORE_TAG}str` ? plainScalar(text) : text;
}

function nameOf(key: Scalar): string {
  const value = scalarOf(key);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Sets an own property, `__proto__` too. */
function setOwn(target: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}

function offsetOf(node: unknown): number {
  const range = (node as Partial<Node> | null)?.range;
  return range?.[0] ?? 0;
}
