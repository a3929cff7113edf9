import { EnforcementLoop } from './enforcement-loop.ts';
import type { EnforcementNews, EnforcementOrder, EnforcementWorkerData } from './enforcement-orders.ts';
import { LearningLoop } from './learning-loop.ts';
import type { LearningNews, LearningOrder, LearningWorkerData } from './learning-orders.ts';
import { type PipelineLink, startWorkerThread } from './worker-thread.ts';

/** Where pipelines run: each in a thread of its own, or both in this one, for tests. */
export interface Pipelines {
  readonly enforcement: (data: EnforcementWorkerData, onNews: (news: EnforcementNews) => void) => PipelineLink<EnforcementOrder>;
  readonly learning: (data: LearningWorkerData, onNews: (news: LearningNews) => void) => PipelineLink<LearningOrder>;
}

/** Threads; `onEnd` is told where one has ended by itself. */
export function threadedPipelines(onEnd: (why: Error) => void): Pipelines {
  return {
    enforcement: (data, onNews) => startWorkerThread<EnforcementOrder, EnforcementNews>({ module: new URL('./enforcement-worker', import.meta.url), name: 'the enforcement pipeline', data, onNews, onEnd }),
    learning: (data, onNews) => startWorkerThread<LearningOrder, LearningNews>({ module: new URL('./learning-worker', import.meta.url), name: 'the learning pipeline', data, onNews, onEnd }),
  };
}

/** In this thread. Messages are copied as they would be between threads, so what cannot be sent fails here too. */
export function inlinePipelines(): Pipelines {
  return {
    enforcement: (data, onNews) => inline(new EnforcementLoop(data, afterwards(onNews))),
    learning: (data, onNews) => inline(new LearningLoop(data, afterwards(onNews))),
  };
}

interface Loop<Order> {
  take(order: Order): void;
  close(): void;
}

function inline<Order>(loop: Loop<Order>): PipelineLink<Order> {
  let isClosed = false;
  return {
    send: (order) => {
      const copy = structuredClone(order);
      setImmediate(() => {
        if (!isClosed) loop.take(copy);
      });
    },
    close: () => {
      isClosed = true;
      loop.close();
      return Promise.resolve();
    },
  };
}

function afterwards<News>(onNews: (news: News) => void): (news: News) => void {
  return (news) => {
    const copy = structuredClone(news);
    setImmediate(() => {
      onNews(copy);
    });
  };
}
