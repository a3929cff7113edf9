import { ENTITIES, type Entity, isPortNumber, isProtocol, parseAddress, hostPrefix, parsePrefix } from '#model';
import type { PeerShape, PortMatchShape } from '#operator-api';

import { readWorkload } from './live-text.ts';

/** Reads a peer as people write it: a workload, an address or block, an entity such as internet, or a DNS name. */
export function readPeerWord(text: string): PeerShape | undefined {
  const address = parseAddress(text);
  const cidr = address === undefined ? parsePrefix(text) : hostPrefix(address);
  if (cidr !== undefined) return { kind: 'cidr', cidr: cidr.text, except: [] };
  const workload = readWorkload(text);
  if (workload !== undefined) return { kind: 'workload', workload };
  if ((ENTITIES as readonly string[]).includes(text)) return { kind: 'entity', entity: text as Entity };
  return /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]*$/i.test(text) ? { kind: 'host', host: text.toLowerCase() } : undefined;
}

/** Reads `5432/TCP`, `8000-8010/TCP`, `443`, `UDP`, `ICMP`, or a name of a port: `http/TCP`. */
export function readPortWord(text: string): PortMatchShape | undefined {
  const upper = text.toUpperCase();
  if (isProtocol(upper)) return { kind: 'protocol', protocol: upper };
  const [ports = '', protocol = 'TCP', ...rest] = text.split('/');
  const named = protocol.toUpperCase();
  if (rest.length > 0 || !isProtocol(named) || named === 'ICMP') return undefined;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports);
  if (match === null) return /^[a-z0-9-]{1,15}$/.test(ports) && /[a-z]/.test(ports) ? { kind: 'named', protocol: named, name: ports } : undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  return isPortNumber(from) && isPortNumber(to) && from <= to ? { kind: 'range', protocol: named, from, to } : undefined;
}
