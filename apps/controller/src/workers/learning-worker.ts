import { parentPort, workerData } from 'node:worker_threads';

import { LearningLoop } from './learning-loop.ts';
import type { LearningOrder, LearningWorkerData } from './learning-orders.ts';

// The thread the learning pipeline runs in. Whatever it throws ends the thread, and with it the process.
const port = parentPort;
if (port === null) throw new Error('run the learning pipeline: not in a worker thread');
const loop = new LearningLoop(workerData as LearningWorkerData, (news) => {
  port.postMessage(news);
});
port.on('message', (order: LearningOrder) => {
  loop.take(order);
});
