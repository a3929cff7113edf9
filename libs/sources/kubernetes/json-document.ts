import type { Json } from '#model';

import { type DocumentProblem, duplicateKey } from './document-problem.ts';
import { READ_LIMITS } from './read-limits.ts';
import type { ReadDocument } from './yaml-document.ts';

// Where strings start, brackets and line ends; everything else of a valid JSON text does not matter here.
const MARK = /["{}[\],\n]/g;

interface Level {
  /** Where each key was met; undefined in an array. */
  readonly keys: Map<string, number> | undefined;
  atKey: boolean;
}

/**
 * Reads a text that is one JSON value, or undefined where it is not (it may be YAML then).
 *
 * Tells of what `JSON.parse` lets through: a key twice in one object; and refuses nesting without end.
 */
export function readJsonDocument(text: string): ReadDocument | readonly DocumentProblem[] | undefined {
  const first = /^\uFEFF?\s*/.exec(text)?.[0] ?? '';
  const start = text.charAt(first.length);
  if (start !== '{' && start !== '[') return undefined;
  const value = parse(text.slice(first.startsWith('\uFEFF') ? 1 : 0));
  if (value === undefined) return undefined;
  const { refusal, duplicates } = findProblems(text);
  if (refusal !== undefined) return [refusal];
  return { value, duplicates, line: 1 + (first.match(/\n/g)?.length ?? 0), lines: new Map() };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

interface Findings {
  readonly refusal?: DocumentProblem;
  readonly duplicates: readonly DocumentProblem[];
}

function findProblems(text: string): Findings {
  const duplicates: DocumentProblem[] = [];
  const levels: Level[] = [];
  const marks = new RegExp(MARK);
  let line = 1;
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    const level = levels.at(-1);
    switch (found[0]) {
      case '\n':
        line += 1;
        break;
      case '{':
      case '[':
        levels.push({ keys: found[0] === '{' ? new Map<string, number>() : undefined, atKey: found[0] === '{' });
        if (levels.length > READ_LIMITS.depth) return { refusal: tooDeep(line), duplicates };
        break;
      case ',':
        if (level !== undefined) level.atKey = level.keys !== undefined;
        break;
      case '"': {
        marks.lastIndex = stringEnd(text, found.index);
        if (level?.keys === undefined || !level.atKey) break;
        level.atKey = false;
        const key = JSON.parse(text.slice(found.index, marks.lastIndex)) as string;
        const first = level.keys.get(key);
        if (first === undefined) level.keys.set(key, line);
        else if (duplicates.length < READ_LIMITS.problems) duplicates.push(duplicateKey(key, first, line));
        break;
      }
      default:
        levels.pop();
    }
  }
  return { duplicates };
}

// By hand, since an expression over a string of megabytes runs out of stack.
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charAt(end - 1 - backslashes) === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

function tooDeep(line: number): DocumentProblem {
  return {
    code: 'too-deep',
    line,
    message: `more than ${READ_LIMITS.depth} objects and arrays inside each other`,
    hint: 'no Kubernetes object nests like this; remove it or flatten it',
  };
}
