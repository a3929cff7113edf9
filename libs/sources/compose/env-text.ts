import { type Interpolated, type Variables, interpolate } from './interpolation.ts';

/** One line of an env file; no value at all means "as the host has it". */
export interface EnvLine {
  readonly name: string;
  readonly value: string | undefined;
  readonly line: number;
  readonly hasUnset: boolean;
}

export interface EnvText {
  readonly lines: readonly EnvLine[];
  /** Lines that are no `NAME=value`, from 1. */
  readonly badLines: readonly number[];
}

const HEAD = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:([=:])[ \t]*(.*))?$/s;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['$', '$$'],
]);

/**
 * Reads `NAME=value` lines by the rules of the Compose Specification (env_file format).
 *
 * Unquoted and double-quoted values are interpolated, from the lines above first and then from
 * `variables`; `raw` takes everything behind `=` as it stands. Quoted values may span lines.
 */
export function parseEnvText(text: string, variables: Variables, format: 'compose' | 'raw' = 'compose'): EnvText {
  const source = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const known = new Map(variables);
  const lines: EnvLine[] = [];
  const badLines: number[] = [];
  for (let at = 0; at < source.length; at += 1) {
    const line = at + 1;
    const written = source[at] ?? '';
    if (/^\s*(?:#|$)/.test(written)) continue;
    const head = HEAD.exec(written);
    if (head?.[1] === undefined) {
      badLines.push(line);
      continue;
    }
    const name = head[1];
    if (head[2] === undefined) {
      lines.push({ name, value: undefined, line, hasUnset: false });
      continue;
    }
    const rest = head[3] ?? '';
    if (format === 'raw') {
      lines.push({ name, value: rest, line, hasUnset: false });
      continue;
    }
    const quoted = readQuoted(rest, source, at);
    if (quoted !== undefined) at = quoted.last;
    const { text: value, unset } = quoted === undefined ? interpolate(unquoted(rest), known) : valueOf(quoted, known);
    known.set(name, value);
    lines.push({ name, value, line, hasUnset: unset.length > 0 });
  }
  return { lines, badLines };
}

// A comment starts at a `#` behind a blank; `a#b` is a value.
function unquoted(rest: string): string {
  if (rest.startsWith('#')) return '';
  const comment = rest.search(/\s#/);
  return (comment < 0 ? rest : rest.slice(0, comment)).trim();
}

interface Quoted {
  readonly quote: '"' | "'";
  readonly text: string;
  /** Index of the line the closing quote is on. */
  readonly last: number;
}

// Looks for the closing quote on this line and the next ones; without one the quote is a plain character.
function readQuoted(rest: string, source: readonly string[], at: number): Quoted | undefined {
  const quote = rest[0];
  if (quote !== '"' && quote !== "'") return undefined;
  const parts: string[] = [];
  for (let last = at; last < source.length && last < at + 500; last += 1) {
    const part = last === at ? rest.slice(1) : (source[last] ?? '');
    const end = closingQuote(part, quote);
    parts.push(end === undefined ? part : part.slice(0, end));
    if (end !== undefined) return { quote, text: parts.join('\n'), last };
  }
  return undefined;
}

function closingQuote(text: string, quote: string): number | undefined {
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return undefined;
}

function valueOf({ quote, text }: Quoted, known: Variables): Pick<Interpolated, 'text' | 'unset'> {
  if (quote === "'") return { text: text.replaceAll("\\'", "'"), unset: [] };
  return interpolate(text.replace(/\\(.)/gs, (whole, character: string) => ESCAPES.get(character) ?? whole), known);
}
