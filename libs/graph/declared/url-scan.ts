import { isPortNumber } from '#model';

import { isHostShaped, normaliseHost } from './host-name.ts';
import type { Mention } from './mention.ts';
import { namesHost } from './scheme.ts';

/** A stretch of the text that has been read as an address, so that plainer scans skip it. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface UrlScan {
  readonly mentions: readonly Mention[];
  readonly spans: readonly Span[];
}

const MAX_DEPTH = 2;
const MAX_AUTHORITY = 2000;
const MAX_PASSWORD = 200;

/**
 * Finds every `scheme://[user[:password]@]host[:port][,host…][/path][?query]` in a text.
 *
 * Addresses inside the path or query are read too, percent-encoded ones twice deep at most.
 * Linear: each character is looked at a bounded number of times.
 */
export function scanUrls(text: string, depth = 0): UrlScan {
  const mentions: Mention[] = [];
  const spans: Span[] = [];
  const isEncoded = depth < MAX_DEPTH && text.includes('%');
  let decodedTo = 0;
  for (let at = text.indexOf('://'); at >= 0; at = text.indexOf('://', at + 3)) {
    const start = schemeStart(text, at);
    const scheme = text.slice(start, at).toLowerCase();
    const authority = readAuthority(text, at + 3);
    const end = isEncoded || !namesHost(lastPart(scheme)) ? restEnd(text, Math.max(decodedTo, authority.end)) : authority.end;
    if (namesHost(lastPart(scheme))) {
      mentions.push(...hostsOf(authority.text, scheme));
      spans.push({ from: start, to: authority.end });
      // what a path holds is decoded once, however many URLs it is part of
      if (isEncoded) mentions.push(...scanEncoded(text.slice(Math.max(decodedTo, authority.end), end), depth));
      decodedTo = Math.max(decodedTo, end);
    } else {
      // what stands in its query may be an address all the same
      const query = text.indexOf('?', at);
      spans.push({ from: start, to: query >= 0 && query < end ? query : end });
    }
  }
  return { mentions: [...mentions, ...scanSchemeless(text)], spans };
}

function schemeStart(text: string, colon: number): number {
  let at = colon;
  // jdbc:postgresql, mysql:loadbalance: the scheme proper is the last part, the first ones go with it
  while (at > 0 && colon - at < 40 && /[A-Za-z0-9+.:-]/.test(text.charAt(at - 1))) at -= 1;
  while (at < colon && !/[A-Za-z]/.test(text.charAt(at))) at += 1;
  return at;
}

function lastPart(scheme: string): string {
  return scheme.slice(Math.max(scheme.lastIndexOf(':'), scheme.lastIndexOf('.')) + 1);
}

function readAuthority(text: string, from: number): { readonly text: string; readonly end: number } {
  let start = from;
  while (text.charAt(start) === '/') start += 1; // dns:///host:port
  const limit = Math.min(text.length, start + MAX_AUTHORITY);
  let end = start;
  while (end < limit && !/[\s/?#"'`<>\\)}|;&^]/.test(text.charAt(end))) end += 1;
  const plain = text.slice(start, end);
  // a password with a slash or hash in it: the real authority goes on to the last @ of the word
  if (/[/?#]/.test(text.charAt(end)) && !plain.includes('@') && /:[^\d,\]]/.test(plain)) {
    let stop = end;
    while (stop < limit && stop - end < MAX_PASSWORD && !/[\s"'`<>]/.test(text.charAt(stop))) stop += 1;
    const sign = text.slice(end, stop).lastIndexOf('@');
    if (sign >= 0) return readAuthority(text, end + sign + 1);
  }
  return { text: plain, end };
}

function restEnd(text: string, from: number): number {
  const limit = Math.min(text.length, from + MAX_AUTHORITY);
  let end = from;
  while (end < limit && !/[\s"'`<>]/.test(text.charAt(end))) end += 1;
  return end;
}

function hostsOf(authority: string, scheme: string): readonly Mention[] {
  const mentions: Mention[] = [];
  const wire = authority.slice(authority.lastIndexOf('@') + 1);
  const wrapped = /^(?:tcp|udp)\(([^()]*)\)?$/.exec(wire);
  for (const part of (wrapped?.[1] ?? wire).split(',')) {
    // http://a:1,http://b:2: the next URL's scheme
    if (part.endsWith(':')) continue;
    const read = readHostPort(part.replace(/^[a-z][a-z0-9+]*\+(?=_|[a-z0-9])/, ''));
    if (read === undefined) continue;
    mentions.push({ ...read, scheme: schemeFor(scheme), form: 'url' });
  }
  return mentions;
}

function schemeFor(scheme: string): string {
  return scheme.startsWith('jdbc:') ? (scheme.split(':')[1] ?? scheme) : lastPart(scheme);
}

/** Reads `host`, `host:port` or `[v6]:port`; undefined for anything else. */
export function readHostPort(text: string): { readonly host: string; readonly port?: number } | undefined {
  const bracket = text.startsWith('[') ? text.indexOf(']') : -1;
  const colon = text.indexOf(':', bracket < 0 ? 0 : bracket);
  const host = normaliseHost(colon < 0 ? text : text.slice(0, colon));
  if (host === undefined || !isHostShaped(host)) return undefined;
  if (colon < 0) return { host };
  const digits = text.slice(colon + 1);
  // an unexpanded reference or an empty port is no reason to lose the host
  if (!/^\d{1,5}$/.test(digits)) return digits === '' || /^[$%{<]/.test(digits) ? { host } : undefined;
  const port = Number(digits);
  return isPortNumber(port) ? { host, port } : undefined;
}

function scanEncoded(rest: string, depth: number): readonly Mention[] {
  if (!rest.includes('%')) return [];
  const decoded = decode(rest);
  return decoded === rest || !decoded.includes('://') ? [] : scanUrls(decoded, depth + 1).mentions;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const ORACLE = /jdbc:oracle:[a-z]{1,10}:[^@\s]{0,200}@(?:\/\/)?([a-z0-9._-]{1,253}):(\d{1,5})/gi;
const GO_MYSQL = /@(?:tcp|tcp6)\(([^()\s]{1,300})\)/gi;

function scanSchemeless(text: string): readonly Mention[] {
  const mentions: Mention[] = [];
  if (text.includes('jdbc:oracle')) {
    for (const match of text.matchAll(ORACLE)) {
      const read = readHostPort(`${match[1] ?? ''}:${match[2] ?? ''}`);
      if (read !== undefined) mentions.push({ ...read, scheme: 'oracle', form: 'url' });
    }
  }
  if (text.includes('@tcp')) {
    for (const match of text.matchAll(GO_MYSQL)) {
      const read = readHostPort(match[1] ?? '');
      if (read !== undefined) mentions.push({ ...read, form: 'dsn' });
    }
  }
  return mentions;
}
