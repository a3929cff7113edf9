import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Terminal } from '../terminal.ts';

export interface Artefact {
  /** File name without a folder. */
  readonly file: string;
  readonly text: string;
}

const UNSAFE = /[^A-Za-z0-9._-]/g;

/** Writes every artefact into a folder, each by rename, so that a reader never sees half of one. */
export function writeArtefacts(folder: string, artefacts: readonly Artefact[], terminal: Terminal): void {
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of artefacts) {
    const target = join(folder, file.replace(UNSAFE, '_'));
    writeFileSync(`${target}.tmp`, text);
    renameSync(`${target}.tmp`, target);
  }
  terminal.err(`${String(artefacts.length)} files written to ${folder}\n`);
}
