/**
 * One step of a rule as the kernel runs it: most load something into a register or compare what
 * is in one, and a comparison that fails ends the rule.
 *
 * Values are written as hexadecimal digits in the order of their bytes, so two expressions that
 * do the same are equal as JSON.
 */
export type Expression =
  | { readonly kind: 'payload'; readonly register: number; readonly base: number; readonly offset: number; readonly size: number }
  | { readonly kind: 'meta'; readonly register: number; readonly key: number }
  | { readonly kind: 'ct'; readonly register: number; readonly key: number }
  | { readonly kind: 'ct-set'; readonly register: number; readonly key: number }
  | { readonly kind: 'fib'; readonly register: number; readonly result: number; readonly flags: number }
  | { readonly kind: 'compare'; readonly register: number; readonly operator: CompareOperator; readonly value: string }
  | { readonly kind: 'bitwise'; readonly register: number; readonly size: number; readonly mask: string; readonly xor: string }
  | { readonly kind: 'lookup'; readonly register: number; readonly set: string; readonly isVerdict: boolean; readonly isInverted: boolean; readonly target?: number }
  | { readonly kind: 'load'; readonly register: number; readonly value: string }
  | { readonly kind: 'verdict'; readonly code: number; readonly chain?: string }
  | { readonly kind: 'counter' }
  | { readonly kind: 'limit'; readonly rate: number; readonly unitSeconds: number; readonly burst: number }
  | { readonly kind: 'log'; readonly prefix: string; readonly group: number; readonly snaplen: number; readonly threshold: number }
  | { readonly kind: 'reject'; readonly type: number; readonly code: number };

/** In the kernel's order. */
export const compareOperators = ['==', '!=', '<', '<=', '>', '>='] as const;
export type CompareOperator = (typeof compareOperators)[number];

/** A set without a name of its own, written inside the rule that uses it. `name` is how the rule refers to it. */
export interface InlineSet {
  readonly name: string;
  readonly keyType: number;
  readonly keySize: number;
  /** Hexadecimal, sorted, unique. */
  readonly keys: readonly string[];
}

export interface EncodedRule {
  readonly expressions: readonly Expression[];
  readonly inlineSets: readonly InlineSet[];
}
