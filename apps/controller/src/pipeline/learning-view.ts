import type { WorkloadPreview } from '#learning';
import { compareText, type ObservedEvidence, type ServiceGraph, type Snapshot, type WorkloadReview, type WorkloadReviews, type WorkloadRef } from '#model';

/** Everything learning has worked out, all of it of one moment. */
export interface LearningView {
  readonly snapshot: Snapshot;
  /** What is declared and what was observed, joined. */
  readonly graph: ServiceGraph;
  readonly observed: ObservedEvidence;
  readonly reviews: WorkloadReviews;
  /** What the directions a review leaves open would be closed but for. */
  readonly preview: (review: WorkloadReview) => WorkloadPreview;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The workloads whose review says something else than before, or is gone; counts alone are no news. Sorted. */
export function changedReviews(before: WorkloadReviews, after: WorkloadReviews): readonly WorkloadRef[] {
  const changed: [string, WorkloadRef][] = [];
  for (const [key, review] of after) {
    const known = before.get(key);
    if (known === undefined || !saysTheSame(known, review)) changed.push([key, review.workload]);
  }
  for (const [key, { workload }] of before) if (!after.has(key)) changed.push([key, workload]);
  return changed.sort(([a], [b]) => compareText(a, b)).map(([, workload]) => workload);
}

function saysTheSame(a: WorkloadReview, b: WorkloadReview): boolean {
  return a.hash === b.hash && a.evidenceHash === b.evidenceHash && a.isReady === b.isReady && percent(a) === percent(b) && listText(a) === listText(b);
}

function percent({ coverage }: WorkloadReview): number {
  return Math.round(coverage.low * 100) * 1_000 + Math.round(coverage.estimate * 100);
}

function listText({ waitsFor, quarantined, brokenInvariants }: WorkloadReview): string {
  return [...waitsFor, ...quarantined.map(({ rule, reasons }) => `${rule} ${reasons.join(' ')}`), ...brokenInvariants].join('\n');
}
