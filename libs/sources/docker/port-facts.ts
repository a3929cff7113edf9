import { isPortNumber, type JsonObject, type PodPort, type Protocol, type PublishedPort } from '#model';

import { objectAt, objectsIn, textAt } from './json-fields.ts';

export interface PortFacts {
  readonly ports: readonly PodPort[];
  readonly published: readonly PublishedPort[];
}

const MOST_PORTS = 256;
const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map([['tcp', 'TCP'], ['udp', 'UDP'], ['sctp', 'SCTP']]);
const EVERYWHERE: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

/** Ports the image or the user names, and those opened on the host: as they are, or else as they are meant to be. */
export function readPorts(container: JsonObject): PortFacts {
  const bound = objectAt(objectAt(container, 'NetworkSettings'), 'Ports');
  const meant = objectAt(objectAt(container, 'HostConfig'), 'PortBindings');
  const ports = new Map<string, PodPort>();
  const published = new Map<string, PublishedPort>();
  const named = [...Object.keys(objectAt(objectAt(container, 'Config'), 'ExposedPorts')), ...Object.keys(bound), ...Object.keys(meant)];
  for (const key of [...new Set(named)].sort().slice(0, MOST_PORTS)) {
    const port = portOf(key);
    if (port === undefined) continue;
    ports.set(key, port);
    const bindings = Object.hasOwn(bound, key) ? bound[key] : meant[key];
    for (const binding of objectsIn(bindings, MOST_PORTS)) {
      const hostAddress = textAt(binding, 'HostIp').slice(0, 64);
      const hostPort = Number(textAt(binding, 'HostPort'));
      const entry: PublishedPort = {
        target: port.port,
        protocol: port.protocol,
        ...(EVERYWHERE.has(hostAddress) ? {} : { hostAddress }),
        ...(isPortNumber(hostPort) ? { hostPort } : {}),
      };
      published.set(JSON.stringify(entry), entry);
    }
  }
  return { ports: inOrder(ports.values()), published: [...published.values()] };
}

function portOf(key: string): PodPort | undefined {
  const [number = '', name = ''] = key.split('/');
  const protocol = PROTOCOLS.get(name);
  const port = /^\d{1,5}$/.test(number) ? Number(number) : 0;
  return protocol === undefined || !isPortNumber(port) ? undefined : { port, protocol };
}

function inOrder(ports: Iterable<PodPort>): readonly PodPort[] {
  return [...ports].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
