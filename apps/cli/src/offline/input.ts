import { snapshotOf } from '#inventory';
import type { Diagnostic, Snapshot } from '#model';
import { readPaths } from '#sources/files';

import { hasErrors, printDiagnostics } from '../output/diagnostics.ts';
import type { Terminal } from '../terminal.ts';

/** What the user pointed at, read and cross-checked. */
export interface Input {
  readonly snapshot: Snapshot;
  /** Everything found wrong while reading: the snapshot's diagnostics. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface InputOptions {
  readonly defaultNamespace?: string;
}

/** Reads manifests and Compose files into a snapshot; bad ones are diagnostics and the rest is still there. */
export function readInput(paths: readonly string[], options: InputOptions, terminal: Terminal): Input {
  const read = readPaths(paths, {
    readStdin: () => terminal.readStdin(),
    ...(options.defaultNamespace === undefined ? {} : { defaultNamespace: options.defaultNamespace }),
    onProgress: (text) => { terminal.progress(text); },
  });
  terminal.progress('putting the objects together');
  const snapshot = snapshotOf(read.updates, read.updates.length === 0 ? [...read.diagnostics, nothingIn(paths)] : read.diagnostics);
  terminal.progress('');
  return { snapshot, diagnostics: snapshot.diagnostics };
}

function nothingIn(paths: readonly string[]): Diagnostic {
  return {
    code: 'nothing-read',
    severity: 'error',
    subject: paths.join(' '),
    message: 'holds no Kubernetes object and no Compose file that could be read',
    hint: 'name manifest or Compose files, or folders that hold .yaml, .yml or .json files',
  };
}

/** Prints what was found wrong, and says whether the result is complete: false where an error left something out. */
export function reportInput(diagnostics: readonly Diagnostic[], terminal: Terminal): boolean {
  printDiagnostics(diagnostics, terminal);
  return !hasErrors(diagnostics);
}
