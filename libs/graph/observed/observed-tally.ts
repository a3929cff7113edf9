import type { ObservedCounts, ObservedReport, ReportFate } from './observed-report.ts';
import { addLoss, NO_LOSS } from './observed-reporters.ts';

/** Counts what comes in. */
export class ObservedTally {
  #counts: ObservedCounts = {
    reports: 0,
    replayed: 0,
    refused: 0,
    records: 0,
    connections: 0,
    unattributed: { nobody: 0, several: 0 },
    onNodes: 0,
    lost: NO_LOSS,
    overflowedConnections: 0,
    foreign: 0,
    misplaced: 0,
    spoofed: 0,
    beyondBounds: 0,
  };

  get counts(): ObservedCounts {
    return this.#counts;
  }

  report({ flows, loss, overflowed, foreign, misplaced }: ObservedReport, fate: ReportFate): void {
    const counts = this.#counts;
    if (fate !== 'taken') {
      this.#counts = fate === 'replayed' ? { ...counts, replayed: counts.replayed + 1 } : { ...counts, refused: counts.refused + 1 };
      return;
    }
    let connections = 0;
    let nobody = 0;
    let several = 0;
    let onNodes = 0;
    let spoofed = 0;
    for (const flow of flows) {
      connections += flow.connections;
      if (flow.verdict === 'spoofed') spoofed += flow.connections;
      const ends = [flow.client, flow.server];
      const count = Math.max(1, flow.connections);
      if (ends.some(({ kind }) => kind === 'node')) onNodes += count;
      const unknown = ends.filter((end) => end.kind === 'unattributed');
      if (unknown.length === 0 || flow.verdict === 'spoofed') continue;
      if (unknown.some(({ why }) => why === 'several held it')) several += count;
      else nobody += count;
    }
    this.#counts = {
      ...counts,
      reports: counts.reports + 1,
      records: counts.records + flows.length,
      connections: counts.connections + connections,
      unattributed: { nobody: counts.unattributed.nobody + nobody, several: counts.unattributed.several + several },
      onNodes: counts.onNodes + onNodes,
      lost: addLoss(counts.lost, loss),
      overflowedConnections: counts.overflowedConnections + overflowed.reduce((sum, each) => sum + each.connections, 0),
      foreign: counts.foreign + foreign,
      misplaced: counts.misplaced + misplaced,
      spoofed: counts.spoofed + spoofed,
    };
  }

  beyondBounds(connections: number): void {
    this.#counts = { ...this.#counts, beyondBounds: this.#counts.beyondBounds + connections };
  }
}
