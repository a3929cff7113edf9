import type { Diagnostic } from '#model';

import type { ProjectFiles } from './project-files.ts';

export type Report = (diagnostic: Diagnostic) => void;

/** What every part of reading one folder shares: the files it may open and the place for what it finds wrong. */
export interface ProjectReading {
  readonly files: ProjectFiles;
  readonly report: Report;
}

/** A place to report to that keeps one of each kind, however many services repeat it. */
export function collectDiagnostics(): { readonly report: Report; readonly collected: () => readonly Diagnostic[] } {
  const seen = new Map<string, Diagnostic>();
  return {
    report: (diagnostic) => {
      const { code, subject, message } = diagnostic;
      const key = JSON.stringify([code, subject, message]);
      if (seen.size < MOST && !seen.has(key)) seen.set(key, diagnostic);
    },
    collected: () => [...seen.values()],
  };
}

const MOST = 1_000;
