import { type NftChain, type NftMap, type NftSet, quotable, type Ruleset } from '#compilers/nftables';

import type { RulesetDelta } from '../driver.ts';
import { splitElement } from './element-text.ts';

const TABLE = 'inet ringfence';

/** The text for `nft -f` that replaces our table in one transaction. */
export function rulesetText({ sets, maps, chains }: Pick<Ruleset, 'sets' | 'maps' | 'chains'>): string {
  return [`add table ${TABLE}`, `delete table ${TABLE}`, ...addText(sets, maps, chains), ''].join('\n');
}

/** The text for `nft -f` that goes the way of a delta in one transaction. */
export function deltaText(delta: RulesetDelta): string {
  return [
    ...addText(delta.addedSets, delta.addedMaps, delta.addedChains),
    ...delta.rewrittenChains.flatMap((chain) => [`flush chain ${TABLE} ${chain.name}`, ...ruleLines(chain)]),
    ...delta.sets.flatMap(({ set, removed }) => elementLine('delete', set.name, removed.map((text) => splitElement(text).key))),
    ...delta.maps.flatMap(({ map, removed }) => elementLine('delete', map.name, removed)),
    ...delta.sets.flatMap(({ set, added }) => elementLine(set.isInterval ? 'add' : 'create', set.name, added)),
    ...delta.maps.flatMap(({ map, added }) => elementLine('create', map.name, verdictTexts(added))),
    ...delta.removedChains.map((name) => `flush chain ${TABLE} ${name}`),
    ...delta.removedChains.map((name) => `delete chain ${TABLE} ${name}`),
    ...delta.removedSets.map((name) => `delete set ${TABLE} ${name}`),
    '',
  ].join('\n');
}

function addText(sets: readonly NftSet[], maps: readonly NftMap[], chains: readonly NftChain[]): readonly string[] {
  return [
    `table ${TABLE} {`,
    ...sets.map(setText),
    ...maps.map((map) => `map ${map.name} { typeof ${map.keyType} : verdict; comment "${quotable(map.why)}"; }`),
    ...chains.map(({ name, hook = '', why }) => `chain ${name} { comment "${quotable(why)}"; ${hook} }`),
    '}',
    ...sets.flatMap(({ name, elements }) => elementLine('add', name, elements)),
    ...chains.flatMap(ruleLines),
    ...maps.flatMap(({ name, elements }) => elementLine('add', name, verdictTexts(elements))),
  ];
}

// `typeof` and not `type`: nft 1.0.6 crashes beside another nft's plain single-type sets
function setText({ name, keyType, isInterval, hasTimeouts = false, why }: NftSet): string {
  const flags = [...(isInterval ? ['interval'] : []), ...(hasTimeouts ? ['timeout'] : [])];
  return `set ${name} { typeof ${keyType}; ${flags.length === 0 ? '' : `flags ${flags.join(',')}; `}comment "${quotable(why)}"; }`;
}

function ruleLines({ name, rules }: NftChain): readonly string[] {
  return rules.map(({ text, comment }) => `add rule ${TABLE} ${name} ${text}${comment === undefined ? '' : ` comment "${quotable(comment)}"`}`);
}

function verdictTexts(elements: NftMap['elements']): readonly string[] {
  return elements.map(({ key, verdict }) => `${key} : ${verdict}`);
}

// `create` and not `add`, which takes what is there already for done; ranges that touch it cannot tell apart
function elementLine(what: 'add' | 'create' | 'delete', set: string, elements: readonly string[]): readonly string[] {
  return elements.length === 0 ? [] : [`${what} element ${TABLE} ${set} { ${elements.join(', ')} }`];
}
