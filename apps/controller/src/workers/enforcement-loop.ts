import { hash } from 'node:crypto';

import { DesiredBundles } from '#distribution';

import { EnforcementPipeline, type EnforcementTurn } from '../pipeline/enforcement-pipeline.ts';
import type { EnforcementNews, EnforcementOrder, EnforcementWorkerData } from './enforcement-orders.ts';
import { enforcementSettings } from './enforcement-settings.ts';

const NODES_A_TURN = 256;
/** Turns rest for so long at least and at most: what comes in meanwhile is worked off at once. */
const SHORTEST_REST_MS = 10;
const LONGEST_REST_MS = 50;
/** A timer cannot be set for months; waking up early costs nothing. */
const LONGEST_SLEEP_MS = 3_600_000;

/**
 * Runs the enforcement pipeline: orders in, news out.
 *
 * A turn comes as soon as there is something to do, and then rests for a part of the time it took:
 * under a storm of changes they are worked off together, and others get their turn too.
 */
export class EnforcementLoop {
  readonly #pipeline: EnforcementPipeline;
  readonly #desired = new DesiredBundles(digest);
  readonly #tell: (news: EnforcementNews) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #restsUntil = 0;
  #updates = 0;
  #waitsFor = '';

  constructor({ required, enforcesExisting }: EnforcementWorkerData, tell: (news: EnforcementNews) => void) {
    this.#pipeline = new EnforcementPipeline({ digest, required, enforcesExisting });
    this.#tell = tell;
    this.#wakeAt(0);
  }

  take(order: EnforcementOrder): void {
    switch (order.kind) {
      case 'feed':
        for (const item of order.items) {
          if (item.kind === 'update') this.#pipeline.accept(item.update);
          else this.#pipeline.setInSync(item.source, item.isInSync);
        }
        this.#updates += order.items.length;
        this.#tell({ kind: 'taken' });
        break;
      case 'revision':
        this.#pipeline.setRevision(order.revision);
        break;
      case 'settings':
        this.#pipeline.setSettings(enforcementSettings(order.settings));
        break;
      case 'ask-snapshot':
        this.#tell({ kind: 'snapshot', id: order.id, snapshot: this.#desired.snapshot(order.node) });
        return;
    }
    this.#wakeAt(this.#restsUntil);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
  }

  // `at` counts as performance.now() does
  #wakeAt(at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#turn();
    }, Math.min(LONGEST_SLEEP_MS, Math.max(0, at - performance.now())));
  }

  #turn(): void {
    const from = performance.now();
    const now = Date.now();
    const turn = this.#pipeline.turn(now, { nodes: NODES_A_TURN });
    const until = performance.now();
    this.#restsUntil = until + Math.min(LONGEST_REST_MS, Math.max(SHORTEST_REST_MS, (until - from) / 4));
    this.#tellOf(turn, until - from);
    if (turn.hasMore) this.#wakeAt(this.#restsUntil);
    if (turn.dueAt !== undefined) this.#wakeAt(Math.max(this.#restsUntil, until + turn.dueAt - now));
  }

  #tellOf({ nodes, removed, outputs, diagnostics, waitsFor }: EnforcementTurn, compileMs: number): void {
    if (waitsFor.join('\n') !== this.#waitsFor) {
      this.#waitsFor = waitsFor.join('\n');
      this.#tell({ kind: 'waits', waitsFor });
    }
    if (nodes.length > 0 || removed.length > 0) {
      const from = performance.now();
      for (const node of removed) this.#desired.remove(node);
      const desired = this.#desired.set(nodes);
      this.#tell({ kind: 'nodes', nodes: desired, removed, times: { compileMs, encodeMs: performance.now() - from, updates: this.#updates } });
      this.#updates = 0;
    }
    if (outputs !== undefined) this.#tell({ kind: 'outputs', outputs });
    if (diagnostics !== undefined) this.#tell({ kind: 'diagnostics', diagnostics });
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
