import { type Diagnostic, formatOrigin } from '#model';
import type { UnreadPath } from '#sources/files';

import type { FolderMemory } from './folder-memory.ts';
import type { FolderLook } from './folder-source.ts';

/** How files stand as a source, in words for people. */
export interface FolderStanding {
  readonly state: 'in sync' | 'degraded' | 'syncing';
  readonly why?: string;
  /** One for each path that cannot be read. */
  readonly findings: readonly Diagnostic[];
}

const KEPT = 'what it said last counts until it can be read';
const MOST_FINDINGS = 50;

/** How files stand that were in sync before: whatever cannot be read, nothing is gone because of it. */
export function standingOf({ unread, diagnostics }: FolderLook): FolderStanding {
  const errors = diagnostics.filter((each) => !unread.some(({ why }) => why.subject === each.subject && why.message === each.message));
  const findings = unread.slice(0, MOST_FINDINGS).map(({ why, isKept }): Diagnostic => ({ ...why, severity: 'error', subject: placeOf(why), message: `${why.message}${isKept ? `; ${KEPT}` : '; what it says is not known'}` }));
  const [first] = unread;
  const [firstError] = errors;
  const lead = first === undefined ? firstError : first.why;
  if (lead === undefined) return { state: 'in sync', findings };
  const more = unread.length + errors.length - 1;
  return { state: 'degraded', why: `${placeOf(lead)} ${lead.message}${first?.isKept === true ? `; ${KEPT}` : ''}${more > 0 ? `; and ${String(more)} more` : ''}`, findings };
}

/**
 * Why files are not in sync yet at a start; undefined where they are.
 *
 * What a file would say that cannot be read is not known after a start, and nothing may be swept
 * because of it. So it is waited for where it may have mattered: it said something before; or it is
 * not known whether it did, and something is approved. One that never said anything is only told of.
 * What was named and is missing is always waited for.
 */
export function waitsFor(look: FolderLook, paths: readonly string[], memory: Pick<FolderMemory, 'count' | 'has' | 'isAllAmong'>, isAnythingApproved: boolean): string | undefined {
  const { unread, found } = look;
  const named = unread.find(({ path }) => paths.includes(path) && !found.includes(path));
  if (named !== undefined) return reason(named);
  if (memory.count === undefined) {
    const [first] = unread;
    return first !== undefined && isAnythingApproved ? reason(first) : undefined;
  }
  const mattered = unread.find(({ path }) => memory.has(path)) ?? (memory.isAllAmong(found) ? undefined : unread.find(({ path, why }) => !found.includes(path) && why.code === 'unreadable'));
  if (mattered !== undefined) return reason(mattered);
  if (memory.count > 0 && found.length === 0) return `there is no file any more, of ${String(memory.count)} before: mount the folder again; where it is to be empty put one empty .yaml file there`;
  return undefined;
}

function reason({ why }: UnreadPath): string {
  return `${placeOf(why)} ${why.message}; what it would say is not known, and nothing is compiled without it: ${why.hint}${OF_WHOLE.has(why.code) ? '' : ', or take the file away'}`;
}

/** What is wrong with a path as a whole is wrong on no line. */
const OF_WHOLE: ReadonlySet<string> = new Set(['no-such-path', 'unreadable', 'empty-file', 'link-leads-nowhere', 'folder-replaced']);

function placeOf({ code, origin, subject }: Diagnostic): string {
  return origin === undefined || OF_WHOLE.has(code) ? subject : formatOrigin(origin);
}
