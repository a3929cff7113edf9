import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import type { Terminal } from '../terminal.ts';
import { CaseError, type ConformanceCase, readCase } from './case.ts';

/** A case, or what is wrong with the line (or file) where one should be. */
export type CaseLine = { readonly kind: 'case'; readonly value: ConformanceCase } | { readonly kind: 'bad'; readonly where: string; readonly why: string };

/** Reads case files line by line, so that their size does not matter; `-` is standard input, empty lines are nothing. */
export async function* readCases(paths: readonly string[], terminal: Terminal): AsyncGenerator<CaseLine> {
  for (const path of paths) {
    let line = 0;
    try {
      for await (const text of linesOf(path, terminal)) {
        line += 1;
        if (text.trim() !== '') yield caseLine(text, path, line);
      }
    } catch (error) {
      yield { kind: 'bad', where: path, why: `cannot be read: ${error instanceof Error ? error.message : 'unknown error'}` };
    }
  }
}

function linesOf(path: string, terminal: Terminal): AsyncIterable<string> | Iterable<string> {
  if (path === '-') return terminal.readStdin().split('\n');
  return createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity });
}

function caseLine(text: string, path: string, line: number): CaseLine {
  try {
    return { kind: 'case', value: readCase(text, path, line) };
  } catch (error) {
    if (error instanceof CaseError) return { kind: 'bad', where: `${path}:${String(line)}`, why: error.message };
    throw error;
  }
}
