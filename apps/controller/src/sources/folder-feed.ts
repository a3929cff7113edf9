import type { Logger } from 'pino';

import type { Controller } from '../controller.ts';
import { FOLDER_SOURCE, FolderSource } from './folder-source.ts';

/** Follows files; gives the function that ends it. */
export function feedFolder(controller: Controller, paths: readonly string[], log: Logger): () => void {
  const { sources } = controller;
  sources.add(FOLDER_SOURCE, `files ${paths.join(' ')}`, true);
  const source = new FolderSource({
    paths,
    onUpdate: (update) => {
      controller.update(update);
    },
    onRead: (diagnostics) => {
      const errors = diagnostics.filter(({ severity }) => severity === 'error');
      const [first] = errors;
      sources.setInSync(FOLDER_SOURCE, true);
      if (first !== undefined) sources.setState(FOLDER_SOURCE, 'degraded', `${first.subject} ${first.message}${errors.length > 1 ? `; and ${String(errors.length - 1)} more` : ''}`);
    },
    onTrouble: (why) => {
      log.warn({ why }, 'files cannot be followed as they change');
      sources.setState(FOLDER_SOURCE, 'degraded', why);
    },
  });
  source.start();
  return () => {
    source.stop();
  };
}
