import type { BundleSnapshot } from '#distribution';
import type { Revision, SourceUpdate } from '#model';

import { enforcedPart } from '../pipeline/enforced-part.ts';
import type { EnforcementNews, EnforcementOrder, ReviewSettings } from './enforcement-orders.ts';
import { UpdateFeed } from './update-feed.ts';
import type { PipelineLink } from './worker-thread.ts';

/** What the enforcement pipeline tells of its own accord. */
export type EnforcementEvents = (news: Exclude<EnforcementNews, { readonly kind: 'taken' | 'snapshot' }>) => void;

/** The controller's end of its enforcement pipeline. */
export class EnforcementLink {
  readonly #onNews: EnforcementEvents;
  readonly #link: PipelineLink<EnforcementOrder>;
  readonly #feed: UpdateFeed;
  readonly #asked = new Map<number, (snapshot: BundleSnapshot | undefined) => void>();
  #ids = 0;

  constructor(start: (onNews: (news: EnforcementNews) => void) => PipelineLink<EnforcementOrder>, onNews: EnforcementEvents) {
    this.#onNews = onNews;
    this.#link = start((news) => {
      this.#hear(news);
    });
    this.#feed = new UpdateFeed((items) => {
      this.#link.send({ kind: 'feed', items });
    });
  }

  update(update: SourceUpdate): void {
    const meant = enforcedPart(update);
    if (meant !== undefined) this.#feed.update(meant);
  }

  setInSync(source: string, isInSync: boolean): void {
    this.#feed.setInSync(source, isInSync);
  }

  setRevision(revision: Revision): void {
    this.#link.send({ kind: 'revision', revision });
  }

  setSettings(settings: ReviewSettings): void {
    this.#link.send({ kind: 'settings', settings });
  }

  /** The bundle of a node in full. */
  snapshotOf(node: string): Promise<BundleSnapshot | undefined> {
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#link.send({ kind: 'ask-snapshot', id, node });
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  #hear(news: EnforcementNews): void {
    if (news.kind === 'taken') this.#feed.taken();
    else if (news.kind === 'snapshot') {
      this.#asked.get(news.id)?.(news.snapshot);
      this.#asked.delete(news.id);
    } else this.#onNews(news);
  }
}
