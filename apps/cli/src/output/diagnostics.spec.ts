import { describe, expect, it } from '@jest/globals';

import type { Diagnostic } from '#model';

import type { Terminal } from '../terminal.ts';
import { printDiagnostics } from './diagnostics.ts';

function printed(diagnostics: readonly Diagnostic[]): string {
  let text = '';
  const nothing = (): void => undefined;
  const terminal: Terminal = { out: nothing, err: (more) => { text += more; }, progress: nothing, readStdin: () => '', ask: () => undefined, columns: 80 };
  printDiagnostics(diagnostics, terminal);
  return text;
}

function warning(subject: string, line: number, message = 'is odd'): Diagnostic {
  return { code: 'odd', severity: 'warning', subject, message, hint: 'look at it', origin: { file: 'a.yaml', line } };
}

describe('diagnostics on a terminal', () => {
  it('say where, what and what to do, in the order of the file', () => {
    expect(printed([warning('Pod b', 9, 'is even'), warning('Pod a', 2)])).toBe('a.yaml:2: warning: Pod a: is odd\n  look at it\na.yaml:9: warning: Pod b: is even\n  look at it\n');
  });

  it('count what says the same of many objects', () => {
    const many = Array.from({ length: 12 }, (_, at) => warning(`Pod ${String(at)}`, at + 1));
    expect(printed(many).split('\n').slice(-4)).toEqual(['a.yaml:3: warning: Pod 2: is odd', '  look at it', '  … and 9 more like it', '']);
  });

  it('keep what is only for information to -o json', () => {
    expect(printed([{ ...warning('Pod a', 1), severity: 'info' }])).toBe('');
  });

  it('print no control character of a hostile name', () => {
    expect(printed([warning('Pod \u001b[2J', 1)])).not.toContain('\u001b');
  });
});
