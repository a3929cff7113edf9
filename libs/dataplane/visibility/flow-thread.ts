import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

import type { FlowReport } from '#model';

import type { FlowWatcherOptions } from './flow-watcher.ts';
import type { LocalPod } from './local-pods.ts';

/** What the thread is told. */
export type FlowOrder = { readonly kind: 'pods'; readonly pods: readonly LocalPod[] } | { readonly kind: 'close' };

/** What it says. */
export type FlowNews =
  | { readonly kind: 'watching' }
  | { readonly kind: 'report'; readonly report: FlowReport }
  | { readonly kind: 'unknown'; readonly address: string; readonly at: number }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'closed' };

export type FlowThreadData = Omit<FlowWatcherOptions, 'onReport' | 'onUnknown'>;

export interface FlowThreadOptions extends FlowWatcherOptions {
  /** Connections are not watched, or no longer. Said once. */
  readonly onTrouble: (why: string) => void;
}

const CLOSE_PATIENCE_MS = 2_000;
/** What flows of one stretch and a burst of events take, several times over. */
const HEAP = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 8 };

/**
 * A {@link FlowWatcher} in a thread of its own: a large change of rules does not make it lose
 * events, and a flood of events does not keep rules from the kernel.
 */
export class FlowThread {
  readonly #worker: Worker;
  readonly #options: FlowThreadOptions;
  /** Resolves once it watches, or will not: what happens before is not seen. */
  readonly begun: Promise<void>;
  #isOver = false;
  #onBegun: () => void = () => undefined;
  #onClosed: () => void = () => undefined;

  constructor(options: FlowThreadOptions) {
    // what can be sent to a thread: no functions
    const data: FlowThreadData = Object.fromEntries(Object.entries(options).filter(([, value]) => typeof value !== 'function')) as FlowThreadData;
    this.#options = options;
    this.begun = new Promise((resolve) => {
      this.#onBegun = resolve;
    });
    const file = ['./flow-worker.js', './flow-worker.ts'].map((each) => new URL(each, import.meta.url)).find((each) => existsSync(fileURLToPath(each)));
    if (file === undefined) throw new Error('watch flows: the program of the thread is not there');
    this.#worker = new Worker(file, {
      name: 'flows',
      workerData: data,
      // from source its imports are source too
      execArgv: ['--disable-warning=ExperimentalWarning', ...(file.pathname.endsWith('.ts') ? ['--conditions=source'] : [])],
      resourceLimits: HEAP,
    });
    this.#worker.on('message', (news: FlowNews) => {
      this.#hear(news);
    });
    this.#worker.once('error', (error) => {
      this.#fail(error instanceof Error ? error.message : String(error));
    });
    this.#worker.once('exit', () => {
      this.#fail('its thread ended');
    });
  }

  /** Who holds which address from now on: the pods of a bundle. */
  replacePods(pods: Iterable<LocalPod>): void {
    this.#tell({ kind: 'pods', pods: [...pods].map(({ pod, addresses }) => ({ pod, addresses })) });
  }

  /** Stops watching, with a last report of what there is. */
  async close(): Promise<void> {
    if (!this.#isOver) {
      let patience: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#onClosed = resolve;
        patience = setTimeout(resolve, CLOSE_PATIENCE_MS);
        this.#tell({ kind: 'close' });
      });
      clearTimeout(patience);
    }
    this.#isOver = true;
    await this.#worker.terminate();
  }

  #tell(order: FlowOrder): void {
    if (!this.#isOver) this.#worker.postMessage(order);
  }

  #hear(news: FlowNews): void {
    switch (news.kind) {
      case 'watching':
        this.#onBegun();
        return;
      case 'report':
        this.#options.onReport(news.report);
        return;
      case 'unknown':
        this.#options.onUnknown?.(news.address, news.at);
        return;
      case 'failed':
        this.#fail(news.why);
        return;
      case 'closed':
        this.#isOver = true;
        this.#onClosed();
    }
  }

  #fail(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onBegun();
    this.#onClosed();
    this.#options.onTrouble(why);
  }
}
