import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/** One end of a conversation with a pipeline: in a thread of its own, or in this one. */
export interface PipelineLink<Order> {
  send(order: Order): void;
  close(): Promise<void>;
}

export interface WorkerThreadOptions<News> {
  /** The module that runs there, without its ending: `.ts` from source, `.js` once built. */
  readonly module: URL;
  readonly name: string;
  readonly data: unknown;
  readonly onNews: (news: News) => void;
  /** The thread has ended although nobody closed it: whatever it did is not done any more. */
  readonly onEnd: (why: Error) => void;
  readonly heapMiB?: number;
}

/**
 * Starts a pipeline in a thread of its own.
 *
 * A thread that ends by itself, for whatever reason, is told to `onEnd` once; it is never started
 * again here, for what it knew is gone and the process has to begin anew.
 */
export function startWorkerThread<Order, News>({ module, name, data, onNews, onEnd, heapMiB }: WorkerThreadOptions<News>): PipelineLink<Order> {
  const file = ['.js', '.ts'].map((ending) => new URL(`${module.href}${ending}`)).find((each) => existsSync(fileURLToPath(each)));
  if (file === undefined) throw new Error(`start ${name}: there is no ${fileURLToPath(module)}`);
  const worker = new Worker(file, {
    name,
    workerData: data,
    // from source its imports are source too
    execArgv: ['--disable-warning=ExperimentalWarning', ...(file.pathname.endsWith('.ts') ? ['--conditions=source'] : [])],
    // what a pipeline needs for a moment is gone soon; more room for it is only memory
    resourceLimits: { maxYoungGenerationSizeMb: 48, ...(heapMiB === undefined ? {} : { maxOldGenerationSizeMb: heapMiB }) },
  });
  let hasEnded = false;
  const end = (why: Error): void => {
    if (hasEnded) return;
    hasEnded = true;
    onEnd(why);
  };
  worker.on('message', onNews);
  worker.once('error', (error) => {
    end(new Error(`${name} failed: ${messageOf(error)}`, { cause: error }));
  });
  worker.once('messageerror', (error) => {
    end(new Error(`${name} sent something unreadable`, { cause: error }));
  });
  worker.once('exit', (code) => {
    end(new Error(`${name} ended (${code})`));
  });
  return {
    send: (order) => {
      if (!hasEnded) worker.postMessage(order);
    },
    close: async () => {
      hasEnded = true;
      await worker.terminate();
    },
  };
}

// what another thread threw need not be an Error of this one's
function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : String(error);
}
