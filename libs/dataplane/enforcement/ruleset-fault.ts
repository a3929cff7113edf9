import type { Ruleset } from '#compilers/nftables';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,120}$/;
// addresses, ranges, ports, interfaces, marks, keys of several fields, and what may stand behind them
const ELEMENT = /^(?:"[A-Za-z0-9_.:@-]{1,15}"(?: \. [0-9a-f:.]+)?|[A-Za-z0-9:./*_@-]+(?: ?[.-] ?[A-Za-z0-9:./*_@-]+)*)(?: timeout [0-9a-z]+)?(?: expires [0-9a-z]+)?(?: comment "[^"\\\n]*")?$/;
const VERDICT = /^(?:accept|drop|continue|return|(?:jump|goto) [A-Za-z_][A-Za-z0-9_]{0,120})$/;
const LONGEST = 400;

/**
 * Looks at every word of a ruleset that reaches a kernel, where somebody else wrote its bundle.
 *
 * A bundle of ours always passes; one that was forged may not say anything but elements of our own
 * sets: no second statement, no other table, whatever is written into it.
 */
export function rulesetFault(ruleset: Ruleset): string | undefined {
  for (const { name } of ruleset.chains) if (!NAME.test(name)) return fault('name', name);
  // rules are made of our own words and names; what could end a statement is in none of them
  for (const { rules } of ruleset.chains) for (const { text } of rules) if (/[\n\r;#\\]/.test(text)) return fault('rule', text);
  return elementsFault(ruleset);
}

/** The same of sets and maps alone. */
export function elementsFault({ sets, maps }: Pick<Ruleset, 'sets' | 'maps'>): string | undefined {
  for (const { name } of [...sets, ...maps]) if (!NAME.test(name)) return fault('name', name);
  for (const { elements } of sets) for (const element of elements) if (!isElement(element)) return fault('element', element);
  for (const { elements } of maps) {
    for (const { key, verdict } of elements) {
      if (!isElement(key)) return fault('element', key);
      if (typeof verdict !== 'string' || !VERDICT.test(verdict)) return fault('verdict', verdict);
    }
  }
  return undefined;
}

function isElement(text: unknown): boolean {
  return typeof text === 'string' && text.length <= LONGEST && ELEMENT.test(text);
}

function fault(what: string, text: unknown): string {
  return `${JSON.stringify(String(text).slice(0, 100))} is no ${what} of ours`;
}
