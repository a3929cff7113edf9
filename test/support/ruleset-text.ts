import type { NftChain, NftMap, NftSet } from '#compilers/nftables';

export interface RulesetParts {
  readonly sets: readonly NftSet[];
  readonly maps: readonly NftMap[];
  readonly chains: readonly NftChain[];
}

/** Reads the text our compiler writes back into its parts: one object a block, one element or rule a line. */
export function readRulesetText(text: string): RulesetParts {
  const sets: NftSet[] = [];
  const maps: NftMap[] = [];
  const chains: NftChain[] = [];
  for (const [, kind = '', name = '', body = ''] of text.matchAll(/^\t(set|map|chain) (\w+) \{\n(.*?)\n\t\}$/gms)) {
    const why = /^\t\tcomment "(.*)"$/m.exec(body)?.[1] ?? '';
    const keyType = /^\t\ttypeof (.*?)(?: : verdict)?$/m.exec(body)?.[1] ?? '';
    const elements = (/^\t\telements = \{\n(.*?)\n\t\t\}$/ms.exec(body)?.[1] ?? '').split(',\n').map((line) => line.trim()).filter((line) => line !== '');
    if (kind === 'set') sets.push({ name, keyType, why, isInterval: /^\t\tflags .*interval/m.test(body), hasTimeouts: /^\t\tflags .*timeout/m.test(body), elements });
    if (kind === 'map') maps.push({ name, keyType, why, elements: elements.map(splitEntry) });
    if (kind === 'chain') chains.push({ name, why, isStatic: false, ...readChain(body) });
  }
  return { sets, maps, chains };
}

function splitEntry(text: string): NftMap['elements'][number] {
  const at = text.lastIndexOf(' : ');
  return { key: text.slice(0, at), verdict: text.slice(at + 3) };
}

function readChain(body: string): Pick<NftChain, 'rules' | 'hook'> {
  const lines = body.split('\n').map((line) => line.trim());
  const hook = lines.find((line) => line.startsWith('type '));
  const rules = lines.filter((line) => line !== hook && !line.startsWith('comment "')).map((line) => {
    const [, text = line, comment] = /^(.*?) comment "(.*)"$/.exec(line) ?? [];
    return comment === undefined ? { text } : { text, comment };
  });
  return { rules, ...(hook === undefined ? {} : { hook }) };
}
