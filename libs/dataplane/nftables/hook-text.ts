import { HOOK_NAMES } from './kernel-numbers.ts';

/** A chain the kernel calls. */
export interface BaseChain {
  readonly type: string;
  readonly hook: number;
  readonly priority: number;
  /** 1 lets through what no rule decided, 0 drops it. */
  readonly policy: 0 | 1;
}

const FORM = /^type ([a-z]+) hook ([a-z]+) priority (-?[0-9]{1,6}); policy (accept|drop);$/;

/** Reads `type filter hook forward priority -10; policy accept;`. Throws on anything else: it comes from our own compiler. */
export function baseChainOf(text: string): BaseChain {
  const match = FORM.exec(text);
  const hook = HOOK_NAMES.findIndex((name) => name === match?.[2]);
  if (match === null || hook < 0) throw new Error(`encode chain: ${JSON.stringify(text)} is not known`);
  return { type: match[1] ?? '', hook, priority: Number(match[3]), policy: match[4] === 'accept' ? 1 : 0 };
}
