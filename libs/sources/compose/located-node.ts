import type { Origin } from '#model';

/** Where a value was written, and the folder its relative paths start from. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly folder: string;
}

/** `!reset` takes away what an earlier file said, `!override` replaces it whole. */
export type MergeTag = 'reset' | 'override';

interface Located {
  readonly at: Place;
  readonly tag?: MergeTag;
  /** Nodes this value stands for once its aliases are written out. */
  readonly size: number;
}

export interface LocatedScalar extends Located {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** The value as Compose would print it; empty for null. */
  readonly text: string;
  /** A variable in it had no value and no default. */
  readonly hasUnset: boolean;
}

export interface LocatedList extends Located {
  readonly kind: 'list';
  readonly items: readonly LocatedNode[];
}

/** Keys are held in a Map, so that a key called `__proto__` is a key like any other. */
export interface LocatedMap extends Located {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, LocatedNode>;
}

/** A YAML value that remembers where it was written, through merges, aliases and `extends`. */
export type LocatedNode = LocatedScalar | LocatedList | LocatedMap;

export function scalar(text: string | null, at: Place, hasUnset = false): LocatedScalar {
  return { kind: 'scalar', value: text, text: text ?? '', at, hasUnset, size: 1 };
}

export function list(items: readonly LocatedNode[], at: Place): LocatedList {
  return { kind: 'list', items, at, size: sizeOf(items) };
}

export function map(entries: ReadonlyMap<string, LocatedNode>, at: Place): LocatedMap {
  return { kind: 'map', entries, at, size: sizeOf(entries.values()) };
}

function sizeOf(children: Iterable<LocatedNode>): number {
  let size = 1;
  for (const child of children) size += child.size;
  return size;
}

export function isNull(node: LocatedNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** The value of `key`, or undefined where `node` is no mapping or has none (or null) there. */
export function entryOf(node: LocatedNode | undefined, key: string): LocatedNode | undefined {
  if (node?.kind !== 'map') return undefined;
  const entry = node.entries.get(key);
  return entry === undefined || isNull(entry) ? undefined : entry;
}

export function entriesOf(node: LocatedNode | undefined): ReadonlyMap<string, LocatedNode> {
  return node?.kind === 'map' ? node.entries : new Map<string, LocatedNode>();
}

/** The items of a list; a single value stands for a list of itself, as `env_file: a.env` does. */
export function itemsOf(node: LocatedNode | undefined): readonly LocatedNode[] {
  if (node === undefined || isNull(node)) return [];
  return node.kind === 'list' ? node.items : [node];
}

/** The text of a scalar that is not null. */
export function textOf(node: LocatedNode | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? node.text : undefined;
}

export function isTrue(node: LocatedNode | undefined): boolean {
  return node?.kind === 'scalar' && (node.value === true || node.text === 'true');
}

export function originOf({ at }: LocatedNode): Origin {
  return { file: at.file, line: at.line };
}
