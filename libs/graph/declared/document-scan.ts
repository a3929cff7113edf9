import { parseAllDocuments } from 'yaml';
import { type Json, isJsonObject } from '#model';

import type { KeyedMention } from './mention.ts';
import type { Setting } from './setting.ts';
import { scanSettings } from './setting-scan.ts';

const MAX_DEPTH = 60;
const MAX_DOCUMENT = 1_000_000;

/** Reads JSON or YAML (several documents too) as values; undefined where it is neither, or too large to be configuration. */
export function readDocuments(text: string): readonly Json[] | undefined {
  if (text.length > MAX_DOCUMENT) return undefined;
  const start = text.trimStart().charAt(0);
  try {
    if (start === '{' || start === '[') return [JSON.parse(text) as Json];
  } catch {
    // JSON with comments or templates: perhaps YAML can read it
  }
  try {
    const documents = parseAllDocuments(text, { merge: true, uniqueKeys: true, strict: false, logLevel: 'silent' });
    if (documents.some((document) => document.errors.length > 0)) return undefined;
    return documents.map((document) => document.toJS({ maxAliasCount: 100 }) as Json);
  } catch {
    return undefined;
  }
}

/** How to read text nested in a document: a script or another file inside a string. */
export type NestedScan = (name: string, text: string) => readonly KeyedMention[];

/**
 * Finds the addresses in a JSON or YAML value. The scalars of one mapping are siblings; a mapping
 * with `enabled: false` switches off everything in it.
 */
export function scanDocument(value: Json, nested: NestedScan): readonly KeyedMention[] {
  const walk = new Walk(nested);
  walk.visit(value, [], undefined, 0);
  return walk.mentions;
}

class Walk {
  readonly mentions: KeyedMention[] = [];
  readonly #nested: NestedScan;

  constructor(nested: NestedScan) {
    this.#nested = nested;
  }

  visit(value: Json | undefined, path: readonly string[], offBy: string | undefined, depth: number): void {
    if (depth > MAX_DEPTH || value === undefined) return;
    if (Array.isArray(value)) {
      this.#visitList(value as readonly Json[], path, offBy, depth);
    } else if (isJsonObject(value)) {
      this.#visitMapping(value, path, offBy, depth);
    } else if (path.length === 0 && typeof value === 'string') {
      this.#add(scanSettings([{ key: '', value, position: 0 }]), offBy);
    }
  }

  #visitList(list: readonly Json[], path: readonly string[], offBy: string | undefined, depth: number): void {
    const scalars = list.filter((item) => typeof item === 'string');
    this.#scan(scalars.map((item, position) => ({ key: keyOf(path), value: item, position })), offBy);
    const pairs: Setting[] = [];
    for (const [position, item] of list.entries()) {
      const pair = isJsonObject(item) ? namedValue(item) : undefined;
      if (pair === undefined) this.visit(typeof item === 'string' ? undefined : item, path, offBy, depth + 1);
      else pairs.push({ ...pair, position });
    }
    this.#scan(pairs, offBy);
  }

  #visitMapping(mapping: Readonly<Record<string, Json | undefined>>, path: readonly string[], offBy: string | undefined, depth: number): void {
    const settings: Setting[] = [];
    const off = offBy ?? switchOf(mapping, path);
    const parentPath = mapping['access'] === 'direct' || mapping['access'] === 'browser' ? [...path, 'browser'] : path;
    for (const [position, [key, item]] of Object.entries(mapping).entries()) {
      const own = [...parentPath, key];
      if (typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean') settings.push({ key: keyOf(own), value: String(item), position });
      else this.visit(item, own, off, depth + 1);
      if (key.includes('://')) settings.push({ key: keyOf(path), value: key, position });
    }
    this.#scan(settings, off);
  }

  #scan(settings: readonly Setting[], offBy: string | undefined): void {
    const lines = settings.filter(({ value }) => !value.includes('\n'));
    if (lines.length > 0) this.#add(scanSettings(lines), offBy);
    for (const { key, value } of settings) if (value.includes('\n')) this.#add(this.#nested(key, value), offBy);
  }

  #add(found: readonly KeyedMention[], offBy: string | undefined): void {
    for (const mention of found) this.mentions.push(offBy === undefined ? mention : { ...mention, switchedOffBy: mention.switchedOffBy ?? offBy });
  }
}

// three words of the path say what a value is; those further up say which part of the program reads it
function keyOf(path: readonly string[]): string {
  return path.slice(-2).join('.');
}

function namedValue(item: Readonly<Record<string, Json | undefined>>): { readonly key: string; readonly value: string } | undefined {
  const { name, value } = item;
  return typeof name === 'string' && typeof value === 'string' && Object.keys(item).length <= 3 ? { key: name, value } : undefined;
}

function switchOf(mapping: Readonly<Record<string, Json | undefined>>, path: readonly string[]): string | undefined {
  for (const [key, off] of [['enabled', false], ['enable', false], ['disabled', true], ['disable', true]] as const) {
    if (Object.hasOwn(mapping, key) && (mapping[key] === off || mapping[key] === String(off))) return [...path.slice(-2), key].join('.');
  }
  return undefined;
}
