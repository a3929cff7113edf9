import { type DocumentText, countLines } from './document-text.ts';

/** A long YAML List taken apart: what stands around its items, and each item as a document of its own. */
export interface ListText {
  readonly frame: DocumentText;
  readonly items: readonly DocumentText[];
}

/** Shorter Lists are read in one piece. */
const LONG = 64 * 1024;
const LIST_KIND = /^kind:[ \t]*["']?\w*List["']?[ \t]*\r?$/m;
const ITEMS = /^items:[ \t]*\r?\n/m;
const FIRST_ITEM = /^( *)- /;
const ANCHOR_OR_ALIAS = /(?:[:,[]|-)[ \t]+[&*]\w/;

/**
 * Takes a long List apart by its indentation, so that the output of `kubectl get -o yaml` for a
 * whole cluster is never held as one syntax tree. Undefined for anything that is not exactly of
 * kubectl's form (items in block style, no anchors): that is read in one piece.
 *
 * Safe because nothing inside an item can start with a dash at the item's own column: block text
 * and nested collections are indented further.
 */
export function splitList(document: DocumentText): ListText | undefined {
  const { text } = document;
  if (text.length < LONG || !LIST_KIND.test(text) || ANCHOR_OR_ALIAS.test(text)) return undefined;
  const marker = ITEMS.exec(text);
  if (marker === null) return undefined;
  const start = marker.index + marker[0].length;
  const indent = FIRST_ITEM.exec(text.slice(start, start + 1024))?.[1];
  if (indent === undefined) return undefined;
  const { items, end } = collectItems(text, start, indent, document.line + countLines(text, start));
  return { frame: { text: `${text.slice(0, marker.index)}items:\n${text.slice(end)}`, line: document.line }, items };
}

function collectItems(text: string, start: number, indent: string, firstLine: number): { readonly items: readonly DocumentText[]; readonly end: number } {
  const items: DocumentText[] = [];
  const dash = `${indent}- `;
  let itemStart = start;
  let itemLine = firstLine;
  let line = firstLine;
  let at = start;
  for (; at < text.length; line += 1) {
    const lineEnd = text.indexOf('\n', at);
    const next = lineEnd < 0 ? text.length : lineEnd + 1;
    if (at > start && text.startsWith(dash, at)) {
      items.push(itemText(text, itemStart, at, indent, itemLine));
      itemStart = at;
      itemLine = line;
    } else if (isOutside(text, at, lineEnd < 0 ? text.length : lineEnd, indent)) break;
    at = next;
  }
  items.push(itemText(text, itemStart, at, indent, itemLine));
  return { items, end: at };
}

/** A line that belongs to no item: it is indented less than they are, and neither blank nor a comment. */
function isOutside(text: string, start: number, end: number, indent: string): boolean {
  let column = 0;
  while (start + column < end && text.charAt(start + column) === ' ') column += 1;
  const first = text.charAt(start + column);
  if (start + column >= end || first === '\r' || first === '#') return false;
  return column < indent.length || (column === indent.length && first !== '-');
}

/** The item without its dash, so that it is a mapping where it stood. */
function itemText(text: string, start: number, end: number, indent: string, line: number): DocumentText {
  return { text: `${indent}  ${text.slice(start + indent.length + 2, end)}`, line };
}
