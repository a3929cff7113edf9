import { type ContainerPort, type Protocol, type PublishedPort, isPortNumber, isProtocol } from '#model';

import { type LocatedMap, type LocatedNode, entryOf, itemsOf, originOf, textOf } from './located-node.ts';
import { shown } from './plain-text.ts';
import type { Report } from './project-reading.ts';

/** Ports of one service that are listed one by one; a range of thousands says no more than its first ones. */
const MOST_PORTS = 256;

export interface ServicePorts {
  /** Exposed and published container ports, each once, by number. */
  readonly container: readonly ContainerPort[];
  readonly published: readonly PublishedPort[];
}

interface PortRange {
  readonly first: number;
  readonly last: number;
}

interface PortEntry {
  readonly target: PortRange;
  readonly protocol: Protocol;
  readonly name?: string;
  /** Absent for `expose`. */
  readonly host?: { readonly address: string; readonly ports: PortRange | undefined };
}

/** Reads `ports` in its short and long form and `expose`. A host address alone does not open a port that is only exposed. */
export function readPorts(service: LocatedMap, subject: string, report: Report): ServicePorts {
  const container = new Map<string, ContainerPort>();
  const published = new Map<string, PublishedPort>();
  const listed = [
    ...itemsOf(entryOf(service, 'expose')).map((node) => ({ node, entry: parseExposed(node) })),
    ...itemsOf(entryOf(service, 'ports')).map((node) => ({ node, entry: parsePublished(node) })),
  ];
  for (const { node, entry } of listed) {
    if (entry === undefined) {
      report(badPort(node, subject));
      continue;
    }
    const { target, protocol, name, host } = entry;
    for (let port = target.first; port <= target.last; port += 1) {
      const key = `${port}/${protocol}`;
      if (container.size >= MOST_PORTS && !container.has(key)) {
        report(tooMany(node, subject));
        break;
      }
      const known = container.get(key);
      const portName = name ?? known?.name;
      container.set(key, { port, protocol, ...(portName === undefined ? {} : { name: portName }) });
      if (host === undefined) continue;
      const hostPort = hostPortOf(host.ports, target, port);
      const address = host.address === '' ? undefined : host.address;
      published.set(JSON.stringify([key, address, hostPort]), {
        target: port,
        protocol,
        ...(address === undefined ? {} : { hostAddress: address }),
        ...(hostPort === undefined ? {} : { hostPort }),
      });
    }
  }
  return { container: [...container.values()].sort(byPort), published: [...published.values()] };
}

function byPort(a: ContainerPort, b: ContainerPort): number {
  return a.port - b.port || (a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0);
}

// A range on both sides pairs up one by one; one target behind a range of host ports may get any of them.
function hostPortOf(ports: PortRange | undefined, target: PortRange, port: number): number | undefined {
  if (ports === undefined || ports.last - ports.first !== target.last - target.first) return undefined;
  return ports.first + (port - target.first);
}

function parseExposed(node: LocatedNode): PortEntry | undefined {
  return withProtocol(textOf(node) ?? '', (text) => {
    const target = parseRange(text);
    return target === undefined ? undefined : { target };
  });
}

function parsePublished(node: LocatedNode): PortEntry | undefined {
  if (node.kind === 'map') return parseLong(node);
  return withProtocol(textOf(node) ?? '', (text) => {
    const bracket = /^\[([0-9A-Fa-f:.]+)\]:(.*)$/.exec(text);
    const parts = (bracket?.[2] ?? text).split(':');
    const target = parseRange(parts.pop() ?? '');
    const hostText = parts.pop() ?? '';
    const ports = hostText === '' ? undefined : parseRange(hostText);
    if (target === undefined || (hostText !== '' && ports === undefined)) return undefined;
    const address = bracket?.[1] ?? parts.join(':');
    return /^[0-9A-Fa-f:.]*$/.test(address) ? { target, host: { address, ports } } : undefined;
  });
}

function parseLong(node: LocatedMap): PortEntry | undefined {
  const target = parseRange(textOf(entryOf(node, 'target')) ?? '');
  const protocol = (textOf(entryOf(node, 'protocol')) ?? 'tcp').toUpperCase();
  const publishedText = textOf(entryOf(node, 'published')) ?? '';
  const ports = publishedText === '' ? undefined : parseRange(publishedText);
  if (target === undefined || !isProtocol(protocol) || (publishedText !== '' && ports === undefined)) return undefined;
  const name = textOf(entryOf(node, 'name'));
  const address = textOf(entryOf(node, 'host_ip')) ?? '';
  return { target, protocol, ...(name === undefined ? {} : { name }), host: { address, ports } };
}

function withProtocol(text: string, parse: (ports: string) => Omit<PortEntry, 'protocol'> | undefined): PortEntry | undefined {
  const slash = text.lastIndexOf('/');
  const protocol = (slash < 0 ? 'tcp' : text.slice(slash + 1)).toUpperCase();
  const entry = parse((slash < 0 ? text : text.slice(0, slash)).trim());
  return entry === undefined || !isProtocol(protocol) || protocol === 'ICMP' ? undefined : { ...entry, protocol };
}

function parseRange(text: string): PortRange | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return isPortNumber(first) && isPortNumber(last) && first <= last ? { first, last } : undefined;
}

function badPort(node: LocatedNode, subject: string): Parameters<Report>[0] {
  return {
    code: 'compose-port-invalid',
    severity: 'warning',
    subject,
    message: `has a port that can not be read${node.kind === 'scalar' ? `: ${shown(node.text)}` : ''}`,
    hint: 'write it as [host address:][host port:]container port[/protocol], numbers 1 to 65535; the entry is left out',
    origin: originOf(node),
  };
}

function tooMany(node: LocatedNode, subject: string): Parameters<Report>[0] {
  return {
    code: 'compose-ports-cut',
    severity: 'warning',
    subject,
    message: `has more than ${MOST_PORTS} ports; those beyond are not listed`,
    hint: 'name the ports that are used, or add the rest as a rule by hand',
    origin: originOf(node),
  };
}
