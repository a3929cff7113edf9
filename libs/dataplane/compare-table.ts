import { MAY_END, type TableReading } from './driver.ts';

const MOST_LINES = 20;
/** Sets whose elements are notes of what was seen, and no part of any bundle; maps of ways nobody goes at present. */
const FILLED_MEANWHILE = /^spoken[46]$|_to$/;

/** What a kernel holds otherwise than it should, one line each, at most twenty; none where both are the same. */
export function compareTable(expected: TableReading, found: TableReading | undefined): readonly string[] {
  if (found === undefined) return ['the table is not there'];
  const lines = [...compareSets(expected, found), ...compareChains(expected, found)];
  return lines.length <= MOST_LINES ? lines : [...lines.slice(0, MOST_LINES - 1), `and ${String(lines.length - MOST_LINES + 1)} more`];
}

function compareSets(expected: TableReading, found: TableReading): readonly string[] {
  const lines: string[] = [];
  for (const [name, elements] of expected.sets) {
    const others = found.sets.get(name);
    if (others === undefined) {
      lines.push(`set ${name} is missing`);
      continue;
    }
    let wrong = 0;
    for (const [key, value] of elements) {
      const other = others.get(key);
      if (other !== value && !(other === undefined && value.endsWith(MAY_END))) wrong += 1;
    }
    const extra = FILLED_MEANWHILE.test(name) ? 0 : countExtra(others, elements);
    if (wrong + extra > 0) lines.push(`set ${name}: ${String(wrong)} of ${String(elements.size)} elements missing or different, ${String(extra)} too many`);
  }
  for (const name of found.sets.keys()) if (!expected.sets.has(name)) lines.push(`set ${name} should not be there`);
  return lines;
}

// what ends by itself is about to, where it is no longer expected
function countExtra(found: ReadonlyMap<string, string>, expected: ReadonlyMap<string, string>): number {
  let count = 0;
  for (const [key, value] of found) if (!expected.has(key) && !value.endsWith(MAY_END)) count += 1;
  return count;
}

function compareChains(expected: TableReading, found: TableReading): readonly string[] {
  const lines: string[] = [];
  for (const [name, { hook, rules }] of expected.chains) {
    const other = found.chains.get(name);
    if (other === undefined) lines.push(`chain ${name} is missing`);
    else if (other.hook !== hook) lines.push(`chain ${name} is called at ${other.hook ?? 'no hook'} and not at ${hook ?? 'no hook'}`);
    else if (other.rules.length !== rules.length || rules.some((rule, at) => rule !== other.rules[at])) lines.push(`chain ${name} has other rules`);
  }
  for (const name of found.chains.keys()) if (!expected.chains.has(name)) lines.push(`chain ${name} should not be there`);
  return lines;
}
