// The thread of a FlowThread: a watcher, and messages to and fro.
import { parentPort, workerData } from 'node:worker_threads';

import type { FlowNews, FlowOrder, FlowThreadData } from './flow-thread.ts';
import { FlowWatcher } from './flow-watcher.ts';

function say(news: FlowNews): void {
  parentPort?.postMessage(news);
}

try {
  const watcher = new FlowWatcher({
    ...(workerData as FlowThreadData),
    onReport: (report) => {
      say({ kind: 'report', report });
    },
    onUnknown: (address, at) => {
      say({ kind: 'unknown', address, at });
    },
  });
  parentPort?.on('message', (order: FlowOrder) => {
    if (order.kind === 'pods') watcher.replacePods(order.pods);
    else {
      watcher.close();
      say({ kind: 'closed' });
      parentPort?.close();
    }
  });
  say({ kind: 'watching' });
} catch (error) {
  say({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
  parentPort?.close();
}
