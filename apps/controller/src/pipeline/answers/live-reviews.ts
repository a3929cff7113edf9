import { compareText, workloadKey, type WorkloadReview } from '#model';
import { modeOf, type ReviewContext, type ReviewState, reviewedProposal } from '#review';

import { type Page, type PageRequest, pageOf, type ReviewFilter, type ReviewItem } from './live-list.ts';

type Context = Pick<ReviewContext, 'reviews' | 'snapshot' | 'digest'> & { readonly autoApproval?: (review: WorkloadReview) => ReviewItem['autoApproval'] };

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

/** One workload's proposal with where it stands and the mode the workload is in. */
export function liveReview(state: ReviewState, review: WorkloadReview, { snapshot, digest, autoApproval }: Context): ReviewItem {
  const taken = autoApproval?.(review);
  return { ...reviewedProposal(state, review, digest), mode: modeOf(state, review.workload, snapshot).value, ...(taken === undefined ? {} : { autoApproval: taken }) };
}

function isMeant({ workload, isReady }: WorkloadReview, filter: ReviewFilter): boolean {
  if (filter.namespace !== undefined && filter.namespace !== workload.namespace) return false;
  if (filter.workload !== undefined && workloadKey(filter.workload) !== workloadKey(workload)) return false;
  return filter.isReady === undefined || filter.isReady === isReady;
}
