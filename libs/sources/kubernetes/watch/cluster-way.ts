import { type Diagnostic, parseAddress, parsePrefix, prefixContains } from '#model';

import { shown } from '../shown-text.ts';
import { ClusterAccessError } from './cluster-access.ts';

const LOOPBACKS = ['127.0.0.0/8', '::1/128'].flatMap((text) => parsePrefix(text) ?? []);

/** Refuses to show a secret to everybody on the way to a server: without TLS it may go to this host alone. */
export function requirePrivateWay(server: string, origin: string, hasSecret: boolean): void {
  if (!hasSecret || !isPlain(server) || isThisHost(server)) return;
  throw new ClusterAccessError(`use ${origin}: its server ${shown(server, 200)} is asked without TLS, and a token or password would be shown to everybody on the way; use https, or a tunnel to a loopback address`);
}

/** What somebody on the way to a server could make of it. */
export function weaknessesOf(server: string, isUnchecked: boolean, origin: string): readonly Diagnostic[] {
  if (isPlain(server)) {
    if (isThisHost(server)) return [];
    return [weakness('cluster-without-tls', server, `${origin} asks the API server without TLS: whoever is on the way can tell the controller anything about the cluster`, 'use https, or a tunnel to a loopback address')];
  }
  if (!isUnchecked) return [];
  return [weakness('cluster-unchecked', server, `${origin} says insecure-skip-tls-verify: whoever is on the way can pass for the API server, take the credentials and tell the controller anything`, 'put certificate-authority or certificate-authority-data in its place')];
}

function weakness(code: string, server: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject: `cluster ${shown(server, 200)}`, message, hint };
}

// whatever is not https is asked in plain text
function isPlain(server: string): boolean {
  return URL.canParse(server) && new URL(server).protocol !== 'https:';
}

function isThisHost(server: string): boolean {
  const host = new URL(server).hostname.replace(/^\[|\]$/g, '');
  const address = parseAddress(host);
  return host === 'localhost' || (address !== undefined && LOOPBACKS.some((block) => prefixContains(block, address)));
}
