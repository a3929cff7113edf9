import { closeSync, fstatSync, type FSWatcher, openSync, readSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

import { LARGEST_BUNDLE_BYTES, readBundle } from '#dataplane';
import type { NodeBundle } from '#compilers/nftables';

export type OfferedBundle = { readonly kind: 'bundle'; readonly bundle: NodeBundle } | { readonly kind: 'none' } | { readonly kind: 'refused'; readonly why: string };

const QUIET_MS = 20;

/** Reads a bundle file; one that is too long or damaged is refused with the reason, one that is not there is none. */
export function readBundleFile(path: string): OfferedBundle {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? { kind: 'none' } : { kind: 'refused', why: messageOf(error) };
  }
  try {
    const found = fstatSync(fd);
    if (!found.isFile()) return { kind: 'refused', why: 'it is no file' };
    if (found.size > LARGEST_BUNDLE_BYTES) return { kind: 'refused', why: `it has ${String(found.size)} bytes, more than any bundle` };
    const bytes = Buffer.alloc(found.size);
    let done = 0;
    for (let read = 1; read > 0 && done < bytes.length; done += read) read = readSync(fd, bytes, done, bytes.length - done, done);
    return readBundle(bytes.toString('utf8', 0, done));
  } catch (error) {
    return { kind: 'refused', why: messageOf(error) };
  } finally {
    closeSync(fd);
  }
}

/**
 * Calls back whenever something happened to a file, whoever replaced it by whatever means: its
 * folder is watched, because a file that is replaced by rename is another file.
 */
export function watchBundleFile(path: string, onChange: () => void, onTrouble: (why: string) => void): { stop(): void } {
  let watcher: FSWatcher;
  let pending: NodeJS.Timeout | undefined;
  try {
    const name = basename(path);
    watcher = watch(dirname(path), { persistent: true }, (_event, file) => {
      // a file in a mounted volume is a link through a folder that is replaced
      if (file !== null && file !== name && file !== '..data') return;
      clearTimeout(pending);
      pending = setTimeout(onChange, QUIET_MS);
    });
    watcher.on('error', (error) => {
      onTrouble(messageOf(error));
    });
  } catch (error) {
    onTrouble(messageOf(error));
    return { stop: () => undefined };
  }
  return {
    stop: () => {
      clearTimeout(pending);
      watcher.close();
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
