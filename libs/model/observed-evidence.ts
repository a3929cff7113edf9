import type { ObservedRelationship } from './observed-relationship.ts';
import type { WorkloadKey } from './workload-ref.ts';

/** How much of one workload was seen, and what is known to be missing. */
export interface ObservedWorkload {
  /** Since when its own node has told of it, as milliseconds since 1970; the hours go back four weeks, and this may be before them. Undefined: only others told of it. */
  readonly since: number | undefined;
  /** The beginnings of the hours in which it took part in any connection, as milliseconds since 1970, sorted. */
  readonly hours: readonly number[];
  /** Who reported on it, sorted: what these lost may be of this workload. */
  readonly reporters: readonly string[];
  /** Connections of its pods for which a reporter had no room. */
  readonly overflowed: number;
  /** Connections whose other end could not be attributed. */
  readonly unattributed: number;
  /** Connections to or from peers beyond the number that is kept apart. */
  readonly beyondBounds: number;
}

/** What one reporter admits to have missed, over the time that is kept. */
export interface ReporterRecord {
  readonly reporter: string;
  /** Milliseconds since 1970: the first and the last moment it reported on. */
  readonly from: number;
  readonly to: number;
  /** How much of that time its reports cover. */
  readonly coveredMs: number;
  readonly lostConnectionEvents: number;
  readonly lostLogRecords: number;
  readonly unreadable: number;
}

/** All that was observed, as learning takes it: a summary that does not grow with traffic. */
export interface ObservedEvidence {
  /** Sorted by client, server, protocol and port. */
  readonly relationships: readonly ObservedRelationship[];
  readonly workloads: ReadonlyMap<WorkloadKey, ObservedWorkload>;
  /** Sorted by name. */
  readonly reporters: readonly ReporterRecord[];
}
