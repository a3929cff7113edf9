import type { UnattributedAddress } from '#graph';
import type { DirectionComparison, DirectionDifference, WorkloadPreview } from '#learning';
import type { FlowVerdict, Mode, ObservedRelationship, WorkloadRef } from '#model';
import type { ReviewedProposal, ReviewStanding } from '#review';

/** Which workloads are meant; everything absent matches. */
export interface WorkloadFilter {
  readonly namespace?: string;
  /** Exactly this one. */
  readonly workload?: WorkloadRef;
}

export interface ReviewFilter extends WorkloadFilter {
  readonly standing?: ReviewStanding;
  readonly isReady?: boolean;
}

export interface FlowFilter extends WorkloadFilter {
  /** Seen with this fate at least once. */
  readonly verdict?: Extract<FlowVerdict, 'allowed' | 'denied' | 'would-be-denied'>;
  /** Last seen at this time or later; milliseconds since 1970. */
  readonly since?: number;
}

export interface UnattributedFilter {
  readonly why?: UnattributedAddress['why'];
  /** Told of by this node. */
  readonly reporter?: string;
  /** Last seen at this time or later; milliseconds since 1970. */
  readonly since?: number;
}

/** `cursor` is what the page before gave as `next`. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Absent: that was the last page. */
  readonly next?: string;
}

/** A workload's proposal with everything a person needs to decide. */
export interface ReviewItem extends ReviewedProposal {
  readonly mode: Mode;
  /** With what is in force, where something is. */
  readonly comparison?: readonly DirectionComparison[];
  /** What is proposed otherwise than what was rejected, where that stands no more. */
  readonly sinceRejection?: readonly DirectionDifference[];
  /** Of directions left open; only where one workload is asked for. */
  readonly preview?: WorkloadPreview;
  /** The auto-approval rule that takes it, or why none does; absent where there are no such rules. */
  readonly autoApproval?: { readonly rule: string } | { readonly why: readonly string[] };
}

/** What was observed, and the sentence that names the rule it lacks where it was, or would be, denied. */
export interface FlowItem {
  readonly observed: ObservedRelationship;
  readonly missing?: string;
}

/**
 * One page of a sorted list: what comes after the cursor, which is the key of the last item of the
 * page before. A list that changed meanwhile neither repeats nor skips what stayed.
 */
export function pageOf<Item>(sorted: readonly Item[], { limit, cursor }: PageRequest, keyOf: (item: Item) => string): Page<Item> {
  const start = cursor === undefined ? 0 : firstAfter(sorted, cursor, keyOf);
  const items = sorted.slice(start, start + limit);
  const last = items.at(-1);
  return last === undefined || start + limit >= sorted.length ? { items } : { items, next: keyOf(last) };
}

function firstAfter<Item>(sorted: readonly Item[], cursor: string, keyOf: (item: Item) => string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle];
    if (item !== undefined && keyOf(item) <= cursor) low = middle + 1;
    else high = middle;
  }
  return low;
}
