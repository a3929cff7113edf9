import { type EnforcedLab, talk, type TalkOutcome } from '#lab';

import type { LabAttempt } from './lab-messages.ts';
import type { PlannedTalk } from './lab-plan.ts';

const PATIENCE_MS = 1_000;
/** How often each connection is made, once it has begun. */
const EVERY_MS = 2_000;
/** The shop opens bit by bit: one more kind of connection after so long. */
const NEXT_AFTER_MS = 250;
const INTRUDER_AFTER_MS = 30_000;

/** Clients of a lab that talk for as long as it is there. */
export class LabTraffic {
  readonly #lab: EnforcedLab;
  readonly #onNews: (attempt: LabAttempt) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #isClosed = false;

  constructor(lab: EnforcedLab, onNews: (attempt: LabAttempt) => void) {
    this.#lab = lab;
    this.#onNews = onNews;
  }

  start(plan: readonly PlannedTalk[]): void {
    for (const [at, planned] of plan.entries()) this.#after(planned.kind === 'intruder' ? INTRUDER_AFTER_MS : at * NEXT_AFTER_MS, () => void this.#goOn(planned, ''));
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #goOn(planned: PlannedTalk, before: string): Promise<void> {
    const { from, to, port, kind } = planned;
    const outcomes = await Promise.all(planned.ways.map(async (way) => ({ family: way.connection.to.address.family, outcome: await this.#try(planned, way) })));
    if (this.#isClosed) return;
    const now = outcomes.map(({ family, outcome }) => `${String(family)} ${outcome}`).join();
    if (now !== before) this.#onNews({ from, to, port, kind, outcomes });
    this.#after(EVERY_MS, () => void this.#goOn(planned, now));
  }

  async #try({ isHttp }: PlannedTalk, { connection, by }: PlannedTalk['ways'][number]): Promise<TalkOutcome> {
    const { from, to, protocol, port } = connection;
    if (this.#isClosed || (protocol !== 'TCP' && protocol !== 'UDP')) return 'died';
    const { namespace } = this.#lab.hostOf(from);
    return talk({ namespace, from: from.address, to: by?.address ?? to.address, port: by?.port ?? port, protocol, isHttp }, PATIENCE_MS);
  }

  #after(ms: number, then: () => void): void {
    if (this.#isClosed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
  }
}
