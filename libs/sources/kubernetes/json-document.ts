import type { Json } from '#model';

import type { DocumentProblem, ReadDocument } from './yaml-document.ts';
import { READ_LIMITS } from './read-limits.ts';

// Strings, brackets and line ends; everything else of a valid JSON text does not matter here.
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:\n]/g;

interface Level {
  readonly keys: Set<string> | undefined;
  atKey: boolean;
}

/**
 * Reads a text that is one JSON value, or undefined where it is not (it may be YAML then).
 *
 * Refuses what `JSON.parse` lets through: a key twice in one object, and nesting without end.
 */
export function readJsonDocument(text: string): ReadDocument | readonly DocumentProblem[] | undefined {
  const first = /^\uFEFF?\s*/.exec(text)?.[0] ?? '';
  const start = text.charAt(first.length);
  if (start !== '{' && start !== '[') return undefined;
  const value = parse(text.slice(first.startsWith('\uFEFF') ? 1 : 0));
  if (value === undefined) return undefined;
  const problems = findProblems(text);
  if (problems.length > 0) return problems;
  return { value, line: 1 + (first.match(/\n/g)?.length ?? 0), lines: new Map() };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function findProblems(text: string): readonly DocumentProblem[] {
  const problems: DocumentProblem[] = [];
  const levels: Level[] = [];
  let line = 1;
  for (const { 0: token } of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '\n') line += 1;
    else if (token === '{' || token === '[') {
      levels.push({ keys: token === '{' ? new Set() : undefined, atKey: token === '{' });
      if (levels.length > READ_LIMITS.depth) return [tooDeep(line)];
    } else if (token === '}' || token === ']') levels.pop();
    else if (level?.keys === undefined) continue;
    else if (token === ',') level.atKey = true;
    else if (token.startsWith('"') && level.atKey) {
      level.atKey = false;
      const key = JSON.parse(token) as string;
      if (level.keys.has(key) && problems.length < READ_LIMITS.problems) problems.push(duplicateKey(token, line));
      level.keys.add(key);
    }
  }
  return problems;
}

function duplicateKey(token: string, line: number): DocumentProblem {
  return {
    code: 'duplicate-key',
    line,
    message: `the key ${token.length > 80 ? `${token.slice(0, 79)}…"` : token} comes twice in one object`,
    hint: 'keep one of them: which one counts would be a guess',
  };
}

function tooDeep(line: number): DocumentProblem {
  return {
    code: 'too-deep',
    line,
    message: `more than ${READ_LIMITS.depth} objects and arrays inside each other`,
    hint: 'no Kubernetes object nests like this; remove it or flatten it',
  };
}
