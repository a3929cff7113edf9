import type { NftChain, NftRule } from './nft-object.ts';

/** A chain that is part of every ruleset, whatever the policies. */
export function staticChain(name: string, why: string, rules: readonly (string | NftRule)[]): NftChain {
  return { name, why, isStatic: true, rules: rules.map((each) => (typeof each === 'string' ? { text: each } : each)) };
}

/** A static chain that the kernel calls. */
export function hookChain(name: 'prerouting' | 'forward' | 'input' | 'output', priority: number, rules: readonly (string | NftRule)[]): NftChain {
  const calls = `type filter hook ${name} priority ${String(priority)}; policy accept;`;
  return { ...staticChain(name, `every packet the node sees at ${name}`, rules), hook: calls };
}

export function commented(text: string, comment: string): NftRule {
  return { text, comment };
}
