import { isPortNumber } from '#model';

import { isClusterName, isHostShaped, normaliseHost } from './host-name.ts';
import type { Mention } from './mention.ts';
import type { Span } from './url-scan.ts';

const HOST_CHARACTER = /[A-Za-z0-9._-]/;
// what may stand right before and right after an address in prose, code and configuration
const BEFORE = /[\s"'`=,;([{<>|@!+:^&]/;
const AFTER = /[\s"'`,;)\]}<>|/?&!\\^]/;

/**
 * Finds `host:port` words, `[v6]:port` among them, skipping the spans URLs took.
 *
 * Linear: walks from colon to colon, and never back past the colon before.
 */
export function scanHostPorts(text: string, spans: readonly Span[]): readonly Mention[] {
  const mentions: Mention[] = [];
  let span = 0;
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', colon + 1)) {
    while (span < spans.length && (spans[span]?.to ?? 0) <= colon) span += 1;
    const taken = spans[span];
    if (taken !== undefined && colon >= taken.from) continue;
    mentions.push(...readAround(text, colon));
  }
  return mentions;
}

function readAround(text: string, colon: number): readonly Mention[] {
  const end = digitsEnd(text, colon + 1);
  if (end === colon + 1) return [];
  const ports = [Number(text.slice(colon + 1, end))];
  let stop = end;
  // host:2888:3888 as ZooKeeper writes its servers; 10:30:05 and file.go:12:5 are no addresses
  if (text.charAt(end) === ':') {
    stop = digitsEnd(text, end + 1);
    ports.push(Number(text.slice(end + 1, stop)));
    if (ports.some((port) => port < 1024)) return [];
    if (/[:;]/.test(text.charAt(stop))) stop = text.length;
  }
  if (!(stop === text.length || AFTER.test(text.charAt(stop))) || !ports.every(isPortNumber)) return [];
  const start = hostStart(text, colon);
  const host = start === undefined ? undefined : normaliseHost(text.slice(start, colon));
  return host === undefined || !isHostShaped(host) ? [] : ports.map((port) => ({ host, port, form: 'host-port' }));
}

function digitsEnd(text: string, from: number): number {
  let end = from;
  while (end - from < 6 && /\d/.test(text.charAt(end))) end += 1;
  return end;
}

function hostStart(text: string, colon: number): number | undefined {
  if (text.charAt(colon - 1) === ']') {
    const open = text.lastIndexOf('[', colon);
    return open >= 0 && colon - open < 60 ? open : undefined;
  }
  let start = colon;
  while (start > 0 && colon - start < 254 && HOST_CHARACTER.test(text.charAt(start - 1))) start -= 1;
  if (start === colon) return undefined;
  if (start === 0 || BEFORE.test(text.charAt(start - 1))) return start;
  // `//host:port` after a scheme that was cut off; a single slash is an image or a path
  return text.charAt(start - 1) === '/' && text.charAt(start - 2) === '/' ? start : undefined;
}

const SRV = /(?<![a-z0-9._-])_([a-z0-9-]{1,63})\._(tcp|udp)\.([a-z0-9._-]{1,253})/gi;

/** Finds SRV names: `_client._tcp.db.shop.svc.cluster.local`. */
export function scanSrv(text: string): readonly Mention[] {
  if (!text.includes('._')) return [];
  const mentions: Mention[] = [];
  for (const match of text.matchAll(SRV)) {
    const host = normaliseHost(match[3] ?? '');
    if (host === undefined) continue;
    mentions.push({ host, portName: (match[1] ?? '').toLowerCase(), protocol: match[2]?.toLowerCase() === 'udp' ? 'UDP' : 'TCP', form: 'srv' });
  }
  return mentions;
}

/** Finds bare cluster names (`db.shop.svc`, `db.shop.svc.cluster.local`) anywhere: their shape is enough. */
export function scanClusterNames(text: string): readonly Mention[] {
  const mentions: Mention[] = [];
  for (let at = text.indexOf('.svc'); at >= 0; at = text.indexOf('.svc', at + 4)) {
    let start = at;
    while (start > 0 && at - start < 200 && HOST_CHARACTER.test(text.charAt(start - 1))) start -= 1;
    let end = at + 4;
    while (end < text.length && end - at < 200 && HOST_CHARACTER.test(text.charAt(end))) end += 1;
    const before = text.charAt(start - 1);
    const after = text.charAt(end);
    // with a port, a scheme or a user before it, another scan has it; a wildcard is no host
    if (after === ':' || before === '/' || before === '*' || before === '$' || before === '}' || before === ')') continue;
    const host = normaliseHost(text.slice(start, end));
    if (host !== undefined && !host.startsWith('_') && isClusterName(host)) mentions.push({ host, form: 'host-port' });
  }
  return mentions;
}
