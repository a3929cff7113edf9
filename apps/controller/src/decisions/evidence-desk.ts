import type { EvidenceRow } from '#graph';
import type { EvidenceStore } from '#store';

import type { Leadership } from '../operator/controller-status.ts';
import type { Leader } from './leadership.ts';

/** How old what a follower shows of traffic may be. */
const REFRESH_MS = 60_000;
/** A store that did not take what was seen is asked again, though nothing more is seen. */
const AGAIN_MS = 5_000;

export interface EvidenceDeskOptions {
  readonly evidence: EvidenceStore;
  readonly leader: Pick<Leader, 'fence' | 'lost'>;
  /** Takes what was kept in place of what was seen here; gives how many rows nothing could be made of. */
  readonly restore: (rows: AsyncIterable<EvidenceRow>) => Promise<number>;
  readonly onUnread: (rows: number) => void;
  readonly onTrouble: (what: string, error: unknown) => void;
  readonly onWritten: () => void;
}

/**
 * Where evidence is kept, by the leader alone, which first takes up what the one before it has kept.
 *
 * A row is a summary that grows: one that began anew, written over that of four weeks, would be the
 * loss of four weeks. So nothing is written, and no node is told that its flows are kept, between
 * gaining the lead and knowing what is there. A follower takes it up now and then, to show it.
 */
export class EvidenceDesk {
  readonly #options: EvidenceDeskOptions;
  #writing: Promise<void> = Promise.resolve();
  #takingUp: Promise<void> = Promise.resolve();
  /** By key, the newest. */
  readonly #unwritten = new Map<string, EvidenceRow>();
  #again: NodeJS.Timeout | undefined;
  #hasBegun = false;
  #timer: NodeJS.Timeout | undefined;
  /** What was taken up under; undefined: nothing may be written. */
  #fence: number | undefined;
  #keeping = Promise.withResolvers<undefined>();

  constructor(options: EvidenceDeskOptions) {
    this.#options = options;
  }

  get isKeeping(): boolean {
    return this.#fence !== undefined;
  }

  /** Resolves as soon as what is seen is kept. */
  get whenKeeping(): Promise<undefined> {
    return this.#keeping.promise;
  }

  /** Knows what is kept; from then on told of every change of leader. */
  async begin(): Promise<void> {
    await this.#takeUp();
    this.#hasBegun = true;
    this.#timer = setInterval(() => {
      if (this.#options.leader.fence === undefined) this.#takeUpOrSay(() => undefined);
    }, REFRESH_MS);
  }

  led({ kind }: Leadership): void {
    if (kind === 'follower') {
      if (this.#fence === undefined) return;
      this.#fence = undefined;
      this.#unwritten.clear();
      this.#keeping = Promise.withResolvers();
    } else if (this.#hasBegun) {
      // one who cannot read what was seen would write over it, and does not lead
      this.#takeUpOrSay(() => {
        this.#options.leader.lost();
      });
    }
  }

  /** One after the other, so that an older row never comes over a newer one. What the store does not take is kept for the next time. */
  keep(rows: readonly EvidenceRow[]): void {
    const fence = this.#fence;
    if (fence === undefined) return;
    for (const row of rows) this.#unwritten.set(row.key, row);
    if (this.#unwritten.size > 0) this.#writing = this.#writing.then(() => this.#write(fence));
  }

  /** Resolves when everything handed over is written. */
  close(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#again);
    return this.#writing;
  }

  async #write(fence: number): Promise<void> {
    const rows = [...this.#unwritten.values()];
    // whoever lost the lead meanwhile has other rows by now, or none
    if (rows.length === 0 || fence !== this.#fence) return;
    this.#unwritten.clear();
    clearTimeout(this.#again);
    const { evidence, leader, onTrouble, onWritten } = this.#options;
    try {
      const result = await evidence.put(rows, { fence });
      if (result.kind === 'fenced') leader.lost();
      else onWritten();
    } catch (error) {
      if (fence === this.#fence) for (const row of rows) if (!this.#unwritten.has(row.key)) this.#unwritten.set(row.key, row);
      onTrouble('keep what was seen', error);
      this.#again = setTimeout(() => { this.keep([]); }, AGAIN_MS).unref();
    }
  }

  #takeUp(): Promise<void> {
    const taken = this.#takingUp.then(async () => {
      const { evidence, leader, restore, onUnread } = this.#options;
      // under a fence that is known nobody else's rows can come after this
      const { fence } = leader;
      if (fence !== undefined && fence === this.#fence) return;
      const unread = await restore(evidence.all());
      if (unread > 0) onUnread(unread);
      if (fence === undefined || leader.fence !== fence) return;
      this.#fence = fence;
      this.#keeping.resolve(undefined);
    });
    this.#takingUp = taken.catch(() => undefined);
    return taken;
  }

  #takeUpOrSay(otherwise: () => void): void {
    this.#takeUp().catch((error: unknown) => {
      this.#options.onTrouble('read what was seen', error);
      otherwise();
    });
  }
}
