import Table from 'cli-table3';

import { cleanText } from './clean-text.ts';

const GAP = 2;
const NARROWEST = 8;
/** The last column is prose: it wraps well, so it gives up space before names do, down to this. */
const NARROWEST_PROSE = 28;

/**
 * Columns that fit the terminal: the last column, then the widest, give up space and wrap at
 * spaces, else after `/`, `-` and `.`; no character is lost. The last line ends with a newline; no rows, no output.
 */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[], columns: number): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) => row.map(cleanText));
  return formatCells(head, cells, widthsFor(head, cells, columns));
}

/** A row, and what is to be said of it on lines of their own. */
export interface NotedRow {
  readonly cells: readonly string[];
  readonly note?: string;
}

/** Rows that have something in common, under what that is. */
export interface RowGroup {
  readonly title: string;
  readonly rows: readonly NotedRow[];
}

const INDENT = '  ';

/** As `formatTable`, with the rows of each group under its title; columns are as wide in all of them. */
export function formatGroups(head: readonly string[], groups: readonly RowGroup[], columns: number): string {
  if (groups.length === 0) return '';
  const inner = columns - INDENT.length;
  const widths = widthsFor(head, groups.flatMap(({ rows }) => rows.map(({ cells }) => cells.map(cleanText))), inner);
  const rowLines = ({ cells, note }: NotedRow): string => {
    const line = formatCells([], [cells.map(cleanText)], widths);
    return note === undefined ? line : `${line}${indented(`${wrapText(cleanText(note), inner - INDENT.length)}\n`)}`;
  };
  const parts = groups.map(({ title, rows }) => `${wrapText(cleanText(title), columns)}\n${indented(rows.map(rowLines).join(''))}`);
  return `${indented(formatCells(head, [], widths))}${parts.join('')}`;
}

function indented(lines: string): string {
  return lines.replaceAll(/^(?=.)/gm, INDENT);
}

function widthsFor(head: readonly string[], cells: readonly (readonly string[])[], columns: number): readonly number[] {
  return fitWidths(
    head.map((title, index) => cells.reduce((widest, row) => Math.max(widest, (row[index] ?? '').length), title.length)),
    columns,
  );
}

function formatCells(head: readonly string[], cells: readonly (readonly string[])[], widths: readonly number[]): string {
  const table = new Table({
    head: head.map((title, index) => wrapText(title, widths[index] ?? NARROWEST)),
    colWidths: widths.map((width) => width + GAP),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP, compact: true },
    chars: NO_BORDERS,
  });
  table.push(...cells.map((row) => row.map((cell, index) => wrapText(cell, widths[index] ?? NARROWEST))));
  const lines = table.toString().split('\n').map((line) => line.trimEnd());
  return `${lines.join('\n')}\n`;
}

const NO_BORDERS = {
  top: '', 'top-mid': '', 'top-left': '', 'top-right': '',
  bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '',
  left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '',
};

function fitWidths(wanted: readonly number[], columns: number): readonly number[] {
  const widths = [...wanted];
  const excess = (): number => widths.reduce((sum, width) => sum + width + GAP, 0) - columns;
  const last = widths.length - 1;
  const prose = widths[last] ?? 0;
  if (excess() > 0 && prose > NARROWEST_PROSE) widths[last] = Math.max(NARROWEST_PROSE, prose - excess());
  while (excess() > 0) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    // all that are the widest give up alike: a name and its peer stay equally easy to read
    const alike = widths.filter((width) => width === widest).length;
    const second = Math.max(NARROWEST, ...widths.filter((width) => width < widest));
    const each = Math.max(1, Math.floor(excess() / alike));
    for (const [index, width] of widths.entries()) {
      if (width === widest && excess() > 0) widths[index] = Math.max(second, NARROWEST, widest - each);
    }
  }
  return widths;
}

/** Breaks a text into lines of at most `width`; a word that is longer is broken where names have joints. */
export function wrapText(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > width) {
      const cut = jointBefore(line, width);
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
    }
  }
  return [...lines, line].join('\n');
}

function jointBefore(word: string, width: number): number {
  const head = word.slice(0, width);
  const joint = Math.max(head.lastIndexOf('/'), head.lastIndexOf('-'), head.lastIndexOf('.')) + 1;
  return joint > width / 2 ? joint : width;
}
