import type { IpFamily } from '#model';

import { heldTo, speaksChain } from './application-chains.ts';
import { type MarkLayout, noteRule } from './connection-mark.ts';
import { denyChain, denyChains } from './deny-path.ts';
import type { PeerSet, Profile, ProfileRule, RuleMatch } from './node-bundle.ts';
import { ruleKey } from './rule-numbers.ts';
import { type NftChain, type NftRule, peerSetName } from './nft-object.ts';

/** How rules are referred to on a node: their numbers, and where a mark holds them. */
export interface RuleReferences {
  readonly numbers: ReadonlyMap<string, number>;
  readonly layout: MarkLayout;
}

/** The chain that judges answers of connections that came through `chain`. */
export function mirrorOf(chain: string): string {
  return `${chain}_r`;
}

/**
 * The chains of one profile, and their mirror images for answers:
 *
 *   admin rules ─ pass ─► rules of the middle tier ─► denied where isolated, else baseline rules ─► let through
 *
 * Letting through means to return: the other end is asked next, or nobody. What is denied goes to
 * `<profile>_d`, and from there, where it is only audited, to `<profile>_a`, which lets through.
 */
export function profileChains(profile: Profile, references: RuleReferences): readonly NftChain[] {
  return [
    ...denyChains(profile, mirrorOf(profile.name)),
    ...new ProfileWriter(profile, references, false).chains(),
    ...new ProfileWriter(profile, references, true).chains(),
  ];
}

class ProfileWriter {
  readonly #profile: Profile;
  readonly #references: RuleReferences;
  readonly #isReply: boolean;
  readonly #name: string;

  constructor(profile: Profile, references: RuleReferences, isReply: boolean) {
    this.#profile = profile;
    this.#references = references;
    this.#isReply = isReply;
    this.#name = isReply ? mirrorOf(profile.name) : profile.name;
  }

  chains(): readonly NftChain[] {
    const { admin, namespaced, baseline, isolatedBy } = this.#profile;
    const end = isolatedBy.length === 0 ? [] : [{ text: `goto ${denyChain(this.#name)}`, comment: `isolated by ${isolatedBy.join(', ')}` }];
    const rest = [...this.#write(namespaced, ''), ...this.#write(baseline, 'return'), ...end];
    if (!admin.some(({ action }) => action === 'pass')) return [this.#chain(this.#name, [...this.#write(admin, ''), ...rest])];
    const next = `${this.#name}_n`;
    return [this.#chain(next, rest), this.#chain(this.#name, [...this.#write(admin, `goto ${next}`), { text: `goto ${next}` }])];
  }

  #chain(name: string, rules: readonly NftRule[]): NftChain {
    const { why } = this.#profile;
    return { name, why: this.#isReply ? `answers: ${why}` : why, isStatic: false, rules };
  }

  #write(rules: readonly ProfileRule[], passTo: string): readonly NftRule[] {
    return rules.flatMap((rule) => this.#rulesFor(rule, passTo));
  }

  #rulesFor(rule: ProfileRule, passTo: string): readonly NftRule[] {
    const number = this.#references.numbers.get(ruleKey(rule)) ?? 0;
    // the rule it mirrors says the rest
    const comment = this.#isReply ? `r${String(number)}` : commentOf(rule, number);
    const ends = rule.expiry === undefined ? '' : `meta nfproto @${rule.expiry.set} `;
    return rule.matches.flatMap((match) => {
      const verdict = this.#verdictOf(rule, match, number, passTo);
      return matchTexts(match, this.#profile.direction, this.#isReply).map((text) => ({ text: `${ends}${text === '' ? '' : `${text} `}${verdict}`, comment }));
    });
  }

  #verdictOf(rule: ProfileRule, match: RuleMatch, number: number, passTo: string): string {
    const { direction } = this.#profile;
    const isTemporary = rule.expiry !== undefined;
    if (rule.action === 'deny') return `counter goto ${denyChain(this.#name)}`;
    if (rule.action === 'pass') return `${noteRule(this.#references.layout, direction, 0, isTemporary)}${passTo}`;
    const application = match.kind === 'peer' && match.ports === 'icmp' ? undefined : heldTo(rule);
    const verdict = application === undefined ? 'return' : `goto ${speaksChain(application, direction, this.#isReply)}`;
    return `${noteRule(this.#references.layout, direction, number, isTemporary)}${verdict}`;
  }
}

function commentOf({ policy, rule, application, why }: ProfileRule, number: number): string {
  const speaks = application === undefined ? '' : ` ${application}`;
  const because = why[0] === undefined ? '' : `: ${why[0]}`;
  return `r${String(number)} ${policy} ${rule}${speaks}${because}`;
}

function matchTexts(match: RuleMatch, direction: Profile['direction'], isReply: boolean): readonly string[] {
  // The peer of ingress sends the connection's own packets and receives its answers; of egress the other way round.
  const side = (direction === 'ingress') !== isReply ? 'saddr' : 'daddr';
  const port = isReply ? 'th sport' : 'th dport';
  if (match.kind === 'socket') return match.sockets.families.map((family) => `${address(family, side)} . meta l4proto . ${port} ${reference(match.sockets, family)}`);
  const { peer, ports } = match;
  if (peer === 'any') {
    if (ports === 'any') return [''];
    return [ports === 'icmp' ? 'meta l4proto { icmp, ipv6-icmp }' : `meta l4proto . ${port} @${ports.name}`];
  }
  return peer.families.map((family) => {
    const from = `${address(family, side)} ${reference(peer, family)}`;
    if (ports === 'any') return from;
    if (ports === 'icmp') return `${from} meta l4proto ${family === 4 ? 'icmp' : 'ipv6-icmp'}`;
    return `${from} meta l4proto . ${port} @${ports.name}`;
  });
}

function address(family: IpFamily, side: 'saddr' | 'daddr'): string {
  return `${family === 4 ? 'ip' : 'ip6'} ${side}`;
}

function reference(set: PeerSet, family: IpFamily): string {
  return `@${peerSetName(set, family)}`;
}
