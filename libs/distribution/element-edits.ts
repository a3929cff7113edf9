/** At this place of the old list, so many are gone and these come in. */
export type ElementEdit = readonly [at: number, gone: number, ...fresh: readonly string[]];

/** How far apart two lists may drift before everything that is left is compared at once. */
const WINDOW = 64;

/**
 * The way from one list to another, both without doubles, as edits in the order of the old list.
 *
 * What both have in the same order stays; lists that are sorted alike change by exactly what came
 * and went. One pass: no element is ever parsed.
 */
export function editsBetween(before: readonly string[], after: readonly string[]): readonly ElementEdit[] {
  if (before === after) return [];
  const edits: ElementEdit[] = [];
  const fresh: string[] = [];
  let at = 0;
  let old = 0;
  let next = 0;
  const close = (): void => {
    if (old > at || fresh.length > 0) edits.push([at, old - at, ...fresh.splice(0)]);
    at = old;
  };
  let rest: { readonly before: ReadonlySet<string>; readonly after: ReadonlySet<string> } | undefined;
  while (old < before.length || next < after.length) {
    const [from, to] = [before[old], after[next]];
    if (from === to && from !== undefined) {
      close();
      old += 1;
      next += 1;
      at = old;
      continue;
    }
    if (to === undefined) {
      old = before.length;
      break;
    }
    if (from === undefined) {
      fresh.push(...after.slice(next));
      break;
    }
    const came = rest === undefined ? near(after, next, from) : -1;
    const went = rest === undefined ? near(before, old, to) : -1;
    if (came > 0 && (went < 0 || came <= went)) {
      fresh.push(...after.slice(next, next + came));
      next += came;
    } else if (went > 0) old += went;
    else {
      rest ??= { before: new Set(before.slice(old)), after: new Set(after.slice(next)) };
      if (!rest.after.has(from)) old += 1;
      else {
        // either it is new, or it stands elsewhere now: then the old one goes and comes again
        if (rest.before.has(to)) old += 1;
        fresh.push(to);
        next += 1;
      }
    }
  }
  close();
  return edits;
}

/** Carries edits out; undefined where they do not fit the list. */
export function applyEdits(before: readonly string[], edits: readonly ElementEdit[]): readonly string[] | undefined {
  const after: string[] = [];
  let done = 0;
  for (const [at, gone, ...fresh] of edits) {
    if (at < done || at + gone > before.length) return undefined;
    for (; done < at; done += 1) after.push(before[done] ?? '');
    done += gone;
    for (const each of fresh) after.push(each);
  }
  for (; done < before.length; done += 1) after.push(before[done] ?? '');
  return after;
}

/** Reads edits somebody else wrote; undefined where they are none. */
export function readEdits(value: unknown): readonly ElementEdit[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as readonly unknown[]).every(isEdit) ? (value as readonly ElementEdit[]) : undefined;
}

function isEdit(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [at, gone, ...fresh] = value as readonly unknown[];
  return isCount(at) && isCount(gone) && fresh.every((each) => typeof each === 'string');
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function near(list: readonly string[], from: number, text: string): number {
  const end = Math.min(list.length, from + WINDOW);
  for (let at = from; at < end; at += 1) if (list[at] === text) return at - from;
  return -1;
}
