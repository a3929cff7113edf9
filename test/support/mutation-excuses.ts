import { type Direction, parseAddress, parsePrefix, type Pod, type PortMatch, prefixContains, type Protocol, type Revision, type Rule, type Snapshot } from '#model';
import { adoptPolicies, AllowedPorts, EVERY_PORT, type Party, type PortSet, portSet, samePorts, intersectPorts } from '#policy';

import type { Mutant } from './mutation.ts';

/** Why nothing can show a mutant, where the reason can be proved; every other mutant has to be shown. */
export type Excuse =
  /** A pod reaches itself before any rule is asked, or is not closed at all. */
  | 'a pod and itself'
  /** Without the element the address counts as unknown, and the chain it leads to lets nothing through either. */
  | 'closed either way'
  /** Nothing is enforced on the node, so an unknown address is as open; or the next chain only lets through what gets there. */
  | 'open either way'
  /** The policies say it more than once: `evaluate` does not miss the rule itself. */
  | 'said twice';

/** Proves excuses for the mutants of the ruleset of one pod's node. */
export class Excuses {
  readonly #text: string;
  readonly #pod: Pod;
  readonly #peers: readonly Party[];
  readonly #snapshot: Snapshot;
  readonly #revision: Revision;
  readonly #whole: AllowedPorts;
  readonly #notes: ReadonlyMap<string, { readonly policy: string; readonly rule: string }>;

  constructor(text: string, pod: Pod, peers: readonly Party[], snapshot: Snapshot, revision: Revision) {
    this.#text = text;
    this.#pod = pod;
    this.#peers = peers;
    this.#snapshot = snapshot;
    this.#revision = revision;
    this.#whole = new AllowedPorts(revision, snapshot);
    this.#notes = new Map([...text.matchAll(/^# rule (\d+) (\{.*\})$/gm)].map(([, number = '', note = '']) => [number, JSON.parse(note) as { policy: string; rule: string }]));
  }

  excuse({ what, inside }: Mutant): Excuse | undefined {
    const own = this.#pod.addresses.map(({ text }) => text);
    const [, element] = /^element (.*?)(?: taken out| is .*)$/.exec(what) ?? [];
    if (element !== undefined && inside.startsWith('set self') && this.#reachesItself(element)) return 'a pod and itself';
    if (element !== undefined && own.includes(element)) return 'a pod and itself';
    const [, chain] = /: (?:goto|jump) (\S+) taken out$/.exec(what) ?? [];
    if (chain !== undefined && this.#rulesIn(chain).every((rule) => rule.startsWith(`goto ${chain}_d`))) return 'closed either way';
    if (element?.endsWith(' : continue') === true && what.endsWith(' taken out') && this.#elementsOf(inside.replace('map ', '')).includes('* : continue')) return 'open either way';
    const [, next] = /^rule goto (\S+_n) taken out$/.exec(what) ?? [];
    if (next !== undefined && this.#rulesIn(next).every((rule) => /\breturn(?: comment "[^"]*")?$/.test(rule) || this.#isDeniedBefore(rule, inside.replace('chain ', '')))) return 'open either way';
    // the end of the deny path, without a word
    if (/ goto \S+_d(?: comment "[^"]*")? is (?:.* )?drop$/.test(what)) return 'closed either way';
    if (/ is .*\bth [sd]port\b/.test(what) && this.#hasEveryPort(what)) return 'said twice';
    const asked = element === undefined ? familyOf(what) : placeOf(element);
    const lines = element === undefined ? [what] : this.#linesUsing(inside.replace('set ', ''));
    const rules = lines.flatMap((line) => this.#notes.get(/ comment "r(\d+)[ "]/.exec(line)?.[1] ?? '') ?? []);
    if (rules.length === 0 || asked === undefined) return undefined;
    const isNamed = (policy: string, id: string): boolean => rules.some((each) => each.policy === policy && each.rule === id);
    const changed = what.includes(' is ') ? [this.#without(isNamed, 'any'), this.#without(isNamed, 'none')] : [this.#without(isNamed, 'none')];
    return changed.some((revision) => this.#isSame(revision, asked)) ? 'said twice' : undefined;
  }

  // Its own rules let it reach itself as well: some port gets through at both ends.
  #reachesItself(pair: string): boolean {
    const self = { address: this.#pod.addresses.find(({ text }) => pair.startsWith(`${text} . `))!, pod: this.#pod };
    return (['egress', 'ingress'] as const).every((direction) => samePorts(this.#whole.side(direction, self, self, this.#pod, 'any', 'certain'), EVERY_PORT));
  }

  #rulesIn(chain: string): readonly string[] {
    const [, body = ''] = new RegExp(`^\\tchain ${chain} \\{\\n([\\s\\S]*?)\\n\\t\\}$`, 'm').exec(this.#text) ?? [];
    return body.split('\n').map((line) => line.trim()).filter((line) => !line.startsWith('comment '));
  }

  /** Whether a chain denies everything of the peers that this rule of the next one denies something of. */
  #isDeniedBefore(rule: string, chain: string): boolean {
    const [, peers] = /^(ip6? [sd]addr @\S+) .*goto \S+_d\b/.exec(rule) ?? [];
    return peers !== undefined && this.#rulesIn(chain).some((before) => before.startsWith(`${peers} counter goto `));
  }

  #elementsOf(map: string): readonly string[] {
    const [, body = ''] = new RegExp(`^\\tmap ${map} \\{\\n(?:\\t\\t.*\\n)*?\\t\\telements = \\{\\n([^}]*)\\n\\t\\t\\}$`, 'm').exec(this.#text) ?? [];
    return body.split('\n').map((line) => line.trim().replace(/,$/, ''));
  }

  /** Whether a rule asks for every port, so that it does not matter which end's. */
  #hasEveryPort(rule: string): boolean {
    const [, name = ''] = /\bth [sd]port @(\S+)/.exec(rule) ?? [];
    return /elements = \{\s*(?:tcp|udp|sctp) \. 0-65535\s*\}/.test(this.#text.slice(this.#text.indexOf(`set ${name} {`)).split('\n\t}')[0]!);
  }

  #linesUsing(set: string): readonly string[] {
    return this.#text.split('\n').filter((line) => line.includes(`@${set} `));
  }

  /** The revision without some rules, or with these rules for any peer. */
  #without(isMeant: (policy: string, id: string) => boolean, instead: 'none' | 'any'): Revision {
    const changed = <R extends Rule>(policy: string, rules: readonly R[]): readonly R[] =>
      rules.flatMap((rule) => (!isMeant(policy, rule.id) ? [rule] : instead === 'none' ? [] : [{ ...rule, peers: 'any' as const }]));
    return adoptPolicies(
      this.#revision.policies.map((policy) => {
        if (policy.kind === 'admin') return { ...policy, ingress: changed(policy.name, policy.ingress), egress: changed(policy.name, policy.egress) };
        return { ...policy, ...(policy.ingress === undefined ? {} : { ingress: changed(policy.name, policy.ingress) }), ...(policy.egress === undefined ? {} : { egress: changed(policy.name, policy.egress) }) };
      }),
    );
  }

  #isSame(revision: Revision, asked: Asked): boolean {
    const after = new AllowedPorts(revision, this.#snapshot);
    const side = (allowed: AllowedPorts, direction: Direction, own: Party, peer: Party): PortSet =>
      intersectPorts(allowed.side(direction, own, peer, direction === 'ingress' ? this.#pod : peer.pod, 'any', 'certain'), asked.ports);
    return this.#pod.addresses.every((address) =>
      this.#peers
        .filter((peer) => peer.address.family === address.family && peer.pod !== this.#pod && asked.isPeer(peer))
        .every((peer) => (['ingress', 'egress'] as const).every((direction) => samePorts(side(this.#whole, direction, { address, pod: this.#pod }, peer), side(after, direction, { address, pod: this.#pod }, peer)))),
    );
  }
}

/** The connections an element is about. */
interface Asked {
  readonly ports: PortSet;
  readonly isPeer: (peer: Party) => boolean;
}

function familyOf(rule: string): Asked {
  const [, family] = /\b(ip6?) [sd]addr\b/.exec(rule) ?? [];
  return { ports: EVERY_PORT, isPeer: ({ address }) => family === undefined || (family === 'ip6') === (address.family === 6) };
}

function placeOf(element: string): Asked | undefined {
  const [, protocol, from = '', to = from] = /^(tcp|udp|sctp) \. (\d+)(?:-(\d+))?$/.exec(element) ?? [];
  if (protocol !== undefined) {
    const range: PortMatch & { readonly kind: 'range' } = { kind: 'range', protocol: protocol.toUpperCase() as Protocol, from: Number(from), to: Number(to) };
    return { ports: portSet([range]), isPeer: () => true };
  }
  const address = parseAddress(element);
  if (address !== undefined) return { ports: EVERY_PORT, isPeer: (peer) => peer.address.text === address.text };
  const prefix = parsePrefix(element);
  return prefix === undefined ? undefined : { ports: EVERY_PORT, isPeer: (peer) => prefixContains(prefix, peer.address) };
}
