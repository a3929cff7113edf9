import { type ProbePort, isPortNumber } from '#model';

import { readCommand } from './command-words.ts';
import { type LocatedNode, entryOf, isTrue } from './located-node.ts';

const LOCAL = String.raw`(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])`;
const AT_LOCAL = new RegExp(String.raw`(https?)://${LOCAL}(?::(\d{1,5}))?(?![\w.:-])|(?:^|[\s/@"'=])${LOCAL}[:\s/](\d{1,5})\b`, 'g');
const AT_NAME = /(?:^|[\s/@"'=])([a-z0-9][a-z0-9._-]{0,252}):(\d{1,5})\b/gi;
// psql -p 5432 -h 127.0.0.1: clients whose host is no other one
const BY_FLAG = /(?:^|\s)(?:-p|--port)[\s=]?(\d{2,5})\b/g;
const OTHER_HOST = new RegExp(String.raw`(?:^|\s)(?:-h|--host)[\s=](?!${LOCAL})`);

/**
 * The ports a Compose health check calls. It runs inside the container, so they are ports the
 * container listens on, if it names the container itself: as this machine, or by a name of its own.
 */
export function readHealthPorts(node: LocatedNode | undefined, names: readonly string[]): readonly ProbePort[] {
  if (isTrue(entryOf(node, 'disable'))) return [];
  const text = readCommand(entryOf(node, 'test')).join(' ').slice(0, 4_096);
  const ports = new Set<number>();
  for (const [, scheme, urlPort, plainPort] of text.matchAll(AT_LOCAL)) {
    const port = Number(urlPort ?? plainPort ?? (scheme === 'https' ? 443 : 80));
    if (isPortNumber(port)) ports.add(port);
  }
  const own = new Set(names.map((name) => name.toLowerCase()));
  for (const [, host = '', digits] of text.matchAll(AT_NAME)) if (own.has(host.toLowerCase()) && isPortNumber(Number(digits))) ports.add(Number(digits));
  if (!OTHER_HOST.test(text)) for (const [, digits] of text.matchAll(BY_FLAG)) if (isPortNumber(Number(digits))) ports.add(Number(digits));
  return [...ports].sort((a, b) => a - b).map((port) => ({ port, protocol: 'TCP' }));
}
