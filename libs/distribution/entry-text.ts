import type { DispatchEntry } from '#compilers/nftables';

import { pack } from './bundle-text.ts';

/** What each pod is written as; `known` is that of the list before, both sorted, and one that is in both is not written again. */
export function writeEntries(after: readonly DispatchEntry[], before: readonly DispatchEntry[], known: readonly (string | undefined)[] = []): readonly string[] {
  let old = 0;
  return after.map((entry) => {
    while (isEarlier(before[old], entry)) old += 1;
    return (before[old] === entry ? known[old] : undefined) ?? writeEntry(entry);
  });
}

export function isSameEntry(a: DispatchEntry, b: DispatchEntry): boolean {
  return a === b || isShallowlySame(a, b) || writeEntry(a) === writeEntry(b);
}

function writeEntry(entry: DispatchEntry): string {
  return JSON.stringify(packEntry(entry));
}

export function packEntry(entry: DispatchEntry): unknown {
  return pack(entry, ({ name }) => name);
}

function isShallowlySame(a: DispatchEntry, b: DispatchEntry): boolean {
  const others = new Map<string, unknown>(Object.entries(b));
  const fields = Object.entries(a);
  return fields.length === others.size && fields.every(([name, value]) => others.get(name) === value);
}

export function isEarlier(entry: DispatchEntry | undefined, than: DispatchEntry): boolean {
  return entry !== undefined && entry.pod < than.pod;
}
