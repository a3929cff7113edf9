import type { Diagnostic } from '#model';

import type { ReviewDecision } from './review-command.ts';

type Refused = Extract<ReviewDecision, { readonly kind: 'refused' | 'conflict' }>;

/** One problem, in the words of whoever has to mend it. */
export function problem(code: string, subject: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'error', subject, message, hint };
}

/** Something whoever decided should know, and nothing that stops it. */
export function note(code: string, subject: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject, message, hint };
}

export function refused(...diagnostics: readonly Diagnostic[]): Refused {
  return { kind: 'refused', diagnostics };
}

/** What was looked at is not what is there now. */
export function conflict(...diagnostics: readonly Diagnostic[]): Refused {
  return { kind: 'conflict', diagnostics };
}

const LONGEST_REASON = 4_000;
const LONGEST_TICKET = 300;

/** What is wrong with the words a decision comes with; a reason has to be there where `isNeeded`. */
export function problemsOfWords({ reason, ticket }: { readonly reason?: string; readonly ticket?: string }, what: string, isNeeded = true): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  if (isNeeded && (reason ?? '').trim() === '') problems.push(problem('reason-missing', what, 'comes without a reason', 'say why in one sentence: whoever reads the journal later was not there'));
  if ((reason ?? '').length > LONGEST_REASON) problems.push(problem('reason-too-long', what, `comes with a reason of more than ${String(LONGEST_REASON)} characters`, 'say it shorter, and name a ticket for the rest'));
  if ((ticket ?? '').length > LONGEST_TICKET) problems.push(problem('ticket-too-long', what, `names a ticket of more than ${String(LONGEST_TICKET)} characters`, 'name it by its number or address'));
  return problems;
}
