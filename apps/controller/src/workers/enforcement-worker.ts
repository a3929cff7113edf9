import { parentPort, workerData } from 'node:worker_threads';

import { EnforcementLoop } from './enforcement-loop.ts';
import type { EnforcementOrder, EnforcementWorkerData } from './enforcement-orders.ts';

// The thread the enforcement pipeline runs in. Whatever it throws ends the thread, and with it the process.
const port = parentPort;
if (port === null) throw new Error('run the enforcement pipeline: not in a worker thread');
const loop = new EnforcementLoop(workerData as EnforcementWorkerData, (news) => {
  port.postMessage(news);
});
port.on('message', (order: EnforcementOrder) => {
  loop.take(order);
});
