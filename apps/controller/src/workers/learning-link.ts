import { setTimeout as pause } from 'node:timers/promises';

import type { EvidenceRow } from '#graph';
import type { FlowReport, SourceUpdate } from '#model';
import type { ReviewEntry } from '#review';

import type { LearningNews, LearningOrder, LearningQuestions, QuestionName } from './learning-orders.ts';
import { UpdateFeed } from './update-feed.ts';
import type { PipelineLink } from './worker-thread.ts';

export interface LearningEvents {
  readonly onView: (news: Extract<LearningNews, { readonly kind: 'view' }>) => void;
  readonly onApprovals: (approvals: Extract<LearningNews, { readonly kind: 'approvals' }>['approvals']) => void;
  readonly onRows: (rows: readonly EvidenceRow[]) => void;
  readonly onWaits: (waitsFor: readonly string[]) => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const NO_ROOM_MS = 500;
const ROWS_AT_ONCE = 5_000;

/** The controller's end of its learning pipeline. */
export class LearningLink {
  readonly #events: LearningEvents;
  readonly #link: PipelineLink<LearningOrder>;
  readonly #feed: UpdateFeed;
  readonly #asked = new Map<number, Waiting>();
  #restored = Promise.withResolvers<number>();
  readonly #finished = Promise.withResolvers<readonly EvidenceRow[]>();
  #ids = 0;
  #isClosed = false;

  constructor(start: (onNews: (news: LearningNews) => void) => PipelineLink<LearningOrder>, events: LearningEvents) {
    this.#events = events;
    this.#link = start((news) => {
      this.#hear(news);
    });
    this.#feed = new UpdateFeed((items) => {
      this.#link.send({ kind: 'feed', items });
    });
  }

  update(update: SourceUpdate): void {
    this.#feed.update(update);
  }

  setInSync(source: string, isInSync: boolean): void {
    this.#feed.setInSync(source, isInSync);
  }

  entries(entries: readonly ReviewEntry[]): void {
    this.#link.send({ kind: 'entries', entries });
  }

  /** Gives it what was kept, in place of what it has seen; says how many rows it could make nothing of. Nothing happens where they cannot all be read. */
  async restore(rows: AsyncIterable<EvidenceRow>): Promise<number> {
    const batches: EvidenceRow[][] = [[]];
    for await (const row of rows) {
      if ((batches.at(-1)?.length ?? 0) >= ROWS_AT_ONCE) batches.push([]);
      batches.at(-1)?.push(row);
    }
    this.#restored = Promise.withResolvers();
    for (const [at, batch] of batches.entries()) this.#link.send({ kind: 'restore', rows: batch, isLast: at === batches.length - 1 });
    return this.#restored.promise;
  }

  /** Resolves when the report is taken in; waits while there is no room for it. */
  async report(report: FlowReport): Promise<void> {
    for (;;) {
      const isTaken = await this.#request((id) => ({ kind: 'report', id, report }));
      if (isTaken === true || this.#isClosed) return;
      await pause(NO_ROOM_MS);
    }
  }

  async ask<Name extends QuestionName>(name: Name, ask: LearningQuestions[Name]['ask']): Promise<LearningQuestions[Name]['answer']> {
    const answer = await this.#request((id) => ({ kind: 'ask', id, name, ask }) as LearningOrder);
    return answer as LearningQuestions[Name]['answer'];
  }

  /** Every row there is, for an orderly end. */
  finish(): Promise<readonly EvidenceRow[]> {
    this.#link.send({ kind: 'finish' });
    return this.#finished.promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#asked.values()) reject(new Error('the controller stops'));
    this.#asked.clear();
    await this.#link.close();
  }

  #request(order: (id: number) => LearningOrder): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new Error('the controller stops'));
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#link.send(order(id));
    });
  }

  #hear(news: LearningNews): void {
    switch (news.kind) {
      case 'taken':
        this.#feed.taken();
        return;
      case 'report':
        this.#settle(news.id)?.resolve(news.isTaken);
        return;
      case 'answer':
        this.#settle(news.id)?.resolve(news.value);
        return;
      case 'unanswered':
        this.#settle(news.id)?.reject(new Error(news.why));
        return;
      case 'rows':
        if (news.isLast) this.#finished.resolve(news.rows);
        else this.#events.onRows(news.rows);
        return;
      case 'restored':
        this.#restored.resolve(news.unread);
        return;
      case 'view':
        this.#events.onView(news);
        return;
      case 'approvals':
        this.#events.onApprovals(news.approvals);
        return;
      case 'waits':
        this.#events.onWaits(news.waitsFor);
        return;
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#asked.get(id);
    this.#asked.delete(id);
    return waiting;
  }
}
