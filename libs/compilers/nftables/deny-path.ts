import type { Direction, IpFamily } from '#model';

import { logEither, logStatement } from './log-statement.ts';
import type { NftChain, NftRule } from './nft-object.ts';

/** The set of own addresses for which one direction is only audited. */
export function auditSet(direction: Direction, family: IpFamily): string {
  return `audit_${direction === 'ingress' ? 'in' : 'out'}${String(family)}`;
}

/** Rules that go on at `target` where the pod or host whose rules these are is only audited. */
export function unlessAudited(direction: Direction, isReply: boolean, target: string): readonly NftRule[] {
  // who is judged in egress sends the connection's own packets and receives its answers; in ingress the other way round
  const side = (direction === 'egress') !== isReply ? 'saddr' : 'daddr';
  return [{ text: `ip ${side} @${auditSet(direction, 4)} goto ${target}` }, { text: `ip6 ${side} @${auditSet(direction, 6)} goto ${target}` }];
}

export function denyChain(chain: string): string {
  return `${chain}_d`;
}

/** Where what a profile denies ends: in `profile` itself or, for answers, in its mirror image `chain`. */
export function denyChains(profile: string, direction: Direction, mirror: string): readonly NftChain[] {
  const audited = `${profile}_a`;
  const dropping = (chain: string, isReply: boolean): NftChain => ({
    name: denyChain(chain),
    why: 'denied',
    isStatic: false,
    rules: [...unlessAudited(direction, isReply, audited), { text: logStatement('D', profile, isReply) }, { text: 'counter drop' }],
  });
  return [
    // its end lets through, as the end of the profile does
    { name: audited, why: 'would be denied', isStatic: false, rules: logEither('A', profile).map((text) => ({ text })) },
    dropping(profile, false),
    dropping(mirror, true),
  ];
}
