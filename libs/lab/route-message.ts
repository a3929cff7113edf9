import type { Address } from '#model';

const NLM_F_REQUEST = 0x1;
const NLM_F_REPLACE = 0x100;
const NLM_F_EXCL = 0x200;
const NLM_F_CREATE = 0x400;

const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_SETLINK = 19;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_NEWNEIGH = 28;
const RTM_NEWRULE = 32;
const RTM_DELRULE = 33;

const AF_INET = 2;
const AF_BRIDGE = 7;
const AF_INET6 = 10;
const IFF_UP = 1;

const MAIN_TABLE = 254;
/** Where the kernel keeps the host's own addresses. */
export const LOCAL_TABLE = 255;

type Attribute = readonly [type: number, value: Buffer];

/** A request to the kernel's routing part, without the number that tells its answer from others. */
export interface RouteRequest {
  /** What it does, for messages about failure. */
  readonly what: string;
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export interface LinkEnd {
  readonly name: string;
  readonly index: number;
  readonly mac: string;
}

/** Makes two linked ends, one here and one in the namespace that `peerNamespace` (a descriptor) holds. */
export function addVeth(here: LinkEnd, peer: LinkEnd, peerNamespace: number): RouteRequest {
  const peerAttributes = attributes([[IFLA.name, text(peer.name)], [IFLA.address, macBytes(peer.mac)], [IFLA.namespaceFd, u32(peerNamespace)]]);
  const info = attributes([
    [IFLA_INFO_KIND, text('veth')],
    [IFLA_INFO_DATA, attributes([[VETH_INFO_PEER, Buffer.concat([linkHeader(peer.index), peerAttributes])]])],
  ]);
  return {
    what: `link ${here.name} to ${peer.name}`,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: Buffer.concat([linkHeader(here.index), attributes([[IFLA.name, text(here.name)], [IFLA.address, macBytes(here.mac)], [IFLA.linkInfo, info]])]),
  };
}

export function addBridge(here: LinkEnd): RouteRequest {
  const info = attributes([[IFLA_INFO_KIND, text('bridge')]]);
  return {
    what: `add bridge ${here.name}`,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: Buffer.concat([linkHeader(here.index), attributes([[IFLA.name, text(here.name)], [IFLA.address, macBytes(here.mac)], [IFLA.linkInfo, info]])]),
  };
}

export function setMaster(index: number, bridge: number): RouteRequest {
  return { what: `put link ${String(index)} on bridge ${String(bridge)}`, type: RTM_NEWLINK, flags: 0, body: Buffer.concat([linkHeader(index), attributes([[IFLA.master, u32(bridge)]])]) };
}

/** Lets a bridge send a packet out again where it came in, as a pod that reaches itself by the router needs. */
export function setHairpin(index: number): RouteRequest {
  const header = linkHeader(index);
  header.writeUInt8(AF_BRIDGE, 0);
  return { what: `let link ${String(index)} turn packets round`, type: RTM_SETLINK, flags: 0, body: Buffer.concat([header, attributes([[IFLA.protocolInfo | NESTED, attributes([[IFLA_BRPORT_MODE, Buffer.from([1])]])]])]) };
}

export function setUp(index: number): RouteRequest {
  return { what: `bring up link ${String(index)}`, type: RTM_NEWLINK, flags: 0, body: linkHeader(index, IFF_UP) };
}

export function deleteLink(index: number): RouteRequest {
  return { what: `delete link ${String(index)}`, type: RTM_DELLINK, flags: 0, body: linkHeader(index) };
}

/** An address of its own, with no network around it. */
export function addAddress(index: number, address: Address): RouteRequest {
  return { what: `add address ${address.text}`, type: RTM_NEWADDR, flags: NLM_F_CREATE | NLM_F_REPLACE, body: addressBody(index, address) };
}

export function deleteAddress(index: number, address: Address): RouteRequest {
  return { what: `delete address ${address.text}`, type: RTM_DELADDR, flags: 0, body: addressBody(index, address) };
}

export type RouteTarget =
  | { readonly kind: 'via'; readonly index: number; readonly gateway: Address }
  | { readonly kind: 'on link'; readonly index: number }
  /** What comes for it has arrived. */
  | { readonly kind: 'local' };

export interface Route {
  readonly destination: Address | 'v4' | 'v6';
  readonly target: RouteTarget;
  readonly table?: number;
}

/** A route to one address, or to all of a family; takes the place of the one there is. */
export function setRoute(route: Route): RouteRequest {
  return { what: `route ${routeText(route)}`, type: RTM_NEWROUTE, flags: NLM_F_CREATE | NLM_F_REPLACE, body: routeBody(route) };
}

export function deleteRoute(route: Route): RouteRequest {
  return { what: `delete route ${routeText(route)}`, type: RTM_DELROUTE, flags: 0, body: routeBody(route) };
}

/** Says for good which hardware address an address is at, so that nobody has to ask. */
export function addNeighbour(index: number, address: Address, mac: string): RouteRequest {
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(address.family), 0);
  header.writeInt32LE(index, 4);
  header.writeUInt16LE(0x80, 8); // permanent
  return {
    what: `add neighbour ${address.text}`,
    type: RTM_NEWNEIGH,
    flags: NLM_F_CREATE | NLM_F_REPLACE,
    body: Buffer.concat([header, attributes([[1, addressBytes(address)], [2, macBytes(mac)]])]),
  };
}

/**
 * Looks in the main table before the one of the host's own addresses, which may then hold every
 * address there is. The kernel takes only addresses of that table for ones it can speak from.
 */
export function mainBeforeLocal(family: 4 | 6): readonly RouteRequest[] {
  const rule = (priority: number): Buffer => {
    const header = Buffer.alloc(12);
    header.writeUInt8(familyNumber(family), 0);
    header.writeUInt8(LOCAL_TABLE, 4);
    header.writeUInt8(1, 7); // look up in a table
    return Buffer.concat([header, attributes([[6, u32(priority)]])]);
  };
  return [
    { what: 'look in the local table last', type: RTM_NEWRULE, flags: NLM_F_CREATE | NLM_F_EXCL, body: rule(40_000) },
    { what: 'look in the local table no more first', type: RTM_DELRULE, flags: 0, body: rule(0) },
  ];
}

/** The bytes of a request with its number. Only a failure is answered. */
export function routeMessage({ type, flags, body }: RouteRequest, sequence: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags | NLM_F_REQUEST, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}

const IFLA = { address: 1, name: 3, master: 10, protocolInfo: 12, linkInfo: 18, namespaceFd: 28 } as const;
const NESTED = 0x8000;
const IFLA_BRPORT_MODE = 4;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const RTA = { destination: 1, link: 4, gateway: 5, table: 15, via: 18 } as const;

function linkHeader(index: number, flags = 0): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(flags, 12);
  return header;
}

function addressBody(index: number, address: Address): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(familyNumber(address.family), 0);
  header.writeUInt8(address.family === 4 ? 32 : 128, 1);
  header.writeUInt32LE(index, 4);
  const bytes = addressBytes(address);
  // no duplicate detection (which takes seconds), no route beside ours
  return Buffer.concat([header, attributes([[1, bytes], [2, bytes], [8, u32(0x02 | 0x200)]])]);
}

function routeBody({ destination, target, table = MAIN_TABLE }: Route): Buffer {
  const family = typeof destination === 'string' ? (destination === 'v4' ? 4 : 6) : destination.family;
  const header = Buffer.alloc(12);
  header.writeUInt8(familyNumber(family), 0);
  header.writeUInt8(typeof destination === 'string' ? 0 : family === 4 ? 32 : 128, 1);
  header.writeUInt8(table, 4);
  header.writeUInt8(3, 5); // set at boot: not by a routing daemon, nor by the kernel
  header.writeUInt8(target.kind === 'via' ? 0 : target.kind === 'local' ? 254 : 253, 6);
  header.writeUInt8(target.kind === 'local' ? 2 : 1, 7);
  // the gateway is there, whatever the addresses of the link say
  header.writeUInt32LE(target.kind === 'via' ? 4 : 0, 8);
  const found: Attribute[] = typeof destination === 'string' ? [] : [[RTA.destination, addressBytes(destination)]];
  found.push([RTA.link, u32(target.kind === 'local' ? 1 : target.index)]);
  if (target.kind === 'via') found.push(gatewayAttribute(family, target.gateway));
  return Buffer.concat([header, attributes(found)]);
}

function gatewayAttribute(family: 4 | 6, gateway: Address): Attribute {
  if (gateway.family === family) return [RTA.gateway, addressBytes(gateway)];
  const kind = Buffer.alloc(2);
  kind.writeUInt16LE(familyNumber(gateway.family));
  return [RTA.via, Buffer.concat([kind, addressBytes(gateway)])];
}

function routeText({ destination, target }: Route): string {
  return `${typeof destination === 'string' ? `default ${destination}` : destination.text} ${target.kind}`;
}

function attributes(list: readonly Attribute[]): Buffer {
  return Buffer.concat(
    list.map(([type, value]) => {
      const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
      bytes.writeUInt16LE(4 + value.length, 0);
      bytes.writeUInt16LE(type, 2);
      value.copy(bytes, 4);
      return bytes;
    }),
  );
}

function familyNumber(family: 4 | 6): number {
  return family === 4 ? AF_INET : AF_INET6;
}

/** An address in network order. */
export function addressBytes({ family, bits }: Address): Buffer {
  return Buffer.from(bits.toString(16).padStart(family === 4 ? 8 : 32, '0'), 'hex');
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
