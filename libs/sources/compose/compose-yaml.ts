import { type Node, type Pair, LineCounter, isAlias, isMap, isPair, isScalar, isSeq, parseAllDocuments } from 'yaml';

import { interpolate, type Variables } from './interpolation.ts';
import { type LocatedMap, type LocatedNode, type MergeTag, type Place, list, map, scalar } from './located-node.ts';
import { shown, shownPath } from './plain-text.ts';
import type { Report } from './project-reading.ts';

const DEEPEST = 64;
const MOST_NODES = 500_000;

/** What a file says about itself is read with these. */
export interface YamlSurroundings {
  readonly file: string;
  readonly folder: string;
  readonly variables: Variables;
  readonly report: Report;
}

/** A file that can not be used as it is; the first of its problems is enough. */
class Unusable extends Error {
  readonly code: string;
  readonly line: number;
  readonly hint: string;

  constructor(code: string, line: number, message: string, hint: string) {
    super(message);
    this.code = code;
    this.line = line;
    this.hint = hint;
  }
}

/**
 * Reads the documents of a Compose file: YAML as Compose takes it (`yes` is a text, `<<` merges),
 * with variables replaced in values and every value knowing its line.
 *
 * A file that Compose would refuse (broken YAML, a key twice) or that explodes when its aliases
 * are written out is reported and gives nothing.
 */
export function readComposeYaml(text: string, surroundings: YamlSurroundings): readonly LocatedMap[] {
  try {
    return readDocuments(text, surroundings);
  } catch (error) {
    const { code, line, message, hint } =
      error instanceof Unusable ? error : new Unusable('yaml-invalid', 1, 'is nested too deeply to be read', 'flatten the file');
    surroundings.report({
      code,
      severity: 'error',
      subject: shownPath(surroundings.file),
      message,
      hint,
      origin: { file: surroundings.file, line },
    });
    return [];
  }
}

function readDocuments(text: string, surroundings: YamlSurroundings): readonly LocatedMap[] {
  const lineCounter = new LineCounter();
  // Keys are checked for repeats here and not by the parser, whose check is quadratic.
  const documents = parseAllDocuments(text, { version: '1.2', uniqueKeys: false, lineCounter, logLevel: 'silent', prettyErrors: false });
  const roots: LocatedMap[] = [];
  if ('empty' in documents) return roots;
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      const line = lineCounter.linePos(error.pos[0]).line;
      throw new Unusable('yaml-invalid', line, `is not valid YAML: ${shown(error.message)}`, 'correct the file; none of it is used until then');
    }
    if (document.contents === null) continue;
    const root = new Reading(lineCounter, surroundings).node(document.contents, undefined, 0);
    if (root.kind === 'map') roots.push(root);
    else if (root.kind === 'list' || root.value !== null)
      throw new Unusable('compose-invalid', root.at.line, 'is not a mapping at the top', 'a Compose file starts with keys such as `services:`');
  }
  return roots;
}

class Reading {
  readonly #lines: LineCounter;
  readonly #surroundings: YamlSurroundings;
  // An anchor holds the value already read, so that aliases cost nothing however often they are used.
  readonly #anchors = new Map<string, LocatedNode>();

  constructor(lines: LineCounter, surroundings: YamlSurroundings) {
    this.#lines = lines;
    this.#surroundings = surroundings;
  }

  node(node: Node, keyLine: number | undefined, depth: number): LocatedNode {
    const line = keyLine ?? this.#lineOf(node);
    if (depth > DEEPEST) throw new Unusable('yaml-invalid', line, 'is nested too deeply', `keep it under ${DEEPEST} levels`);
    const at: Place = { file: this.#surroundings.file, line, folder: this.#surroundings.folder };
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined)
        throw new Unusable('yaml-invalid', line, `uses the alias *${shown(node.source)} before or inside its anchor`, 'put the anchor first');
      return target.kind === 'scalar' ? target : { ...target, at };
    }
    const read = this.#value(node, at, depth);
    if (read.size > MOST_NODES)
      throw new Unusable('yaml-too-large', line, 'becomes too large when its aliases are written out', `keep it under ${MOST_NODES} values`);
    const tag = tagOf(node);
    const result = tag === undefined ? read : { ...read, tag };
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, result);
    return result;
  }

  #value(node: Node, at: Place, depth: number): LocatedNode {
    if (isSeq(node)) {
      const items = node.items.map((item) => (isNode(item) ? this.node(item, undefined, depth + 1) : scalar(null, at)));
      return list(items, at);
    }
    if (isMap(node)) return this.#map(node.items, at, depth);
    if (!isScalar(node)) return scalar(null, at);
    const { value, source } = node;
    if (typeof value === 'string') return this.#text(value, at);
    if (typeof value === 'number' || typeof value === 'bigint') {
      const text = source !== undefined && /^[-+]?\d{1,32}$/.test(source) ? source : String(value);
      return { ...scalar(text, at), value: Number(value) };
    }
    return typeof value === 'boolean' ? { ...scalar(String(value), at), value } : scalar(null, at);
  }

  #text(template: string, at: Place): LocatedNode {
    if (!template.includes('$')) return scalar(template, at);
    const { text, unset, required, invalid } = interpolate(template, this.#surroundings.variables);
    const { report, file } = this.#surroundings;
    const origin = { file: at.file, line: at.line };
    for (const { name, message } of required)
      report({
        code: 'compose-variable-required',
        severity: 'warning',
        subject: shownPath(file),
        message: `needs a value for ${shown(name)}${message === '' ? '' : `: ${shown(message)}`}`,
        hint: 'give it a value in the .env file beside the Compose file',
        origin,
      });
    for (const name of unset)
      report({
        code: 'compose-variable-unset',
        severity: 'info',
        subject: shownPath(file),
        message: `uses the variable ${shown(name)}, which has no value in .env and no default; it reads as empty`,
        hint: 'give it a value in the .env file beside the Compose file; the environment of whoever runs this is never read',
        origin,
      });
    for (const place of invalid)
      report({
        code: 'compose-interpolation-invalid',
        severity: 'warning',
        subject: shownPath(file),
        message: `has a dollar sign that starts no variable: ${shown(place)}`,
        hint: 'write $$ for a plain dollar sign',
        origin,
      });
    return scalar(text, at, unset.length > 0);
  }

  #map(pairs: readonly Pair[], at: Place, depth: number): LocatedMap {
    const own = new Map<string, LocatedNode>();
    const merged: LocatedNode[] = [];
    for (const pair of pairs) {
      if (!isPair(pair)) continue;
      const keyNode = isNode(pair.key) ? pair.key : undefined;
      const line = keyNode === undefined ? at.line : this.#lineOf(keyNode);
      const key = this.#key(keyNode, line);
      const value = isNode(pair.value) ? this.node(pair.value, line, depth + 1) : scalar(null, { ...at, line });
      if (key === '<<' && isScalar(keyNode) && keyNode.type === 'PLAIN') {
        merged.push(...(value.kind === 'list' ? value.items : [value]));
        continue;
      }
      if (own.has(key)) throw new Unusable('yaml-duplicate-key', line, `has the key ${shown(key)} twice in one mapping`, 'keep one of them; Compose refuses the file');
      own.set(key, value);
    }
    if (merged.length === 0) return map(own, at);
    const entries = new Map<string, LocatedNode>();
    for (const source of merged.reverse()) {
      if (source.kind !== 'map') throw new Unusable('yaml-invalid', source.at.line, 'merges (`<<`) something that is no mapping', 'merge mappings only');
      for (const [key, value] of source.entries) entries.set(key, value);
    }
    for (const [key, value] of own) entries.set(key, value);
    return map(entries, at);
  }

  #key(node: Node | undefined, line: number): string {
    if (node === undefined) return '';
    if (isScalar(node)) {
      const key = typeof node.value === 'string' ? node.value : (node.source ?? '');
      if (node.anchor !== undefined) this.#anchors.set(node.anchor, scalar(key, { ...this.#surroundings, line }));
      return key;
    }
    const aliased = isAlias(node) ? this.#anchors.get(node.source) : undefined;
    if (aliased?.kind === 'scalar') return aliased.text;
    throw new Unusable('yaml-invalid', line, 'has a key that is no plain text', 'use texts as keys');
  }

  #lineOf(node: Node): number {
    return node.range === null || node.range === undefined ? 1 : this.#lines.linePos(node.range[0]).line;
  }
}

function tagOf(node: Node): MergeTag | undefined {
  if (isAlias(node)) return undefined;
  return node.tag === '!reset' ? 'reset' : node.tag === '!override' ? 'override' : undefined;
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}
