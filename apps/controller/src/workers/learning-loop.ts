import { hash } from 'node:crypto';

import type { EvidenceRow } from '#graph';
import { replayReview } from '#review';

import { automaticApprovals } from '../pipeline/automatic-approvals.ts';
import { LearningPipeline } from '../pipeline/learning-pipeline.ts';
import type { LearningTurn } from '../pipeline/learning-turn.ts';
import { answerQuestion } from './learning-answers.ts';
import type { LearningNews, LearningOrder, LearningWorkerData } from './learning-orders.ts';

const FLOWS_A_TURN = 5_000;
/** Nobody waits for what is learned as pods wait for their rules, so most of the time is left to others. */
const SHORTEST_REST_MS = 100;
const REST_PER_WORK = 3;

/**
 * Runs the learning pipeline: orders in, news out.
 *
 * A question that cannot be answered is its asker's trouble and ends nothing; whatever else goes
 * wrong is thrown, for what is known afterwards would be anybody's guess.
 */
export class LearningLoop {
  readonly #data: LearningWorkerData;
  readonly #pipeline: LearningPipeline;
  readonly #tell: (news: LearningNews) => void;
  readonly #rows: EvidenceRow[] = [];
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #restsUntil = 0;
  #waitsFor: string | undefined;
  #worked = 0;

  constructor(data: LearningWorkerData, tell: (news: LearningNews) => void) {
    const { required, catalogue, invariants, enforcesExisting, thresholds, workEveryMs } = data;
    this.#data = data;
    this.#tell = tell;
    this.#pipeline = new LearningPipeline({
      digest,
      required,
      catalogue,
      invariants,
      enforcesExisting,
      ...(thresholds === undefined ? {} : { thresholds }),
      ...(workEveryMs === undefined ? {} : { workEveryMs }),
    });
  }

  take(order: LearningOrder): void {
    switch (order.kind) {
      case 'feed':
        for (const item of order.items) {
          if (item.kind === 'update') this.#pipeline.accept(item.update);
          else this.#pipeline.setInSync(item.source, item.isInSync);
        }
        this.#tell({ kind: 'taken' });
        break;
      case 'restore':
        this.#restore(order.rows, order.isLast);
        return;
      case 'entries':
        this.#pipeline.setState(replayReview(order.entries, this.#pipeline.state));
        break;
      case 'report':
        this.#tell({ kind: 'report', id: order.id, isTaken: this.#pipeline.acceptReport(order.report, Date.now()) });
        break;
      case 'ask':
        this.#answer(order);
        return;
      case 'finish':
        this.#tell({ kind: 'rows', rows: this.#pipeline.allRows(Date.now()), isLast: true });
        return;
    }
    this.#wakeAt(this.#restsUntil);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Number.NEGATIVE_INFINITY;
  }

  #restore(rows: readonly EvidenceRow[], isLast: boolean): void {
    for (const row of rows) this.#rows.push(row);
    if (!isLast) return;
    const unread = this.#pipeline.restore(this.#rows, Date.now());
    this.#rows.length = 0;
    this.#tell({ kind: 'restored', unread });
    this.#wakeAt(0);
  }

  #answer(question: Extract<LearningOrder, { readonly kind: 'ask' }>): void {
    const { id } = question;
    try {
      this.#tell({ kind: 'answer', id, value: answerQuestion(question, { ...this.#data, pipeline: this.#pipeline, digest, now: Date.now() }) });
    } catch (error) {
      this.#tell({ kind: 'unanswered', id, why: error instanceof Error ? error.message : String(error) });
    }
  }

  // `at` counts as performance.now() does
  #wakeAt(at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#turn();
    }, Math.max(0, at - performance.now()));
  }

  #turn(): void {
    const from = performance.now();
    const now = Date.now();
    const turn = this.#pipeline.turn(now, { flows: FLOWS_A_TURN });
    const until = performance.now();
    this.#worked += until - from;
    this.#restsUntil = until + (turn.hasMore ? (until - from) / 2 : Math.max(SHORTEST_REST_MS, (until - from) * REST_PER_WORK));
    this.#tellOf(turn);
    if (turn.hasMore) this.#wakeAt(this.#restsUntil);
    if (turn.dueAt !== undefined) this.#wakeAt(Math.max(this.#restsUntil, until + turn.dueAt - now));
  }

  #tellOf({ reviews, isNew, rows, waitsFor }: LearningTurn): void {
    if (waitsFor.join('\n') !== this.#waitsFor) {
      this.#waitsFor = waitsFor.join('\n');
      this.#tell({ kind: 'waits', waitsFor });
    }
    if (rows.length > 0) this.#tell({ kind: 'rows', rows, isLast: false });
    if (!isNew) return;
    this.#tell({ kind: 'view', reviews, workMs: this.#worked });
    this.#worked = 0;
    this.#approve();
  }

  #approve(): void {
    const { view, state } = this.#pipeline;
    if (view === undefined) return;
    const approvals = automaticApprovals(view.reviews, { state, snapshot: view.snapshot, rules: this.#data.autoApprovals, digest });
    if (approvals.length > 0) this.#tell({ kind: 'approvals', approvals });
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'hex');
}
