import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeFolder } from '#targets';

import { cleanText } from '../output/clean-text.ts';
import type { Terminal } from '../terminal.ts';

export interface Artefact {
  /** File name without a folder. */
  readonly file: string;
  readonly text: string;
}

const UNSAFE = /[^A-Za-z0-9._-]/g;

/**
 * Writes every artefact into a folder, each by rename, so that a reader never sees half of one.
 * Says what went wrong where that cannot be done, and gives false.
 */
export function writeArtefacts(folder: string, artefacts: readonly Artefact[], terminal: Terminal): boolean {
  try {
    makeFolder(folder);
    for (const { file, text } of artefacts) {
      const target = join(folder, file.replace(UNSAFE, '_'));
      writeFileSync(`${target}.tmp`, text);
      renameSync(`${target}.tmp`, target);
    }
  } catch (error) {
    terminal.err(`ringfence: write to ${cleanText(folder)}: ${cleanText(error instanceof Error ? error.message : String(error))}\n`);
    return false;
  }
  terminal.err(`${String(artefacts.length)} files written to ${cleanText(folder)}\n`);
  return true;
}
