import type { NodeBundle } from '#compilers/nftables';

import { type BundleDelta, LISTS } from './bundle-delta.ts';
import { pack } from './bundle-text.ts';

/** What a bundle says of itself that its predecessor does not, lists apart. */
export function headOf(was: NodeBundle, after: NodeBundle): Pick<BundleDelta, 'head' | 'without'> {
  const head: Record<string, unknown> = {};
  const old = new Map<string, unknown>(Object.entries(was));
  for (const [name, value] of Object.entries(after) as readonly (readonly [string, unknown])[]) {
    if (LISTS.has(name) || old.get(name) === value) continue;
    const before = old.get(name);
    if (areTexts(before) && areTexts(value)) {
      if (before.length !== value.length || before.some((text, at) => text !== value[at])) head[name] = value;
      continue;
    }
    const [then, now] = [before, value].map((each) => pack(each, ({ name: own }) => own));
    if (JSON.stringify(then) !== JSON.stringify(now)) head[name] = now;
  }
  const without = [...old.keys()].filter((name) => !Object.hasOwn(after, name));
  return { ...(Object.keys(head).length === 0 ? {} : { head }), ...(without.length === 0 ? {} : { without }) };
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}
