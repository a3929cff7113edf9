import type { IpFamily } from '#model';

import { noteRule } from './connection-mark.ts';
import type { PeerSet, Profile, ProfileRule, RuleMatch } from './node-bundle.ts';
import { ruleKey } from './rule-numbers.ts';
import { type NftChain, type NftRule, peerSetName } from './nft-object.ts';

/** The chain that judges answers of connections that came through `chain`. */
export function mirrorOf(chain: string): string {
  return `${chain}_r`;
}

/**
 * The chains of one profile, and their mirror images for answers:
 *
 *   admin rules ─ pass ─► rules of the middle tier ─► drop where isolated, else baseline rules ─► let through
 *
 * Letting through means `return` in egress, where the receiver is asked next, and `stamp` in ingress.
 */
export function profileChains(profile: Profile, numbers: ReadonlyMap<string, number>): readonly NftChain[] {
  return [...chainsOf(profile, numbers, false), ...chainsOf(profile, numbers, true)];
}

function chainsOf(profile: Profile, numbers: ReadonlyMap<string, number>, isReply: boolean): readonly NftChain[] {
  const name = isReply ? mirrorOf(profile.name) : profile.name;
  const why = isReply ? `answers: ${profile.why}` : profile.why;
  const write = (rules: readonly ProfileRule[], passTo: string): readonly NftRule[] => rules.flatMap((rule) => rulesFor(profile, rule, numbers, isReply, passTo));
  const rest = [...write(profile.namespaced, ''), ...write(profile.baseline, finalVerdict(profile)), ...endOf(profile)];
  if (!profile.admin.some(({ action }) => action === 'pass')) {
    return [{ name, why, isStatic: false, rules: [...write(profile.admin, ''), ...rest] }];
  }
  const next = `${name}_n`;
  return [
    { name: next, why, isStatic: false, rules: rest },
    { name, why, isStatic: false, rules: [...write(profile.admin, `goto ${next}`), { text: `goto ${next}` }] },
  ];
}

function endOf({ isolatedBy, direction, namespaced, baseline }: Profile): readonly NftRule[] {
  if (isolatedBy.length > 0) return [{ text: 'counter drop', comment: `isolated by ${isolatedBy.join(', ')}` }];
  const last = namespaced.at(-1) ?? baseline.at(-1);
  const isDecided = last?.matches.some((match) => match.kind === 'peer' && match.peer === 'any' && match.ports === 'any') ?? false;
  return isDecided || direction === 'egress' ? [] : [{ text: 'goto stamp' }];
}

function rulesFor(profile: Profile, rule: ProfileRule, numbers: ReadonlyMap<string, number>, isReply: boolean, passTo: string): readonly NftRule[] {
  const number = numbers.get(ruleKey(rule)) ?? 0;
  const verdict = verdictOf(profile, rule, number, passTo);
  // the rule it mirrors says the rest
  const comment = isReply ? `r${String(number)}` : commentOf(rule, number);
  return rule.matches.flatMap((match) => matchTexts(match, profile.direction, isReply)).map((text) => ({ text: text === '' ? verdict : `${text} ${verdict}`, comment }));
}

function verdictOf(profile: Profile, { action }: ProfileRule, number: number, passTo: string): string {
  if (action === 'deny') return 'counter drop';
  if (action === 'pass') return passTo;
  return `${noteRule(profile.direction, number)}${finalVerdict(profile)}`;
}

function finalVerdict({ direction }: Profile): string {
  return direction === 'ingress' ? 'goto stamp' : 'return';
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
