import type { ObservedReport } from '#graph';
import { type AddressHistory, attribute } from '#inventory';
import type { FlowReport, Snapshot } from '#model';

/** A report of a node told by who was who; of one that was taken before, which changes nothing, no more than its name. */
export function observedReport(report: FlowReport, isReplayed: boolean, addresses: AddressHistory, snapshot: Snapshot | undefined): ObservedReport {
  const { reporter, from, to, loss, foreign } = report;
  const { flows, misplaced } = isReplayed ? { flows: [], misplaced: 0 } : attribute(report, addresses);
  const overflowed = report.overflowed.flatMap(({ pod, connections }) => {
    const found = snapshot?.pods.get(pod);
    // nobody saw too much of a pod that is somewhere else
    return found?.node !== reporter ? [] : [{ workload: found.workload, connections }];
  });
  return { reporter, from, to, flows, loss, overflowed, foreign, misplaced };
}
