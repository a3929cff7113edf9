import { parseAddress, type Service } from '#model';

import type { Variable, Variables } from './expansion.ts';

const LINK_KEY = /(?:_SERVICE_HOST|_SERVICE_PORT(?:_[A-Z0-9_]+)?|_PORT|_PORT_\d+_(?:TCP|UDP)(?:_ADDR|_PORT|_PROTO)?)$/;

/**
 * Whether a variable is one of those Kubernetes sets in every pod for every Service of the
 * namespace, as pasted from a live pod: the name's shape and an address in it, not a name. Says nothing.
 */
export function isServiceLink(name: string, value: string): boolean {
  if (!LINK_KEY.test(name)) return false;
  return parseAddress(/^(?:(?:tcp|udp):\/\/)?\[?([0-9a-f.:]+?)\]?(?::\d{1,5})?$/i.exec(value)?.[1] ?? '') !== undefined;
}

/**
 * Adds the variables Kubernetes sets for the namespace's Services, as names instead of addresses,
 * for those who refer to them: `$(REDIS_SERVICE_HOST)` is an address of the Service `redis`.
 */
export function withServiceLinks(variables: Variables, namespace: string, find: (namespace: string, name: string) => Service | undefined): Variables {
  return {
    get(name): Variable | undefined {
      return variables.get(name) ?? linkVariable(name, (service) => find(namespace, service));
    },
  };
}

const HOST = /^([A-Z][A-Z0-9_]{0,200})_(?:SERVICE_HOST|PORT_\d{1,5}_(?:TCP|UDP)_ADDR)$/;
const PORT = /^([A-Z][A-Z0-9_]{0,200})_(?:SERVICE_PORT|PORT_(\d{1,5})_(?:TCP|UDP)_PORT|SERVICE_PORT_([A-Z0-9_]{1,60}))$/;

function linkVariable(name: string, find: (service: string) => Service | undefined): Variable | undefined {
  const host = HOST.exec(name);
  if (host !== null) {
    const service = find(serviceName(host[1] ?? ''));
    return service === undefined ? undefined : { value: service.name, isSecret: false };
  }
  const port = PORT.exec(name);
  const service = port === null ? undefined : find(serviceName(port[1] ?? ''));
  if (port === null || service === undefined) return undefined;
  const named = service.ports.find((each) => each.name !== undefined && each.name.toUpperCase().replaceAll('-', '_') === port[3]);
  const number = port[2] ?? (named ?? service.ports[0])?.port;
  return number === undefined ? undefined : { value: String(number), isSecret: false };
}

function serviceName(variable: string): string {
  return variable.toLowerCase().replaceAll('_', '-');
}
