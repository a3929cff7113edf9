import { type AttributedFlow, compareText, type FlowParty } from '#model';

import type { ObservedCounts, ObservedReport, ReportFate, UnattributedAddress } from './observed-report.ts';
import { addLoss, NO_LOSS } from './observed-reporters.ts';

const MOST_ADDRESSES = 1_000;

/** Counts what comes in, and lists the addresses nobody could be found for. */
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
  readonly #addresses = new Map<string, UnattributedAddress>();

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
      for (const end of [flow.client, flow.server]) {
        if (end.kind === 'node') onNodes += 1;
        if (end.kind !== 'unattributed') continue;
        if (end.why === 'nobody held it') nobody += 1;
        else several += 1;
      }
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

  /** Of too many addresses the ones that come later are counted only. */
  unattributed(end: Extract<FlowParty, { kind: 'unattributed' }>, flow: AttributedFlow, other: string): void {
    const key = `${end.why} ${end.address}`;
    const known = this.#addresses.get(key);
    if (known === undefined && this.#addresses.size >= MOST_ADDRESSES) return;
    const connections = (known?.connections ?? 0) + flow.connections;
    this.#addresses.set(key, { address: end.address, why: end.why, connections, lastSeen: Math.max(known?.lastSeen ?? 0, flow.to), other: known?.other ?? other });
  }

  addresses(): readonly UnattributedAddress[] {
    return [...this.#addresses.values()].sort((a, b) => b.connections - a.connections || compareText(a.address, b.address));
  }
}
