import type { Diagnostic } from '#model';

import { cleanLogText } from './log.ts';
import { Problem } from './problem.ts';

const MOST = 20;

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema found wrong with a request, one diagnostic an issue. */
export function invalidRequest(issues: readonly Issue[]): Problem {
  const diagnostics = issues.slice(0, MOST).map(diagnosticOf);
  return Problem.of(400, diagnostics, { code: 'invalid-request', subject: 'the request', message: 'is not as expected', hint: HINT });
}

const HINT = 'GET /openapi.json says what is expected';

function diagnosticOf({ message, path = [] }: Issue): Diagnostic {
  const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  const text = message.charAt(0).toLowerCase() + message.slice(1);
  return { code: 'invalid-request', severity: 'error', subject: where === '' ? 'the request' : cleanLogText(where).slice(0, 200), message: cleanLogText(text).slice(0, 500), hint: HINT };
}
