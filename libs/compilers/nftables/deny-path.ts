import type { Direction, IpFamily } from '#model';

import { logEither, logStatement } from './log-statement.ts';
import type { NftChain, NftRule } from './nft-object.ts';
import type { Profile } from './node-bundle.ts';

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

/** Where what a profile denies ends: in the profile itself or, for answers, in its mirror image. */
export function denyChains({ name, direction, isAudited }: Profile, mirror: string): readonly NftChain[] {
  const audited = `${name}_a`;
  const denying = (chain: string, isReply: boolean): NftChain => ({
    name: denyChain(chain),
    why: 'denied',
    isStatic: false,
    rules: isAudited === true ? [{ text: `goto ${audited}` }] : [...unlessAudited(direction, isReply, audited), { text: logStatement('D', name, isReply) }, { text: 'counter drop' }],
  });
  return [
    // its end lets through, as the end of the profile does
    { name: audited, why: 'would be denied', isStatic: false, rules: logEither('A', name).map((text) => ({ text })) },
    denying(name, false),
    denying(mirror, true),
  ];
}
