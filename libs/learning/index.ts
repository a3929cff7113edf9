export type { AutoApproval, AutoApprovalRefusal, AutoApprovalRule } from './auto-approval.ts';
export { AUTO_APPROVAL_API_VERSION, type AutoApprovalReading, readAutoApproval } from './auto-approval-reader.ts';
export { autoApprovable } from './auto-approve.ts';
export type {
  Applicability,
  Catalogue,
  CatalogueEntry,
  CataloguePeer,
  CatalogueRule,
  EntityGrounding,
  GroundingStep,
  GroundingWay,
  KnownHost,
  WorkloadMatch,
} from './catalogue.ts';
export { type CatalogueReading, readCatalogueEntry } from './catalogue-reader.ts';
export { type ApprovedRule, compareWithApproved, type ComparisonContext, type DirectionComparison, STALE_AFTER_MS } from './compare-approved.ts';
export { estimateCoverage, type KnownLoss, type Sighting, type Sightings } from './coverage.ts';
export { type EvidenceClass, evidenceClass } from './evidence-class.ts';
export { DEFAULT_THRESHOLDS, type LearningContext, type LearningThresholds } from './learning-context.ts';
export { ObservedIndex } from './observed-index.ts';
export { type NotEnforced, notEnforced } from './not-enforced.ts';
export { type DirectionDifference, proposalDifference, type RuleChange } from './proposal-difference.ts';
export { type Learning, type LearningOptions, propose } from './propose.ts';
export type { PermittedBy } from './permitted.ts';
export { type DirectionPreview, review, Reviewer, type WorkloadPreview } from './review.ts';
export { type Watched, WorkloadWatch } from './workload-watch.ts';
