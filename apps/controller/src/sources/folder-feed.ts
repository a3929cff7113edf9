import type { Logger } from 'pino';

import type { Controller } from '../controller.ts';
import type { FollowFolder } from './folder-link.ts';
import { FolderMemory } from './folder-memory.ts';
import { FOLDER_SOURCE, type FolderLook } from './folder-source.ts';
import { standingOf, waitsFor } from './folder-standing.ts';

/** Follows files; gives the function that ends it. */
export async function feedFolder(controller: Pick<Controller, 'sources' | 'update' | 'memory' | 'state'>, paths: readonly string[], follow: FollowFolder, log: Logger): Promise<() => void> {
  const { sources } = controller;
  const memory = await FolderMemory.open({
    ...controller.memory,
    onTrouble: (error) => {
      log.warn({ why: error instanceof Error ? error.message : String(error) }, 'which files say something is not remembered');
    },
  });
  let isInSync = false;
  let said: string | undefined;
  let trouble = '';
  sources.add(FOLDER_SOURCE, `files ${paths.join(' ')}`, true);

  function hear(look: FolderLook): void {
    const standing = standingOf(look);
    sources.setFindings(FOLDER_SOURCE, standing.findings);
    const waiting = isInSync || !look.isSettled ? undefined : waitsFor(look, paths, memory, controller.state.revisions.length > 0);
    if (waiting === undefined && look.isSettled && !isInSync) {
      isInSync = true;
      sources.setInSync(FOLDER_SOURCE, true);
    }
    if (isInSync) {
      sources.setState(FOLDER_SOURCE, standing.state, standing.why);
      memory.remember(look.saying);
    } else if (waiting !== undefined) sources.setState(FOLDER_SOURCE, 'syncing', waiting);
    const why = waiting ?? standing.why;
    if (why !== said) {
      if (why !== undefined) log.warn({ why, unread: look.unread.length }, 'some files cannot be read');
      else if (said !== undefined) log.info('all files can be read again');
      said = why;
    }
  }

  const end = follow({
    paths,
    onUpdate: (update) => {
      controller.update(update);
    },
    onLook: hear,
    onTrouble: (why) => {
      if (why !== trouble) log.warn({ why }, 'files are not followed as they change, and are looked at every ten seconds');
      trouble = why;
    },
  });
  return () => {
    end();
    memory.close();
  };
}
