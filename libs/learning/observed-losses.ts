import type { ObservedEvidence, ObservedRelationship, ObservedWorkload } from '#model';

import type { KnownLoss } from './coverage.ts';
import { counted } from './observed-text.ts';

const HOUR_MS = 3_600_000;

/** For how many hours a workload was watched: since it first showed, as long as its reporters reported. */
export function watchedHours(workload: ObservedWorkload | undefined, evidence: ObservedEvidence): number {
  const [first] = workload?.hours ?? [];
  if (workload === undefined || first === undefined) return 0;
  const reporters = evidence.reporters.filter(({ reporter }) => workload.reporters.includes(reporter));
  const end = Math.max(first, ...reporters.map(({ to }) => to));
  const spans = reporters.reduce((sum, { from, to }) => sum + to - from, 0);
  const covered = reporters.reduce((sum, { coveredMs }) => sum + coveredMs, 0);
  // a reporter that was away for half of the time saw half of the hours
  const share = spans <= 0 ? 0 : Math.min(1, covered / spans);
  return Math.max(workload.hours.length, Math.ceil(((end - first) / HOUR_MS) * share));
}

/** What is known to be missing of what a workload did, largest share first. */
export function knownLosses(workload: ObservedWorkload | undefined, own: readonly ObservedRelationship[], evidence: ObservedEvidence, seenByReporter: ReadonlyMap<string, number>): readonly KnownLoss[] {
  if (workload === undefined) return [];
  const seen = own.reduce((sum, { connections, wouldBeDenied }) => sum + Math.max(connections, wouldBeDenied), 0);
  const part = (lost: number, text: string): readonly KnownLoss[] => (lost <= 0 ? [] : [{ share: lost / (lost + seen), text }]);
  const reporters = evidence.reporters.filter(({ reporter }) => workload.reporters.includes(reporter));
  const untranslated = own.filter(({ from, to }) => from.kind === 'service' || to.kind === 'service').reduce((sum, { connections }) => sum + connections, 0);
  return [
    ...reporters.flatMap(({ reporter, lostConnectionEvents, unreadable }): readonly KnownLoss[] => {
      const lost = lostConnectionEvents + unreadable;
      const all = [...reporters].reduce((sum, each) => sum + (seenByReporter.get(each.reporter) ?? 0), 0);
      return lost <= 0 ? [] : [{ share: lost / (lost + all), text: `${reporter} lost ${counted(lost, 'connection event')} beside the ${String(seenByReporter.get(reporter) ?? 0)} connections it saw` }];
    }),
    ...part(workload.overflowed, `${counted(workload.overflowed, 'connection')} of its pods did not fit into reports`),
    ...part(workload.unattributed, `the other end of ${counted(workload.unattributed, 'connection')} could not be told`),
    ...part(workload.beyondBounds, `${counted(workload.beyondBounds, 'connection')} went to more peers than are kept apart`),
    ...part(untranslated, `${counted(untranslated, 'connection')} went to a Service and nobody knows to whom behind it`),
  ].sort((a, b) => b.share - a.share);
}

/** How many connections every reporter saw, as far as it is named with them. */
export function connectionsByReporter(evidence: ObservedEvidence): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { reporters, connections, wouldBeDenied } of evidence.relationships) {
    for (const reporter of reporters) counts.set(reporter, (counts.get(reporter) ?? 0) + Math.max(connections, wouldBeDenied));
  }
  return counts;
}
