import { parentPort } from 'node:worker_threads';

// A thread that does as it is told, up to the end.
parentPort?.on('message', (order: string) => {
  if (order === 'throw') throw new Error('what it knew was wrong');
  if (order === 'exit') process.exit(3);
  parentPort?.postMessage(`heard ${order}`);
});
