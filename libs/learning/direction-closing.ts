import type { Coverage, Direction, DirectionKnowledge, DirectionProposal } from '#model';

import type { LearningThresholds } from './learning-context.ts';

/** Whether a direction is closed, why, and whether the outside of the cluster stays open with it. */
export type Closing = { readonly kind: 'closed'; readonly why: string; readonly by: 'metadata' | 'observation' | 'approval'; readonly isOutsideOpen: boolean } | { readonly kind: 'open'; readonly why: string };

/** What is known of a direction by watching. */
export interface DirectionWatch {
  readonly hours: number;
  readonly coverage: Coverage;
  /** Of both directions together. */
  readonly workload: Coverage;
  readonly isRunAwaited: boolean;
}

/**
 * Decides whether a direction may be closed: where metadata shows it, or where enough of what
 * really happens was seen, or where that was so once and a person approved it.
 *
 * What was approved closed is not proposed open because coverage went down: who was let out by
 * that would only have to make noise.
 */
export function decideClosing(direction: Direction, knowledge: DirectionKnowledge | undefined, watch: DirectionWatch, approved: DirectionProposal | undefined, thresholds: LearningThresholds): Closing {
  const observation = judgeObservation(watch, thresholds);
  const isApprovedClosed = approved?.kind === 'closed';
  const wasOutsideClosed = isApprovedClosed && !approved.rules.some(({ peers, ports }) => ports === 'any' && peers !== 'any' && peers.some((peer) => peer.kind === 'entity' && peer.entity === 'internet'));
  if (knowledge?.isKnown === true) {
    const isOpenByMetadata = direction === 'egress' && knowledge.isOutsideOpen === true;
    const isOutsideOpen = isOpenByMetadata && !observation.isEnough && !wasOutsideClosed;
    const closedOutside = isOpenByMetadata && observation.isEnough ? `; its peers outside the cluster are known too: ${observation.why}` : '';
    return { kind: 'closed', by: 'metadata', why: `${knowledge.why}${closedOutside}`, isOutsideOpen };
  }
  const unknown = knowledge?.why ?? 'nothing is known about it';
  if (observation.isEnough) return { kind: 'closed', by: 'observation', why: `${observation.why}; metadata alone does not show it: ${unknown}`, isOutsideOpen: false };
  if (isApprovedClosed) return { kind: 'closed', by: 'approval', why: `it was approved closed, and stays proposed so: ${unknown}`, isOutsideOpen: direction === 'egress' && !wasOutsideClosed };
  return { kind: 'open', why: observation.why === '' ? unknown : `${unknown}; nor does watching close it: ${observation.why}` };
}

interface Judgement {
  readonly isEnough: boolean;
  /** Empty where nobody watched. */
  readonly why: string;
}

// one in twenty, as the low end of the coverage: three mean numbers of sightings make a silence this unlikely
const SILENCE = Math.log(20);

function judgeObservation({ hours, coverage, workload, isRunAwaited }: DirectionWatch, { closeAt, leastHours }: LearningThresholds): Judgement {
  if (hours === 0) return { isEnough: false, why: '' };
  if (hours < leastHours) return { isEnough: false, why: `it was watched for ${String(hours)} of at least ${String(leastHours)} hours` };
  if (isRunAwaited) return { isEnough: false, why: 'a scheduled run has not been seen yet' };
  if (coverage.seen > 0) return { isEnough: coverage.low >= closeAt, why: `${coverageText(coverage)} of its traffic is known` };
  if (workload.low < closeAt) return { isEnough: false, why: `nothing was seen, and only ${coverageText(workload)} of the rest of its traffic is known` };
  // so long a silence leaves it less than one in twenty to be broken within the hour
  const isSilent = hours * (1 - closeAt) >= SILENCE;
  return { isEnough: isSilent, why: isSilent ? `nothing was seen in ${String(hours)} hours, while ${coverageText(workload)} of the rest of its traffic is known` : `nothing was seen, but ${String(hours)} hours of silence are not enough` };
}

/** `96 to 99 %`: the 90 % interval. */
export function coverageText({ low, high }: Coverage): string {
  return `${String(Math.floor(low * 100))} to ${String(Math.ceil(high * 100))} %`;
}
