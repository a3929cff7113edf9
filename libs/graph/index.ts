export { inferGraph } from './infer.ts';
export type { EvidenceRow } from './observed/evidence-row.ts';
export { joinObserved, type PermittedBy } from './observed/join-observed.ts';
export { ObservedHistory, type ObservedHistoryOptions } from './observed/observed-history.ts';
export { PEER_LIMITS } from './observed/observed-party.ts';
export type { ObservedCounts, ObservedReport, ReportFate, UnattributedAddress } from './observed/observed-report.ts';
