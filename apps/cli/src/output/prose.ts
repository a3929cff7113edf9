import { wrapText } from './table.ts';

const HANGING = 2;
const NARROWEST = 30;
const COMMAND = /^ +ringfence /;

/**
 * Folds lines that are wider than the terminal at spaces; what goes on stands a little further in.
 * Without columns nobody watches, and a sentence stays one line for whoever searches it. A command
 * to copy (it stands alone on an indented line) is never folded.
 */
export function foldProse(text: string, columns: number | undefined): string {
  if (columns === undefined) return text;
  return text.split('\n').map((line) => (line.length <= columns || COMMAND.test(line) ? line : foldLine(line, columns))).join('\n');
}

/** Sentences among the results. */
export function say(text: string, terminal: { out(text: string): void; readonly proseColumns?: number }): void {
  terminal.out(foldProse(text, terminal.proseColumns));
}

function foldLine(line: string, columns: number): string {
  const words = line.trimStart();
  const margin = line.length - words.length;
  const further = margin + HANGING;
  const [first = '', ...others] = wrapText(words, Math.max(NARROWEST, columns - further)).split('\n');
  return [' '.repeat(margin) + first, ...others.map((part) => ' '.repeat(further) + part)].join('\n');
}
