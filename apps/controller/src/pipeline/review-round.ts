import { type LearningContext, Reviewer, type WorkloadPreview } from '#learning';
import { compareText, type ObservedEvidence, type ServiceGraph, type Snapshot, type WorkloadKey, type WorkloadReview, type WorkloadReviews } from '#model';

/** The review of every workload of one moment, so many at a time. */
export class ReviewRound {
  readonly observed: ObservedEvidence;
  readonly snapshot: Snapshot;
  readonly #reviewer: Reviewer;
  readonly #keys: readonly WorkloadKey[];
  readonly #reviews = new Map<WorkloadKey, WorkloadReview>();
  #next = 0;

  constructor(graph: ServiceGraph, observed: ObservedEvidence, snapshot: Snapshot, context: LearningContext) {
    this.observed = observed;
    this.snapshot = snapshot;
    this.#reviewer = new Reviewer(graph, observed, snapshot, context);
    this.#keys = [...snapshot.workloads.keys()].sort(compareText);
  }

  /** By workload; complete once `step` has said so. */
  get reviews(): WorkloadReviews {
    return this.#reviews;
  }

  preview(review: WorkloadReview): WorkloadPreview {
    return this.#reviewer.preview(review);
  }

  /** Reviews so many more; true where those were the last. */
  step(most: number): boolean {
    for (const key of this.#keys.slice(this.#next, this.#next + most)) {
      const review = this.#reviewer.review(key);
      if (review !== undefined) this.#reviews.set(key, review);
    }
    this.#next += most;
    return this.#next >= this.#keys.length;
  }
}
