import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const repositoryRoot = join(import.meta.dirname, '..', '..');

/**
 * Finds a file or folder of the large test material that is kept beside the repository,
 * in `../shared`, for example `sharedPath('conformance')`.
 *
 * Undefined where that material is absent; tests that need it are then skipped by name.
 */
export function sharedPath(...parts: readonly string[]): string | undefined {
  const path = join(repositoryRoot, '..', 'shared', ...parts);
  return existsSync(path) ? path : undefined;
}
