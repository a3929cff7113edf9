import { layOutRuleset, type NodeBundle, type Ruleset } from '#compilers/nftables';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,120}$/;
// addresses, ranges, ports, interfaces, marks, keys of several fields, and what may stand behind them
const ELEMENT = /^[A-Za-z0-9:./*_@-]+(?: ?[.-] ?[A-Za-z0-9:./*_@-]+)*(?: timeout [0-9a-z]+)?(?: expires [0-9a-z]+)?(?: comment "[^"\\\n]*")?$/;
const VERDICT = /^(?:accept|drop|continue|return|(?:jump|goto) [A-Za-z_][A-Za-z0-9_]{0,120})$/;
const LONGEST = 400;

export type LaidOutBundle = { readonly kind: 'ruleset'; readonly ruleset: Ruleset } | { readonly kind: 'fault'; readonly why: string };

/**
 * Lays out a bundle that somebody else wrote, and looks at every word of it that reaches a kernel.
 *
 * A bundle of ours always passes; one that was forged may not say anything but elements of our own
 * sets: no second statement, no other table, whatever is written into it.
 */
export function layOutForeign(bundle: NodeBundle): LaidOutBundle {
  let ruleset: Ruleset;
  try {
    ruleset = layOutRuleset(bundle);
  } catch (error) {
    return { kind: 'fault', why: `it cannot be laid out: ${error instanceof Error ? error.message : String(error)}` };
  }
  for (const { name } of [...ruleset.sets, ...ruleset.maps, ...ruleset.chains]) if (!NAME.test(name)) return fault('name', name);
  for (const { elements } of ruleset.sets) for (const element of elements) if (!isElement(element)) return fault('element', element);
  for (const { elements } of ruleset.maps) {
    for (const { key, verdict } of elements) {
      if (!isElement(key)) return fault('element', key);
      if (typeof verdict !== 'string' || !VERDICT.test(verdict)) return fault('verdict', verdict);
    }
  }
  // rules are made of our own words and names; what could end a statement is in none of them
  for (const { rules } of ruleset.chains) for (const { text } of rules) if (/[\n\r;#\\]/.test(text)) return fault('rule', text);
  return { kind: 'ruleset', ruleset };
}

/** Whether there are rules for the node itself, which may cut off whoever loads them. */
export function mayLockOut({ sets }: Ruleset): boolean {
  return sets.some(({ name, elements }) => name === 'host' && elements.length > 0);
}

/** Whether two bundles judge the node itself by the same rules; who is in the peer sets of these comes and goes. */
export function isHostAlike(a: NodeBundle, b: NodeBundle): boolean {
  const judged = ({ host }: NodeBundle): string => JSON.stringify({ ...host, addresses: host?.addresses.map(({ text }) => text) });
  return judged(a) === judged(b);
}

function isElement(text: unknown): boolean {
  return typeof text === 'string' && text.length <= LONGEST && ELEMENT.test(text);
}

function fault(what: string, text: unknown): LaidOutBundle {
  return { kind: 'fault', why: `${JSON.stringify(String(text).slice(0, 100))} is no ${what} of ours` };
}
