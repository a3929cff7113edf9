import { compareText, type Direction } from '#model';

import { patternOf } from './application-pattern.ts';
import { HAS_PAYLOAD, hasNone, type MarkLayout, setMark } from './connection-mark.ts';
import { unlessAudited } from './deny-path.ts';
import { logEither, logStatement } from './log-statement.ts';
import type { NftChain } from './nft-object.ts';
import type { Profile, ProfileRule } from './node-bundle.ts';
import { rulesOf } from './rule-numbers.ts';

/** The application a rule holds its connections to; undefined where it does not, or cannot. */
export function heldTo({ action, application, enforceApplication }: ProfileRule): string | undefined {
  if (action !== 'allow' || enforceApplication !== true || application === undefined) return undefined;
  return patternOf(application) === undefined ? undefined : application;
}

/** The chain that looks at the first payload, where a rule lets connections of one application through. */
export function speaksChain(application: string, direction: Direction, isReply: boolean): string {
  return `speaks_${suffix(application, direction, isReply)}`;
}

/**
 * The chains for all applications that rules hold their connections to:
 *
 *   first payload right ─► let through; stamping then ends the waiting
 *   first payload wrong ─► log, reset to whoever sent it (audited: log, let through)
 *   no payload yet      ─► pending, let through
 *
 * What was let through before, and is not pending, is not looked at again: only a beginning tells.
 */
export function applicationChains(profiles: readonly Profile[], layout: MarkLayout): readonly NftChain[] {
  const used = new Map<string, readonly [string, Direction]>();
  for (const profile of profiles) {
    for (const rule of rulesOf(profile)) {
      const application = heldTo(rule);
      if (application !== undefined) used.set(`${application} ${profile.direction}`, [application, profile.direction]);
    }
  }
  return [...used].sort(([a], [b]) => compareText(a, b)).flatMap(([, [application, direction]]) => chainsOf(application, direction, layout));
}

function chainsOf(application: string, direction: Direction, layout: MarkLayout): readonly NftChain[] {
  const audited = `wrong_${suffix(application, direction, false)}_a`;
  return [
    { name: audited, why: `not ${application}, and let through`, isStatic: false, rules: logEither('A', `7:${application}`).map((text) => ({ text })) },
    ...[false, true].flatMap((isReply): readonly NftChain[] => {
      const pattern = patternOf(application);
      const right = (isReply ? pattern?.server : pattern?.client) ?? [];
      const wrong = `wrong_${suffix(application, direction, isReply)}`;
      return [
        {
          name: wrong,
          why: `not ${application}`,
          isStatic: false,
          rules: [...unlessAudited(direction, isReply, audited), { text: logStatement('7', application, isReply) }, { text: 'meta l4proto tcp counter reject with tcp reset' }, { text: 'counter drop' }],
        },
        {
          name: speaksChain(application, direction, isReply),
          why: `lets ${application} through${isReply ? ', answers' : ''}`,
          isStatic: false,
          rules: [
            { text: `ct state established ${hasNone(layout.pending)} return`, comment: 'its first payload has been seen' },
            ...right.map((text) => ({ text: `${text} return` })),
            { text: `${HAS_PAYLOAD} goto ${wrong}` },
            { text: `meta l4proto { tcp, udp } ${setMark(layout.pending, layout.pending)}` },
          ],
        },
      ];
    }),
  ];
}

function suffix(application: string, direction: Direction, isReply: boolean): string {
  return `${application}_${direction === 'ingress' ? 'in' : 'out'}${isReply ? '_r' : ''}`;
}
