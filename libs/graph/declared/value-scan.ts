import { isPortNumber } from '#model';

import { isClusterName, isHostShaped, normaliseHost } from './host-name.ts';
import { scanDsn } from './dsn-scan.ts';
import { scanClusterNames, scanHostPorts, scanSrv } from './host-port-scan.ts';
import { withoutRanges } from './host-range.ts';
import type { KeyMeaning, Mention } from './mention.ts';
import { scanUrls } from './url-scan.ts';

const MAX_BARE = 2000;
// answers to a question, not places
const NO_HOSTS = new Set(['true', 'false', 'on', 'off', 'yes', 'no', 'y', 'n', 't', 'f', 'none', 'null', 'nil', 'undefined', 'auto', 'default', 'enabled', 'disabled', 'any', 'all', 'self', 'internal', 'external', 'tcp', 'udp', 'http', 'https']);
// unbound and dnsmasq write address@port and address#port
const AT_PORT = /^([0-9a-f.:]{3,45})[@#](\d{1,5})$/i;

/**
 * Finds the addresses in one setting's value.
 *
 * A bare name counts only as the whole value (or a whole list of names), and is left to the
 * caller to judge by the setting's name.
 */
export function scanValue(text: string, meaning: KeyMeaning): readonly Mention[] {
  const value = unquote(text.trim());
  if (value === '' || meaning === 'never' || isCertificateList(value)) return [];
  return withoutRanges(value).flatMap((each) => scanOne(each, meaning));
}

function scanOne(value: string, meaning: KeyMeaning): readonly Mention[] {
  const urls = scanUrls(value);
  const found: Mention[] = [...urls.mentions, ...scanSrv(value), ...scanHostPorts(value, urls.spans), ...scanClusterNames(value), ...scanDsn(value)];
  const numbered = AT_PORT.exec(value);
  if (numbered !== null) found.push(...atPort(numbered[1] ?? '', Number(numbered[2])));
  const distinct = dropCovered(found);
  if (distinct.length > 0) return distinct;
  return scanBare(value, meaning);
}

/** Finds the addresses in a line of free text, where a bare name says nothing. */
export function scanProse(text: string): readonly Mention[] {
  return withoutRanges(text).flatMap(scanProseOnce);
}

function scanProseOnce(text: string): readonly Mention[] {
  const urls = scanUrls(text);
  return dropCovered([...urls.mentions, ...scanSrv(text), ...scanHostPorts(text, urls.spans), ...scanClusterNames(text), ...scanDsn(text)]);
}

const MOST_NAMES = 64;

// `web,web.shop.svc`: one place spelled twice is what a certificate is made out to
function isCertificateList(value: string): boolean {
  if (!value.includes(',') || !value.includes('.svc')) return false;
  const names = value.toLowerCase().split(/[,;\s]+/, MOST_NAMES);
  return names.some((name) => /^[a-z0-9-]{1,63}$/.test(name) && names.some((other) => other.startsWith(`${name}.`) && /\.svc(?:$|\.[a-z0-9.-]+$)/.test(other)));
}

// more addresses than any one value holds; what is behind is data
const MOST_MENTIONS = 1000;

// the same host by two scans: the one that knows more stays
function dropCovered(found: readonly Mention[]): readonly Mention[] {
  const kept = new Map<string, Mention[]>();
  for (const mention of found.slice(0, MOST_MENTIONS)) {
    const twins = kept.get(mention.host) ?? [];
    kept.set(mention.host, twins);
    const twin = twins.findIndex(({ port }) => port === mention.port || port === undefined || mention.port === undefined);
    const other = twins[twin];
    if (other === undefined) twins.push(mention);
    else if (knowledge(mention) > knowledge(other)) twins[twin] = mention;
  }
  return [...kept.values()].flat();
}

function knowledge(mention: Mention): number {
  return (mention.port === undefined ? 0 : 4) + (mention.scheme === undefined ? 0 : 2) + (mention.portName === undefined ? 0 : 8);
}

function scanBare(value: string, meaning: KeyMeaning): readonly Mention[] {
  if (value.length > MAX_BARE) return [];
  const parts = value.replace(/^\[|\]$/g, '').split(/[,;\s]+/).map((part) => unquote(part)).filter((part) => part !== '');
  const first = parts[0];
  if (first === undefined) return [];
  // host,option=value,option=value: how several clients write one host
  if (parts.length > 1 && meaning === 'address' && parts.slice(1).every((part) => part.includes('='))) return bare([first]);
  if (parts.length > 1 && meaning !== 'address') return [];
  if (parts.length === 1 && first.includes('/') && meaning === 'address') return bare([first.slice(0, first.indexOf('/'))]);
  return bare(parts);
}

function atPort(text: string, port: number): readonly Mention[] {
  const host = normaliseHost(text);
  return host === undefined || !isPortNumber(port) ? [] : [{ host, port, form: 'host-port' }];
}

function bare(parts: readonly string[]): readonly Mention[] {
  // _site_ and the like are a product's own words
  if (parts.length > 64 || parts.some((part) => part.startsWith('_')) || !parts.every(isHostShaped) || parts.some((part) => NO_HOSTS.has(part.toLowerCase()))) return [];
  return parts.flatMap((part): readonly Mention[] => {
    const host = normaliseHost(part);
    if (host === undefined) return [];
    return [{ host, form: isClusterName(host) ? 'host-port' : 'host' }];
  });
}

function unquote(text: string): string {
  const quote = text.charAt(0);
  return text.length >= 2 && (quote === '"' || quote === "'" || quote === '`') && text.endsWith(quote) ? text.slice(1, -1) : text;
}
