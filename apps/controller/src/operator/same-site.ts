import type { IncomingMessage, ServerResponse } from 'node:http';

import { Problem } from './problem.ts';
import { sendProblem } from './problem-filter.ts';

const LOCAL_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
const OWN_SITES = new Set(['same-origin', 'none']);

/**
 * Lets nothing through that a foreign web page could have made a browser send.
 *
 * A page that rebinds its own name to 127.0.0.1 still sends its name as Host; one that posts across
 * sites sends its Origin; and a body that is no JSON could come from a plain form.
 */
export function onlySameSite(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  const problem = foreignness(request);
  if (problem === undefined) next();
  else sendProblem(response, problem);
}

function foreignness({ headers, method }: IncomingMessage): Problem | undefined {
  if (!LOCAL_NAMES.has(hostName(headers.host ?? ''))) {
    return new Problem(403, { code: 'foreign-host', subject: 'header Host', message: 'names another host than this one', hint: 'call http://localhost, http://127.0.0.1 or http://[::1] with the port' });
  }
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  const isForeign = (origin !== undefined && origin !== `http://${headers.host ?? ''}`) || (typeof site === 'string' && !OWN_SITES.has(site));
  if (isForeign) {
    return new Problem(403, { code: 'foreign-origin', subject: 'header Origin', message: 'is of another site', hint: 'pages of other sites may not call this interface' });
  }
  if (method === 'POST' && !/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '')) {
    return new Problem(415, { code: 'not-json', subject: 'header Content-Type', message: 'is not application/json', hint: 'send the body as JSON and say so' });
  }
  return undefined;
}

function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d{1,5}$/, '');
}
