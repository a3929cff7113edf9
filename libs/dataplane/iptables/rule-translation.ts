import { compareText, type IpFamily } from '#model';

import type { HeldTable } from './held-table.ts';
import { chainName } from './kernel-names.ts';
import { type Alternative, narrow, only, portAlternatives } from './rule-alternative.ts';
import { verdictPart, familyPart } from './set-part.ts';

/** What rules look things up in while they are translated. */
export interface TranslationPlace {
  readonly family: IpFamily;
  readonly table: Pick<HeldTable, 'sets' | 'maps'>;
  /** The name the kernel has for a part of a set. */
  readonly nameOf: (part: string) => string;
}

/** The rule says something iptables has no words for. */
export class Unsayable extends Error {}

interface State {
  alternatives: readonly Alternative[];
  isLimited: boolean;
  readonly actions: (readonly string[])[];
  /** Instead of a verdict: what to do by what a map says. */
  readonly branches: { readonly by: readonly Alternative[]; readonly verdict: string }[];
}

type Step = readonly [RegExp, (state: State, match: RegExpExecArray, place: TranslationPlace) => void];

const icmpTypes: Readonly<Record<string, string>> = {
  'mld-listener-query': '130', 'mld-listener-report': '131', 'mld-listener-done': '132', 'nd-router-solicit': '133',
  'nd-router-advert': '134', 'nd-neighbor-solicit': '135', 'nd-neighbor-advert': '136', 'mld2-listener-report': '143',
};

/** The language the compiler writes, longest first where one begins like another. */
const steps: readonly Step[] = [
  [/^(ip6?) saddr \. ip6? daddr @(\w+)/, (state, [, ip, name = ''], place) => { filter(state, ofFamily(ip, place, () => elementsOf(place, name).map((pair) => source(pair.split(' . '))))); }],
  [/^iifname \. (ip6?) saddr @(\w+)/, (state, [, ip, name = ''], place) => { filter(state, ofFamily(ip, place, () => elementsOf(place, name).map((pair) => { const [link = '', address = ''] = pair.split(' . '); return { words: ['-i', unquoted(link), '-s', address] }; }))); }],
  [/^(ip6?) ([sd])addr \. meta l4proto \. th ([sd])port @(\w+)/, (state, [, ip, address, port, name = ''], place) => { filter(state, ofFamily(ip, place, () => only('-m', 'set', '--match-set', place.nameOf(name), `${way(address)},${way(port)}`))); }],
  [/^(ip6?) ([sd])addr (!= )?@(\w+)/, (state, [, ip, side, not, name = ''], place) => { filter(state, ofFamily(ip, place, () => only('-m', 'set', ...(not === undefined ? [] : ['!']), '--match-set', place.nameOf(name), way(side)))); }],
  [/^(ip6?) ([sd])addr vmap @(\w+)/, (state, [, ip, side, name = ''], place) => { addressBranches(state, way(side), ofFamily(ip, place, () => only()).length > 0 ? name : undefined, place); }],
  [/^(ip6?) ([sd])addr ([0-9a-f.:]+(?:\/[0-9]+)?)(?= )/, (state, [, ip, side, address = ''], place) => { filter(state, ofFamily(ip, place, () => only(side === 's' ? '-s' : '-d', address))); }],
  [/^meta l4proto \. th ([sd]port) @(\w+)/, (state, [, side, name = ''], place) => { filter(state, portAlternatives(elementsOf(place, name), side === 'sport' ? 'sport' : 'dport')); }],
  [/^meta l4proto (?:\{ ([\w, -]+) \}|([\w-]+))/, (state, [, several, one = ''], place) => { filter(state, protocols((several ?? one).split(', '), place)); }],
  [/^udp dport ([0-9]+)/, (state, [, port = '']) => { filter(state, [{ protocol: 'udp', words: ['-m', 'udp', '--dport', port] }]); }],
  [/^icmpv6 type \{ ([\w, -]+) \}/, (state, [, types = ''], place) => { filter(state, ofFamily('ip6', place, () => types.split(', ').map((type) => ({ protocol: 'ipv6-icmp', words: ['-m', 'icmp6', '--icmpv6-type', icmpTypes[type] ?? type] })))); }],
  [/^([io])ifname "([^" ]+)"/, (state, [, side, link = '']) => { filter(state, only(`-${side ?? ''}`, link)); }],
  [/^iifname @(\w+)/, (state, [, name = ''], place) => { filter(state, elementsOf(place, name).map((link) => ({ words: ['-i', unquoted(link)] }))); }],
  [/^meta nfproto @(\w+)/, (state, [, name = ''], place) => { filter(state, inFamilySet(name, place)); }],
  [/^meta nfproto vmap @(\w+)/, (state, [, name = ''], place) => { const verdict = place.table.maps.get(name)?.elements.get(`ipv${String(place.family)}`); if (verdict !== undefined) state.branches.push({ by: only(), verdict }); else filter(state, []); }],
  [/^ct state ([a-z,]+)/, (state, [, names = '']) => { filter(state, only('-m', 'conntrack', '--ctstate', names.toUpperCase())); }],
  [/^ct direction (original|reply)/, (state, [, direction = '']) => { filter(state, only('-m', 'conntrack', '--ctdir', direction.toUpperCase())); }],
  [/^ct mark & (0x[0-9a-f]+) (==|!=) (0x[0-9a-f]+)/, (state, [, mask = '', sign, value = '']) => { filter(state, only('-m', 'connmark', ...(sign === '!=' ? ['!'] : []), '--mark', `${value}/${mask}`)); }],
  [/^ct mark & (0x[0-9a-f]+) vmap @(\w+)/, (state, [, mask = '', name = ''], place) => { for (const [key, verdict] of place.table.maps.get(name)?.elements ?? []) state.branches.push({ by: only('-m', 'connmark', '--mark', `${key}/${mask}`), verdict }); if (state.branches.length === 0) filter(state, []); }],
  [/^ct mark set ct mark & (0x[0-9a-f]+) \| (0x[0-9a-f]+)/, (state, [, kept, value = '']) => { state.actions.push(['-j', 'CONNMARK', '--set-xmark', `${value}/0x${(~Number(kept) >>> 0).toString(16)}`]); }],
  [/^fib saddr type local/, (state) => { filter(state, only('-m', 'addrtype', '--src-type', 'LOCAL')); }],
  [/^tcp flags & (?:\(([\w |]+)\)|(\w+)) (==|!=) (\w+)/, (state, [, several, one = '', sign, set = '']) => { const mask = (several ?? one).split(' | ').join(',').toUpperCase(); filter(state, [{ protocol: 'tcp', words: ['-m', 'tcp', ...(sign === '!=' ? ['!'] : []), '--tcp-flags', mask, set.toUpperCase()] }]); }],
  [/^limit rate ([0-9]+)\/second burst ([0-9]+) packets/, (state, [, rate = '', burst = '']) => { filter(state, only('-m', 'limit', '--limit', `${rate}/second`, '--limit-burst', burst)); state.isLimited = true; }],
  [/^log prefix "([\w:.-]+)" group ([0-9]+) snaplen ([0-9]+) queue-threshold ([0-9]+)/, (state, [, prefix = '', group = '', size = '', threshold = '']) => { state.actions.push(['-j', 'NFLOG', '--nflog-group', group, '--nflog-prefix', prefix.slice(0, 63), '--nflog-size', size, '--nflog-threshold', threshold]); }],
  [/^counter/, () => undefined],
  [/^(accept|drop|return|continue|(?:jump|goto) \w+)$/, (state, [, verdict = '']) => { state.branches.push({ by: only(), verdict }); }],
];

/**
 * Says one rule as rules of iptables, in one family: none where it cannot match there.
 *
 * Throws {@link Unsayable} where iptables has no words for it.
 */
export function translateRule(text: string, place: TranslationPlace): readonly string[] {
  const state: State = { alternatives: only(), isLimited: false, actions: [], branches: [] };
  for (let rest = text; rest !== ''; ) {
    let length = 0;
    for (const [pattern, take] of steps) {
      const match = pattern.exec(rest);
      if (match === null) continue;
      take(state, match, place);
      length = match[0].length;
      break;
    }
    if (length === 0) throw new Unsayable(`iptables cannot say ${JSON.stringify(rest.slice(0, 120))}`);
    rest = rest.slice(length).trimStart();
  }
  const { alternatives, actions } = state;
  const branches = state.branches.filter(({ verdict }) => verdict !== 'continue');
  // each word that does something is a rule of its own, and a limit would be asked twice
  if (state.isLimited && actions.length + branches.length > 1) throw new Unsayable(`iptables cannot say one limit for several statements: ${JSON.stringify(text.slice(0, 120))}`);
  return [
    ...actions.flatMap((action) => alternatives.map((each) => lineOf(each, action))),
    ...branches.flatMap(({ by, verdict }) => narrow(alternatives, by).map((each) => lineOf(each, verdictWords(verdict)))),
  ];
}

function lineOf({ protocol, words }: Alternative, action: readonly string[]): string {
  return [...(protocol === undefined ? [] : ['-p', protocol]), ...words, ...action].join(' ');
}

function verdictWords(verdict: string): readonly string[] {
  const [word, chain = ''] = verdict.split(' ');
  if (word === 'jump' || word === 'goto') return [word === 'jump' ? '-j' : '-g', chainName(chain)];
  return ['-j', verdict.toUpperCase()];
}

function filter(state: State, by: readonly Alternative[]): void {
  state.alternatives = narrow(state.alternatives, by);
}

function addressBranches(state: State, side: string, name: string | undefined, { table, nameOf }: TranslationPlace): void {
  const map = name === undefined ? undefined : table.maps.get(name);
  if (name === undefined || map === undefined) {
    filter(state, []);
    return;
  }
  const verdicts = new Set([...map.elements].filter(([key, verdict]) => key !== '*' && verdict !== 'continue').map(([, verdict]) => verdict));
  // every address is in one of them at most, so that any order will do: this one is the same each time
  for (const verdict of [...verdicts].sort(compareText)) state.branches.push({ by: only('-m', 'set', '--match-set', nameOf(verdictPart(name, verdict)), side), verdict });
  const otherwise = map.elements.get('*');
  if (otherwise !== undefined) state.branches.push({ by: only('-m', 'set', '!', '--match-set', nameOf(name), side), verdict: otherwise });
}

function ofFamily(ip: string | undefined, { family }: TranslationPlace, write: () => readonly Alternative[]): readonly Alternative[] {
  return (ip === 'ip') === (family === 4) ? write() : [];
}

function inFamilySet(name: string, { table, family, nameOf }: TranslationPlace): readonly Alternative[] {
  const set = table.sets.get(name);
  if (set?.hasTimeouts === true) return only('-m', 'set', '--match-set', nameOf(familyPart(name, family)), 'src');
  return set?.elements.has(`ipv${String(family)}`) === true ? only() : [];
}

function elementsOf({ table }: TranslationPlace, name: string): readonly string[] {
  return [...(table.sets.get(name)?.elements.keys() ?? [])].sort(compareText);
}

function protocols(names: readonly string[], { family }: TranslationPlace): readonly Alternative[] {
  const absent = family === 4 ? 'ipv6-icmp' : 'icmp';
  return names.filter((name) => name !== absent).map((protocol) => ({ protocol, words: [] }));
}

function source([from = '', to = '']: readonly string[]): Alternative {
  return { words: ['-s', from, '-d', to] };
}

function way(side: string | undefined): 'src' | 'dst' {
  return side === 's' ? 'src' : 'dst';
}

function unquoted(name: string): string {
  return name.replaceAll('"', '');
}
