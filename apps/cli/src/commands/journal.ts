import { type JournalShape, routes, type VerificationShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { actorText, dateText } from '../live/live-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { foldProse } from '../output/prose.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface JournalOptions extends LiveOptions {
  readonly after: string;
  readonly verify: boolean;
  /** `ENTRY:DIGEST` as somebody kept it. */
  readonly expect?: string;
}

const PAGE = 500;
const MOST = 20_000;

/** `ringfence journal`: everything that was decided, oldest first. */
export async function runJournal(options: JournalOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.verify || options.expect !== undefined) return verify(options, terminal);
  const start = Number(options.after);
  if (!Number.isInteger(start) || start < 0) return complain('journal', [`--after ${options.after}: give the number of an entry`], terminal);
  return withController('journal', options, terminal, async (client) => {
    const entries: JournalShape['entries'][number][] = [];
    for (let after = start, isLast = false; !isLast && entries.length < MOST; ) {
      const page = await client.ask(routes.journal, { query: { after, limit: PAGE } });
      entries.push(...page.entries);
      isLast = page.entries.length < PAGE;
      after = page.entries.at(-1)?.seq ?? after;
    }
    if (options.output === 'json') printJson({ entries }, terminal);
    else printEntries(entries, terminal);
    return ExitCode.fine;
  });
}

async function verify(options: JournalOptions, terminal: Terminal): Promise<ExitCode> {
  const [, seq, digest] = /^(\d{1,15}):(.+)$/.exec(options.expect ?? '') ?? [];
  if (options.expect !== undefined && digest === undefined) return complain('journal', [`--expect ${options.expect}: give ENTRY:DIGEST, as it was kept`], terminal);
  return withController('journal', options, terminal, async (client) => {
    const found = await client.ask(routes.journalVerification, {});
    const kept = digest === undefined ? undefined : (await client.ask(routes.journal, { query: { after: Math.max(0, Number(seq) - 1), limit: 1 } })).entries[0];
    const isExpected = digest === undefined || (kept?.seq === Number(seq) && kept.digest === digest);
    if (options.output === 'json') printJson({ verification: found, ...(digest === undefined ? {} : { isExpected }) }, terminal);
    else printVerification(found, digest === undefined ? undefined : { seq: seq ?? '', isExpected }, terminal);
    return found.kind === 'whole' && isExpected ? ExitCode.fine : ExitCode.findings;
  });
}

function printVerification(found: VerificationShape, kept: { readonly seq: string; readonly isExpected: boolean } | undefined, terminal: Terminal): void {
  const say = (text: string): void => {
    terminal.out(`${foldProse(cleanText(text), terminal.proseColumns)}\n`);
  };
  if (found.kind === 'broken') say(`the journal is not what was written: ${found.why}`);
  else {
    const seal = found.sealedFrom === undefined ? 'none is sealed with a key yet' : found.sealedFrom <= 1 ? 'all sealed with its key' : `sealed with its key from entry ${String(found.sealedFrom)} on`;
    say(`the journal is whole: ${found.entries === 1 ? '1 entry' : `${String(found.entries)} entries`}, ${seal}`);
    if (found.entries > 0) say(`  ${String(found.entries)}:${found.digest}`);
    if (found.entries > 0 && kept === undefined) say('Keep this line elsewhere, and hand it to --expect: whoever has the key could rewrite all.');
  }
  if (kept !== undefined) say(kept.isExpected ? `entry ${kept.seq} is the one that was kept` : `entry ${kept.seq} is NOT the one that was kept`);
}

function printEntries(entries: readonly JournalShape['entries'][number][], terminal: Terminal): void {
  const rows = entries.map(({ seq, at, by, text, reason = '', ticket }) => [String(seq), dateText(at), actorText(by), text, `${reason}${ticket === undefined ? '' : ` (${ticket})`}`]);
  terminal.out(rows.length === 0 ? 'nothing was decided yet\n' : formatTable(['ENTRY', 'AT', 'BY', 'WHAT', 'REASON'], rows, terminal.columns));
}
