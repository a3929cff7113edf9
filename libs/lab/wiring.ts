import { type Address, parseAddress } from '#model';

import { addBridge, addNeighbour, addVeth, type LinkEnd, type RouteRequest, setHairpin, setMaster, setUp } from './route-message.ts';
import type { NetworkNamespace } from './network-namespace.ts';

/*
 * How a lab is wired. Every link is a pair of ends whose hardware addresses are settled
 * beforehand, so that nobody ever has to ask for one and no first packet has to wait.
 *
 *   pod p ─ eth<n> ──────── pod<p> ─ node n ─ fabric ──────── n<n> ─ world
 *         fe80::2          fe80::1          fe80::2          fe80::1
 *
 * `world` is the wire between the nodes and everything outside at once: it routes addresses of pods
 * and nodes to their node, and takes any other address for its own. There is no way out of it.
 */

export const UPPER = known('fe80::1');
export const LOWER = known('fe80::2');

export const FABRIC = 2;

/** The number of a node's link in the world. */
export function worldLink(node: number): number {
  return 100 + node;
}

/** The number of a pod's link on its node. */
export function podLink(pod: number): number {
  return 100 + pod;
}

export function podLinkName(pod: number): string {
  return `pod${String(pod)}`;
}

/** The number of a link to a node in a pod. */
export function nodeLink(node: number): number {
  return 10 + node;
}

/** Requests for the upper and for the lower namespace of a link. */
export interface Wire {
  readonly upper: readonly RouteRequest[];
  readonly lower: readonly RouteRequest[];
}

export function wireNode(node: number, namespace: NetworkNamespace): Wire {
  return wire({ name: `n${String(node)}`, index: worldLink(node), mac: mac(1, node, 0) }, { name: 'fabric', index: FABRIC, mac: mac(2, node, 0) }, namespace);
}

/** The bridge of a node whose pods are on one, as with Docker; its pods then also reach each other without the router. */
export const BRIDGE = 50;
export const BRIDGE_NAME = 'br0';

export function bridgeOf(node: number): readonly RouteRequest[] {
  return [addBridge({ name: BRIDGE_NAME, index: BRIDGE, mac: mac(7, node, 0) }), setUp(BRIDGE)];
}

/** Where a node finds a pod on its bridge. */
export function onBridge(pod: number): Address {
  return known(`fe80::b:${(pod + 1).toString(16)}`);
}

export function podMac(pod: number, node: number): string {
  return mac(4, node, pod);
}

export function wireBridged(pod: number, node: number, namespace: NetworkNamespace): Wire {
  const { upper, lower } = wirePod(pod, node, namespace);
  return {
    upper: [...upper, setMaster(podLink(pod), BRIDGE), setHairpin(podLink(pod)), addNeighbour(BRIDGE, onBridge(pod), podMac(pod, node))],
    lower: [...lower, addNeighbour(nodeLink(node), UPPER, mac(7, node, 0))],
  };
}

export function wirePod(pod: number, node: number, namespace: NetworkNamespace): Wire {
  return wire({ name: podLinkName(pod), index: podLink(pod), mac: mac(3, node, pod) }, { name: `eth${String(node)}`, index: nodeLink(node), mac: podMac(pod, node) }, namespace);
}

export function wire(upper: LinkEnd, lower: LinkEnd, namespace: NetworkNamespace): Wire {
  return {
    upper: [addVeth(upper, lower, namespace.fd), setUp(upper.index), addNeighbour(upper.index, LOWER, lower.mac)],
    lower: [setUp(lower.index), addNeighbour(lower.index, UPPER, upper.mac)],
  };
}

/** What every namespace of a lab is set to before it gets links. */
export const QUIET: Readonly<Record<string, string>> = {
  // no address of its own on a link, nothing said unasked
  'net.ipv6.conf.default.addr_gen_mode': '1',
  'net.ipv6.conf.default.accept_ra': '0',
  'net.ipv6.conf.default.accept_dad': '0',
  'net.ipv6.conf.default.router_solicitations': '0',
  'net.ipv4.conf.all.rp_filter': '0',
  'net.ipv4.conf.default.rp_filter': '0',
  'net.ipv4.conf.all.accept_local': '1',
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv4.conf.default.send_redirects': '0',
};

export const ROUTER: Readonly<Record<string, string>> = {
  ...QUIET,
  'net.ipv4.ip_forward': '1',
  'net.ipv6.conf.all.forwarding': '1',
};

/** Bridged packets pass the rules of the inet family too, as Docker and Kubernetes ask for. */
export const BRIDGED_ROUTER: Readonly<Record<string, string>> = {
  ...ROUTER,
  'net.bridge.bridge-nf-call-iptables': '1',
  'net.bridge.bridge-nf-call-ip6tables': '1',
};

export function mac(kind: number, node: number, pod: number): string {
  const byte = (value: number): string => (value & 255).toString(16).padStart(2, '0');
  return ['02', byte(kind), byte(node >> 8), byte(node), byte(pod >> 8), byte(pod)].join(':');
}

export function known(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`lab: ${text} is no address`);
  return address;
}
