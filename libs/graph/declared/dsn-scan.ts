import { isPortNumber } from '#model';

import { isHostShaped, normaliseHost } from './host-name.ts';
import type { Mention } from './mention.ts';

// Server=x,1433;Database=y   host=x port=5432   Data Source=tcp:x   hosts => ["x"]   host='x'
const HOST_PAIR =
  /(?<![\w.-])(host|hosts|hostname|hostaddr|server|data source|datasource|addr|address|network address|endpoint|endpoints|servers|db_host|dbhost)["']?\s{0,4}(?:=>|=|:)\s{0,4}[["']{0,3}(?:tcp:)?([a-z0-9][a-z0-9._-]{0,252})(?:,\s{0,2}(\d{1,5}))?(?![a-z0-9._:/(-])/gi;
const PORT_PAIR = /(?<![\w.-])port["']?\s{0,4}(?:=>|=|:)\s{0,4}["']?(\d{1,5})(?!\w)/gi;
// ('db', 5432) as in a socket call
const CALL = /["']([a-z0-9][a-z0-9._-]{0,252})["']\s{0,3},\s{0,3}(\d{2,5})(?![\d.])/gi;

/**
 * Finds `key=host` lists, the way libpq, ADO.NET, ODBC and most client constructors write them,
 * with the port from the `port=` next to it.
 */
export function scanDsn(text: string): readonly Mention[] {
  const mentions: Mention[] = /[=:]/.test(text) && /host|server|source|addr|endpoint/i.test(text) ? scanPairs(text) : [];
  for (const match of text.includes(',') ? text.matchAll(CALL) : []) {
    const mention = make(match[1] ?? '', match[2]);
    if (mention?.port !== undefined) mentions.push(mention);
  }
  return mentions;
}

function scanPairs(text: string): Mention[] {
  const mentions: Mention[] = [];
  const hosts = [...text.matchAll(HOST_PAIR)];
  if (hosts.length === 0) return [];
  const ports = [...text.matchAll(PORT_PAIR)];
  let at = 0;
  for (const [index, match] of hosts.entries()) {
    while (at < ports.length && (ports[at]?.index ?? 0) < match.index) at += 1;
    const after = ports[at];
    const isOwn = after !== undefined && after.index < (hosts[index + 1]?.index ?? text.length);
    const lone = hosts.length === 1 ? ports[0]?.[1] : undefined;
    const mention = make(match[2] ?? '', match[3] ?? (isOwn ? after[1] : lone));
    if (mention !== undefined) mentions.push(mention);
  }
  return mentions;
}

function make(text: string, digits: string | undefined): Mention | undefined {
  const host = normaliseHost(text);
  if (host === undefined || !isHostShaped(host)) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  return isPortNumber(port) ? { host, port, form: 'dsn' } : { host, form: 'dsn' };
}
