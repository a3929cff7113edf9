import { type Diagnostic, type Flow, isJsonObject } from '#model';

import { LONGEST_LINE, linesOfText } from './flow-lines.ts';
import { type LineReading, unreadable } from './flow-record.ts';
import { FlowTally, MOST_FLOWS } from './flow-tally.ts';
import { isHubble, readHubble } from './hubble-line.ts';
import { isOwnFlow, readOwnFlow } from './own-line.ts';
import { shown } from './plain-text.ts';

export interface ReadFlowsResult {
  /** In the order of the lines they first stood on, equal ones added up. */
  readonly flows: readonly Flow[];
  readonly diagnostics: readonly Diagnostic[];
}

const MOST_REPORTED = 20;

/**
 * Reads flows, one JSON object a line: our own format or what Hubble exports, told apart line by line.
 *
 * A line that can not be read is a diagnostic; the others are read all the same. Memory grows with
 * the number of different flows, never with the number of lines, so `input` may be a stream of lines.
 */
export function readFlows(input: string | Iterable<string>, file: string): ReadFlowsResult {
  const tally = new FlowTally();
  const diagnostics: Diagnostic[] = [];
  let line = 0;
  let unread = 0;
  let lost = 0;
  for (const text of typeof input === 'string' ? linesOfText(input) : input) {
    line += 1;
    const reading = readLine(line === 1 ? text.replace(/^\uFEFF/, '') : text);
    switch (reading.kind) {
      case 'flow':
        tally.add(reading.record, line);
        break;
      case 'echo':
        tally.note(reading.record, line);
        break;
      case 'passed-over':
        lost += reading.lost ?? 0;
        break;
      case 'unreadable':
        unread += 1;
        if (unread <= MOST_REPORTED) diagnostics.push(badLine(file, line, reading.why));
        break;
    }
  }
  if (unread > MOST_REPORTED) diagnostics.push(about(file, 'flow-lines-invalid', `has ${unread} lines in all that are no flows; only the first ${MOST_REPORTED} are listed`, 'correct them, or export the file again'));
  if (tally.refused > 0)
    diagnostics.push(about(file, 'flows-cut', `has more than ${MOST_FLOWS} different flows; ${tally.refused} lines beyond are left out`, 'split the file, or aggregate addresses outside the cluster before'));
  if (lost > 0) diagnostics.push(about(file, 'flows-lost', `says that the reporter itself lost ${lost} events`, 'do not take the absence of a flow as proof; export for longer'));
  return { flows: tally.flows(), diagnostics };
}

function readLine(text: string): LineReading {
  if (text.length > LONGEST_LINE) return unreadable('it is longer than a flow can be');
  if (text.trim() === '') return { kind: 'passed-over' };
  const value = parseJson(text);
  if (!isJsonObject(value)) return unreadable(`it is no JSON object: ${shown(text.trim())}`);
  if (isOwnFlow(value)) return readOwnFlow(value);
  return isHubble(value) ? readHubble(value) : unreadable('it is neither a flow with `from` and `to` nor one that Hubble exports');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function badLine(file: string, line: number, why: string): Diagnostic {
  return {
    code: 'flow-line-invalid',
    severity: 'warning',
    subject: file,
    message: `has a line that is no flow: ${why}`,
    hint: 'correct or remove the line; it is left out',
    origin: { file, line },
  };
}

function about(file: string, code: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject: file, message, hint, origin: { file, line: 1 } };
}
