import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a file only its owner can read; it is there in full or not at all, power loss included. */
export function writePrivately(path: string, text: string): void {
  const beside = `${path}.new`;
  rmSync(beside, { force: true });
  writeSynced(beside, text, 'wx');
  renameSync(beside, path);
  syncFolder(dirname(path));
}

/** Adds whole lines to a file only its owner can read; they are on disk when this returns. */
export function appendPrivately(path: string, lines: readonly string[]): void {
  writeSynced(path, lines.map((line) => `${line}\n`).join(''), 'a');
  syncFolder(dirname(path));
}

/** A name that came or went is only safe once its folder is. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function writeSynced(path: string, text: string, flags: 'wx' | 'a'): void {
  const file = openSync(path, flags, 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
