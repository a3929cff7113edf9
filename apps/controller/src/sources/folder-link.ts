import type { SourceUpdate } from '#model';

import { startWorkerThread } from '../workers/worker-thread.ts';
import { type FolderLook, FolderSource, type FolderSourceOptions } from './folder-source.ts';

/** What the thread that reads files says. */
export type FolderNews =
  | { readonly kind: 'updates'; readonly updates: readonly SourceUpdate[] }
  | { readonly kind: 'look'; readonly look: FolderLook }
  | { readonly kind: 'trouble'; readonly why: string };

/** Begins to follow files; the answer ends it. */
export type FollowFolder = (options: FolderSourceOptions) => () => void;

/** Reads files in a thread of its own. */
export function inThread(onFailure: (why: Error) => void): FollowFolder {
  return ({ paths, onUpdate, onLook, onTrouble }) => {
    const thread = startWorkerThread<never, FolderNews>({
      module: new URL('./folder-worker', import.meta.url),
      name: 'the reading of files',
      data: { paths },
      onNews: (news) => {
        switch (news.kind) {
          case 'updates':
            for (const update of news.updates) onUpdate(update);
            return;
          case 'look':
            onLook(news.look);
            return;
          case 'trouble':
            onTrouble(news.why);
            return;
        }
      },
      onEnd: onFailure,
    });
    return () => void thread.close();
  };
}

/** Reads files in this thread. */
export function here(options: FolderSourceOptions): () => void {
  const source = new FolderSource(options);
  source.start();
  return () => {
    source.stop();
  };
}
