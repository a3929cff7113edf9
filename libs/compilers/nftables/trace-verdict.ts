/** What a rule or an element of a map decides. */
export type TracedVerdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'continue' }
  | { readonly kind: 'goto' | 'jump'; readonly target: string };

const PLAIN: ReadonlyMap<string, TracedVerdict> = new Map([
  ['accept', { kind: 'accept' }],
  ['drop', { kind: 'drop' }],
  ['return', { kind: 'return' }],
  ['continue', { kind: 'continue' }],
]);

/** Reads a verdict as it is written, or gives undefined. */
export function readVerdict(text: string): TracedVerdict | undefined {
  const [, way, target] = /^(goto|jump) (\S+)$/.exec(text) ?? [];
  if (target === undefined) return PLAIN.get(text);
  return { kind: way === 'goto' ? 'goto' : 'jump', target };
}
