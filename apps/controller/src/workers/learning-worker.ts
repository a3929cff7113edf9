import { parentPort, workerData } from 'node:worker_threads';

import { LearningLoop } from './learning-loop.ts';
import type { LearningOrder, LearningWorkerData } from './learning-orders.ts';
import { goLater } from './thread-priority.ts';

// The thread the learning pipeline runs in. Whatever it throws ends the thread, and with it the process.
const port = parentPort;
if (port === null) throw new Error('run the learning pipeline: not in a worker thread');
// pods wait for their rules, and nobody for what is learned of them
goLater();
const loop = new LearningLoop(workerData as LearningWorkerData, (news) => {
  port.postMessage(news);
});
port.on('message', (order: LearningOrder) => {
  loop.take(order);
});
