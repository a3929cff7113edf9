import { type Address, addressFromBits, isJsonObject, type Json, type JsonObject, parseAddress } from '#model';

import { entriesAt, objectAt, textAt, textsAt } from './json-fields.ts';

/** Where a container is plugged into one network. */
export interface EndpointFacts {
  readonly network: string;
  readonly networkName: string;
  /** Those it has now: an endpoint of a container that is not up has none. */
  readonly addresses: readonly Address[];
  readonly gateways: readonly Address[];
  readonly mac?: string;
  readonly aliases: readonly string[];
}

const MOST_ENDPOINTS = 64;
const MOST_ALIASES = 64;
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
const NAME = /^[A-Za-z0-9._-]{1,253}$/;

/** Whether this can be the name of something others look up. */
export function isLookedUpName(text: string): boolean {
  return NAME.test(text);
}

/** Reads `NetworkSettings.Networks` of a container. */
export function readEndpoints(container: JsonObject): readonly EndpointFacts[] {
  return entriesAt(objectAt(container, 'NetworkSettings'), 'Networks', MOST_ENDPOINTS).map(([networkName, endpoint]) => {
    const mac = textAt(endpoint, 'MacAddress').toLowerCase();
    const isUp = textAt(endpoint, 'EndpointID') !== '';
    const addresses = isUp ? readAddresses(endpoint, ['IPAddress', 'GlobalIPv6Address']) : [];
    const names = [...textsAt(endpoint, 'Aliases', MOST_ALIASES), ...textsAt(endpoint, 'DNSNames', MOST_ALIASES)];
    return {
      network: textAt(endpoint, 'NetworkID'),
      networkName: networkName.slice(0, 253),
      addresses: [...addresses, ...linkLocalOf(addresses, mac)],
      gateways: isUp ? readAddresses(endpoint, ['Gateway', 'IPv6Gateway']) : [],
      ...(isUp && MAC.test(mac) ? { mac } : {}),
      aliases: [...new Set(names)].filter(isLookedUpName),
    };
  });
}

/** What a network that is inspected says of one container on it, or undefined where that is not there. */
export function readMember(answer: Json, container: string): EndpointFacts | undefined {
  if (!isJsonObject(answer)) return undefined;
  const members = objectAt(answer, 'Containers');
  const member = objectAt(members, container);
  const mac = textAt(member, 'MacAddress').toLowerCase();
  const addresses = ['IPv4Address', 'IPv6Address'].flatMap((key) => parseAddress(textAt(member, key).split('/')[0] ?? '') ?? []);
  if (addresses.length === 0) return undefined;
  return {
    network: textAt(answer, 'Id'),
    networkName: textAt(answer, 'Name').slice(0, 253),
    addresses: [...addresses, ...linkLocalOf(addresses, mac)],
    gateways: [],
    ...(MAC.test(mac) ? { mac } : {}),
    aliases: [],
  };
}

function readAddresses(endpoint: JsonObject, keys: readonly string[]): readonly Address[] {
  return keys.flatMap((key) => parseAddress(textAt(endpoint, key)) ?? []);
}

/**
 * The address the kernel gives each link with IPv6 by itself (RFC 4291, appendix A). The engine does
 * not tell of it, and neighbours on a bridge can be reached by it as well as by any other.
 */
function linkLocalOf(addresses: readonly Address[], mac: string): readonly Address[] {
  if (!MAC.test(mac) || !addresses.some(({ family }) => family === 6)) return [];
  const bits = BigInt(`0x${mac.replaceAll(':', '')}`);
  const upper = (bits >> 24n) ^ 0x020000n;
  return [addressFromBits(6, (0xfe80n << 112n) | (upper << 40n) | (0xfffen << 24n) | (bits & 0xffffffn))];
}
