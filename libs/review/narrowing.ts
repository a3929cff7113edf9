import { type Peer, type PortMatch, prefixCovers, PROTOCOLS, type Rule, workloadKey } from '#model';
import { type PortSet, portSet, subtractPorts } from '#policy';

/**
 * Says why these peers and ports are not certainly a part of what the rule lets through; undefined
 * where they are. What needs a snapshot to tell counts as not certain.
 */
export function whyNotNarrower(rule: Rule, { peers, ports }: { readonly peers?: readonly Peer[]; readonly ports?: readonly PortMatch[] }): string | undefined {
  if (peers === undefined && ports === undefined) return 'it narrows neither peers nor ports';
  const widerPeer = peers?.find((peer) => rule.peers !== 'any' && !rule.peers.some((known) => covers(known, peer)));
  if (widerPeer !== undefined) return `a peer (${peerName(widerPeer)}) is no part of what the rule names`;
  const widerPort = ports?.find((port) => rule.ports !== 'any' && !coversPort(rule.ports, port));
  return widerPort === undefined ? undefined : `a port (${portName(widerPort)}) is no part of what the rule names`;
}

function covers(known: Peer, peer: Peer): boolean {
  if (known.kind === 'cidr' && peer.kind === 'cidr') {
    // a hole of the known block has to be outside the new one, or a hole of it too
    return prefixCovers(known.cidr, peer.cidr) && known.except.every((hole) => peer.except.some((own) => prefixCovers(own, hole)) || !(prefixCovers(peer.cidr, hole) || prefixCovers(hole, peer.cidr)));
  }
  if (known.kind === 'pods' && peer.kind === 'pods') {
    return sameText(known.namespaces, peer.namespaces) && known.pods.requirements.every((asked) => peer.pods.requirements.some((own) => sameText(own, asked)));
  }
  if (known.kind === 'nodes' && peer.kind === 'nodes') return known.nodes.requirements.every((asked) => peer.nodes.requirements.some((own) => sameText(own, asked)));
  if (known.kind === 'workload' && peer.kind === 'workload') return workloadKey(known.workload) === workloadKey(peer.workload);
  if (known.kind === 'host' && peer.kind === 'host') return known.host === peer.host && known.isExact === peer.isExact;
  return known.kind === 'entity' && peer.kind === 'entity' && known.entity === peer.entity;
}

function coversPort(known: readonly PortMatch[], port: PortMatch): boolean {
  if (port.kind === 'named') return known.some((one) => sameText(one, port) || isWholeProtocol(one, port.protocol)) || (port.protocol === 'any' && PROTOCOLS.every((protocol) => known.some((one) => isWholeProtocol(one, protocol))));
  return subtractPorts(portsOf([port]), portsOf(known)).length === 0;
}

function isWholeProtocol(port: PortMatch, protocol: PortMatch['protocol']): boolean {
  return port.kind === 'protocol' && port.protocol === protocol;
}

function portsOf(ports: readonly PortMatch[]): PortSet {
  return portSet(ports.flatMap((port) => (port.kind === 'named' ? [] : port.kind === 'protocol' ? [{ protocol: port.protocol, ...everyPort(port.protocol) }] : [port])));
}

function everyPort(protocol: string): { readonly from: number; readonly to: number } {
  return protocol === 'ICMP' ? { from: 0, to: 0 } : { from: 1, to: 65_535 };
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function peerName(peer: Peer): string {
  switch (peer.kind) {
    case 'workload':
      return workloadKey(peer.workload);
    case 'cidr':
      return peer.cidr.text;
    case 'host':
      return peer.host;
    case 'entity':
      return peer.entity;
    case 'pods':
      return 'pods by labels';
    case 'nodes':
      return 'nodes';
  }
}

function portName(port: PortMatch): string {
  if (port.kind === 'protocol') return port.protocol;
  if (port.kind === 'named') return `${port.name}/${port.protocol}`;
  return `${port.from === port.to ? String(port.from) : `${String(port.from)}-${String(port.to)}`}/${port.protocol}`;
}
