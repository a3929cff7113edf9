import {
  type Direction,
  type GraphPeer,
  graphPeerKey,
  isPortNumber,
  type Peer,
  type PortMatch,
  parseAddress,
  hostPrefix,
  type Relationship,
} from '#model';

import type { GroundedPeers, PeerGrounding } from './peer-grounding.ts';
import { portText, type RuleDraft } from './rule-draft.ts';

/** The rules one relationship asks for at one of its ends: `ingress` at the server's, `egress` at the client's. */
export function rulesFor(relationship: Relationship, direction: Direction, grounding: PeerGrounding): readonly RuleDraft[] {
  const peer = direction === 'ingress' ? relationship.from : relationship.to;
  const { application, tier, confidence, evidence } = relationship;
  return ground(peer, relationship, direction, grounding).map(({ peers, ports = portsOf(relationship), widenings }) => ({
    peers,
    ports,
    ...(application === undefined ? {} : { application }),
    tier,
    confidence,
    evidence,
    why: reason(peer, relationship, direction, ports),
    widenings: [...widenings, ...portWidenings(relationship, ports)],
  }));
}

function ground(peer: GraphPeer, relationship: Relationship, direction: Direction, grounding: PeerGrounding): readonly GroundedPeers[] {
  if (typeof peer !== 'string') return [grounding.ofWorkload(peer, direction)];
  if (peer === 'internet' && direction === 'egress' && relationship.host !== undefined) {
    return [groundHost(relationship.host, relationship, grounding)];
  }
  return grounding.ofEntity(peer, direction);
}

function groundHost(host: string, relationship: Relationship, grounding: PeerGrounding): GroundedPeers {
  const address = parseAddress(host);
  if (address !== undefined) return { peers: [block(hostPrefix(address))], widenings: [] };
  const known = grounding.ofKnownHost(host);
  if (known.length > 0) return { peers: known.map(block), widenings: [] };
  const port = portsOf(relationship).map(portText).join(', ');
  return { peers: [{ kind: 'host', host }], widenings: [`${host} is a name: where only addresses can be said, ${port} is open to the whole public internet`] };
}

function block(cidr: Extract<Peer, { kind: 'cidr' }>['cidr']): Peer {
  return { kind: 'cidr', cidr, except: [] };
}

// where the port is a guess, none of the pair is closed: the client may use another, and over UDP
function portsOf({ port, protocol, isPortGuessed }: Relationship): readonly PortMatch[] {
  if (isPortGuessed === true) return [{ kind: 'protocol', protocol: 'TCP' }, { kind: 'protocol', protocol: 'UDP' }];
  return [port !== null && isPortNumber(port) && protocol !== 'ICMP' ? { kind: 'range', protocol, from: port, to: port } : { kind: 'protocol', protocol }];
}

function portWidenings({ port, protocol, isPortGuessed }: Relationship, ports: readonly PortMatch[]): readonly string[] {
  if (!ports.some((each) => each.kind === 'protocol')) return [];
  if (isPortGuessed === true) return [`the port is not written down${port === null ? '' : ` (likely ${String(port)})`}, so every TCP and UDP port is open`];
  return protocol === 'ICMP' ? [] : [`the port is not known, so every ${protocol} port is open`];
}

function reason(peer: GraphPeer, { host, evidence }: Relationship, direction: Direction, ports: readonly PortMatch[]): string {
  const name = peer === 'internet' && host !== undefined ? host : graphPeerKey(peer);
  const what = direction === 'ingress' ? `${name} connects to it` : `it connects to ${name}`;
  const [first] = evidence;
  return `${what} on ${ports.map(portText).join(', ')}${first === undefined ? '' : `: ${first.text}`}`;
}
