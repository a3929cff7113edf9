import { parentPort, workerData } from 'node:worker_threads';

import type { SourceUpdate } from '#model';

import type { FolderNews } from './folder-link.ts';
import { FolderSource } from './folder-source.ts';

/** So many at once that whoever listens does not stand still for long. */
const AT_ONCE = 200;

/*
 * Reads files in a thread of its own: the first reading of some thousand takes seconds.
 */

let waiting: SourceUpdate[] = [];

function tell(news: FolderNews): void {
  parentPort?.postMessage(news);
}

function tellWaiting(): void {
  if (waiting.length > 0) tell({ kind: 'updates', updates: waiting });
  waiting = [];
}

const { paths } = workerData as { readonly paths: readonly string[] };
new FolderSource({
  paths,
  onUpdate: (update) => {
    waiting.push(update);
    if (waiting.length >= AT_ONCE) tellWaiting();
  },
  onLook: (look) => {
    tellWaiting();
    tell({ kind: 'look', look });
  },
  onTrouble: (why) => {
    tell({ kind: 'trouble', why });
  },
}).start();
