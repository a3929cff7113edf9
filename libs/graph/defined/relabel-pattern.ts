/** What is left of a pattern once its groups are written out: literal text, `.` for one character, `*` for any number, `+` for one or more. */
type Piece = string;

const MOST_ALTERNATIVES = 200;
const MOST_LENGTH = 1000;
const ANY = '\u0001';
const SOME = '\u0002';
const ONE = '\u0003';

/**
 * Whether a text matches a pattern of a relabelling rule from end to end; undefined for patterns
 * other than words, alternatives in parentheses and wildcards.
 *
 * Patterns come with the input, so none is ever handed to a backtracking matcher.
 */
export function matchesPattern(pattern: string, text: string): boolean | undefined {
  const alternatives = pattern.length > MOST_LENGTH ? undefined : writtenOut(pattern.replace(/^\^|\$$/g, ''));
  return alternatives?.some((each) => matches(each, text.slice(0, MOST_LENGTH)));
}

function writtenOut(pattern: string): readonly Piece[] | undefined {
  const group = /^([^()]*)\((?:\?:)?([^()]*)\)(?![?*+{])(.*)$/.exec(pattern);
  if (group === null) return split(pattern)?.map(plain).reduce<Piece[] | undefined>((all, each) => (all === undefined || each === undefined ? undefined : [...all, each]), []);
  const [, before = '', inside = '', after = ''] = group;
  // `a|(b|c)d`: the bar outside has the lower rank
  if (before.includes('|')) return undefined;
  const rest = writtenOut(after);
  const head = plain(before);
  const middles = split(inside)?.map(plain);
  if (rest === undefined || head === undefined || middles === undefined || after.includes('|') || rest.length * middles.length > MOST_ALTERNATIVES) return undefined;
  const found: Piece[] = [];
  for (const middle of middles) {
    if (middle === undefined) return undefined;
    for (const tail of rest) found.push(head + middle + tail);
  }
  return found;
}

function split(pattern: string): readonly string[] | undefined {
  const parts = pattern.split('|');
  return parts.length > MOST_ALTERNATIVES ? undefined : parts;
}

function plain(part: string): Piece | undefined {
  const text = part.replaceAll('\\.', '\u0004').replaceAll('.*', ANY).replaceAll('.+', SOME).replaceAll('.', ONE).replaceAll('\u0004', '.').replaceAll('\\-', '-');
  return /[\\^$*+?()[\]{}]/.test(text) ? undefined : text;
}

// two pointers and the last wildcard: at most length times length steps
function matches(piece: Piece, text: string): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let resume = 0;
  while (read < text.length) {
    const character = piece.charAt(at);
    if (character === ANY || character === SOME) {
      star = at;
      resume = character === SOME ? read + 1 : read;
      read = resume;
      at += 1;
    } else if (character === ONE || (character !== '' && character === text.charAt(read))) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      at = star + 1;
      resume += 1;
      read = resume;
    } else {
      return false;
    }
  }
  while (piece.charAt(at) === ANY) at += 1;
  return at === piece.length && read === text.length;
}
