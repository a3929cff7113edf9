import { compareWithApproved, ObservedIndex, proposalDifference, STALE_AFTER_MS, type WorkloadPreview } from '#learning';
import { compareText, type DirectionProposal, type ObservedEvidence, type Proposal, workloadKey, type WorkloadReview } from '#model';
import { modeOf, type ReviewContext, type ReviewedProposal, type ReviewState, reviewedProposal } from '#review';

import { type Page, type PageRequest, pageOf, type ReviewFilter, type ReviewItem } from './live-list.ts';

type Context = Pick<ReviewContext, 'reviews' | 'snapshot' | 'digest' | 'now'> & {
  readonly observed: ObservedEvidence;
  readonly autoApproval?: (review: WorkloadReview) => ReviewItem['autoApproval'];
  /** Of directions left open. */
  readonly preview?: (review: WorkloadReview) => WorkloadPreview;
};

/** One page of what is proposed, by workload. */
export function liveReviews(state: ReviewState, filter: ReviewFilter, page: PageRequest, context: Context): Page<ReviewItem> {
  const meant = [...context.reviews].filter(([, review]) => isMeant(review, filter)).sort(([a], [b]) => compareText(a, b));
  // where a review stands takes some work, so it is only asked of all of them where that is the question
  if (filter.standing === undefined) {
    const { items, ...rest } = pageOf(meant, page, ([key]) => key);
    return { items: items.map(([, review]) => liveReview(state, review, context)), ...rest };
  }
  const items = meant.map(([, review]) => liveReview(state, review, context)).filter(({ standing }) => standing === filter.standing);
  return pageOf(items, page, ({ review }) => workloadKey(review.workload));
}

/** One workload's proposal with where it stands, what is different from what was decided before, and the mode the workload is in. */
export function liveReview(state: ReviewState, review: WorkloadReview, context: Context): ReviewItem {
  const { snapshot, digest, autoApproval, preview } = context;
  const reviewed = reviewedProposal(state, review, digest);
  const taken = autoApproval?.(review);
  return {
    ...reviewed,
    mode: modeOf(state, review.workload, snapshot).value,
    ...sinceDecided(reviewed, context),
    ...(preview === undefined ? {} : { preview: preview(review) }),
    ...(taken === undefined ? {} : { autoApproval: taken }),
  };
}

function sinceDecided({ proposal, approval, rejectedBefore }: ReviewedProposal, { observed, now }: Context): Pick<ReviewItem, 'comparison' | 'sinceRejection'> {
  const rejected = rejectedBefore?.rejected.proposal;
  return {
    ...(approval === undefined ? {} : { comparison: compareWithApproved(proposal, stillInForce(approval.approved.proposal, now), { index: indexOf(observed), now, staleAfterMs: STALE_AFTER_MS }) }),
    ...(rejected === undefined ? {} : { sinceRejection: proposalDifference(rejected, proposal) }),
  };
}

// what has ended is in force no more, and would be new again
function stillInForce({ workload, ingress, egress }: Proposal, now: number): Proposal {
  const of = (direction: DirectionProposal): DirectionProposal => (direction.kind === 'open' ? direction : { ...direction, rules: direction.rules.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now) });
  return { workload, ingress: of(ingress), egress: of(egress) };
}

const indexes = new WeakMap<ObservedEvidence, ObservedIndex>();

function indexOf(observed: ObservedEvidence): ObservedIndex {
  const known = indexes.get(observed);
  if (known !== undefined) return known;
  const index = new ObservedIndex(observed);
  indexes.set(observed, index);
  return index;
}

function isMeant({ workload, isReady }: WorkloadReview, filter: ReviewFilter): boolean {
  if (filter.namespace !== undefined && filter.namespace !== workload.namespace) return false;
  if (filter.workload !== undefined && workloadKey(filter.workload) !== workloadKey(workload)) return false;
  return filter.isReady === undefined || filter.isReady === isReady;
}
