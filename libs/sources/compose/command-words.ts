import { type LocatedNode, itemsOf, textOf } from './located-node.ts';

/** A `command`, `entrypoint` or `test`: a list as it stands, a string split as a shell would, unexpanded. */
export function readCommand(node: LocatedNode | undefined): readonly string[] {
  if (node?.kind === 'list') return itemsOf(node).flatMap((item) => textOf(item) ?? []);
  return splitWords(textOf(node) ?? '');
}

/**
 * Splits a command line at blanks outside quotes, taking quotes and backslashes away.
 *
 * A quote that is never closed reaches to the end. Operators such as `&&` are words like others.
 */
export function splitWords(line: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote === "'") {
      if (character === "'") quote = '';
      else word = (word ?? '') + character;
    } else if (character === '\\' && at + 1 < line.length) {
      const next = line[at + 1] ?? '';
      at += 1;
      if (next !== '\n') word = (word ?? '') + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    } else if (quote === '"') {
      if (character === '"') quote = '';
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}
