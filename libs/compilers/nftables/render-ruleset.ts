import type { NftChain, NftMap, NftRule, NftSet, NumberedRule, Ruleset } from './nft-object.ts';
import type { NodeBundle } from './node-bundle.ts';
import type { RulesetOptions } from './ruleset-options.ts';
import { printableJson, quotable } from './printable-text.ts';
import { layOutRuleset } from './ruleset.ts';

/**
 * Writes a bundle as text for `nft -f`: one transaction that replaces our table and touches no other.
 *
 * Same bundle, same bytes. See {@link layOutRuleset} for `generation` and `options`.
 */
export function renderRuleset(bundle: NodeBundle, generation = 1, options: RulesetOptions = {}): string {
  return writeRuleset(layOutRuleset(bundle, generation, options), bundle);
}

function writeRuleset(ruleset: Ruleset, { pods }: NodeBundle): string {
  const { table, node, hash, rules, sets, maps, chains } = ruleset;
  const lines = [
    `# ringfence: everything node ${printableJson(node)} enforces, bundle ${hash}`,
    ...pods.map(({ pod, addresses }) => `# pod ${printableJson({ pod, addresses: addresses.map(({ text }) => text) })}`),
    ...rules.map(writeRuleNote),
    `add table ${table}`,
    `delete table ${table}`,
    `table ${table} {`,
    ...sets.flatMap(writeSet),
    ...maps.flatMap(writeMap),
    ...chains.flatMap(writeChain),
    '}',
    '',
  ];
  return lines.join('\n');
}

function writeRuleNote({ number, ...rule }: NumberedRule): string {
  return `# rule ${String(number)} ${printableJson(rule)}`;
}

// `typeof` and not `type`: nft 1.0.6 crashes where another nft's plain single-type set is in the kernel beside its own.
function writeSet({ name, keyType, isInterval, hasTimeouts, why, elements }: NftSet): readonly string[] {
  const flags = [...(isInterval ? ['interval'] : []), ...(hasTimeouts === true ? ['timeout'] : [])].join(',');
  return [
    `\tset ${name} {`,
    `\t\ttypeof ${keyType}`,
    ...(flags === '' ? [] : [`\t\tflags ${flags}`]),
    `\t\tcomment "${quotable(why)}"`,
    ...writeElements(elements),
    '\t}',
  ];
}

function writeMap({ name, keyType, why, elements }: NftMap): readonly string[] {
  return [
    `\tmap ${name} {`,
    `\t\ttypeof ${keyType} : verdict`,
    `\t\tcomment "${quotable(why)}"`,
    ...writeElements(elements.map(({ key, verdict }) => `${key} : ${verdict}`)),
    '\t}',
  ];
}

function writeElements(elements: readonly string[]): readonly string[] {
  if (elements.length === 0) return [];
  return [`\t\telements = {\n\t\t\t${elements.join(',\n\t\t\t')}\n\t\t}`];
}

function writeChain({ name, why, hook, rules }: NftChain): readonly string[] {
  return [`\tchain ${name} {`, `\t\tcomment "${quotable(why)}"`, ...(hook === undefined ? [] : [`\t\t${hook}`]), ...rules.map(writeRule), '\t}'];
}

function writeRule({ text, comment }: NftRule): string {
  return comment === undefined ? `\t\t${text}` : `\t\t${text} comment "${quotable(comment)}"`;
}
