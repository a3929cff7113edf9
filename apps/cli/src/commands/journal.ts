import { type JournalShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { actorText, dateText } from '../live/live-text.ts';
import { printJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface JournalOptions extends LiveOptions {
  readonly after: string;
}

const PAGE = 500;
const MOST = 20_000;

/** `ringfence journal`: everything that was decided, oldest first. */
export async function runJournal(options: JournalOptions, terminal: Terminal): Promise<ExitCode> {
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

function printEntries(entries: readonly JournalShape['entries'][number][], terminal: Terminal): void {
  const rows = entries.map(({ seq, at, by, text, reason = '', ticket }) => [String(seq), dateText(at), actorText(by), text, `${reason}${ticket === undefined ? '' : ` (${ticket})`}`]);
  terminal.out(rows.length === 0 ? 'nothing was decided yet\n' : formatTable(['ENTRY', 'AT', 'BY', 'WHAT', 'REASON'], rows, terminal.columns));
}
