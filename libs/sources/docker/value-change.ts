import type { SourceUpdate } from '#model';

/** Those that pass a test, and the others. */
export function parted<T>(all: readonly T[], test: (each: T) => boolean): readonly [readonly T[], readonly T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const each of all) (test(each) ? yes : no).push(each);
  return [yes, no];
}

/** Whether a container had addresses before that it has no more. */
export function givesBack(before: SourceUpdate['value'], after: SourceUpdate['value']): boolean {
  const kept = new Set(addressesIn(after));
  return addressesIn(before).some((text) => !kept.has(text));
}

function addressesIn(value: SourceUpdate['value']): readonly string[] {
  return value?.kind === 'container' && !value.pod.hostNetwork ? value.pod.addresses.map(({ text }) => text) : [];
}

/** Whether two values tell the same; one object does without being looked at. */
export function saysSame(a: SourceUpdate['value'], b: SourceUpdate['value']): boolean {
  return a === b || asText(a) === asText(b);
}

const texts = new WeakMap<object, string>();

function asText(value: SourceUpdate['value']): string {
  if (value === undefined) return '';
  let text = texts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
    texts.set(value, text);
  }
  return text;
}
