import { type Direction, hostPrefix, isPortNumber, type ObservedPeer, type ObservedRelationship, parseAddress, parsePrefix, type Peer, type Prefix, prefixCovers, type Snapshot, type Workload } from '#model';

import { otherEnd } from './observed-index.ts';
import { addressBlocks, type GroundedPeers, type PeerGrounding } from './peer-grounding.ts';
import { portText } from './rule-draft.ts';

/** How to say the other end of something observed. None where no rule is needed, or where nothing can be said. */
export function observedPeers(observed: ObservedRelationship, workload: Workload, direction: Direction, grounding: PeerGrounding): readonly GroundedPeers[] {
  const peer = otherEnd(observed, direction);
  switch (peer.kind) {
    case 'workload':
      return [grounding.ofWorkload(peer.workload, direction)];
    case 'entity':
      return grounding.ofEntity(peer.entity, direction);
    case 'node':
      return direction === 'ingress' && isProbe(observed, workload) ? [] : [nodePeers(peer.node, grounding.snapshot)];
    case 'service':
      // nobody behind it is known to have been asked
      return [];
    case 'external':
      return [outsidePeers(peer, observed, direction, grounding.snapshot)];
  }
}

// a node reaches its own pods whatever the rules say, and a rule would let everything on the node in
function isProbe({ port, protocol }: ObservedRelationship, { containers }: Workload): boolean {
  return containers.some(({ probes, ports }) =>
    probes.some((probe) => probe.protocol === protocol && (probe.port === port || ports.some(({ name, port: number }) => name === probe.port && number === port))),
  );
}

function nodePeers(name: string, snapshot: Snapshot): GroundedPeers {
  const node = snapshot.nodes.get(name);
  if (node === undefined || node.isExample || node.addresses.length === 0) {
    return { peers: 'any', widenings: [`no address of node ${name} is known, so any peer is let through`] };
  }
  return { peers: addressBlocks(node.addresses), widenings: [`it comes from or goes to node ${name} or whatever shares its network, so everything on that node is let through`] };
}

function outsidePeers({ host, addresses }: Extract<ObservedPeer, { kind: 'external' }>, observed: ObservedRelationship, direction: Direction, snapshot: Snapshot): GroundedPeers {
  const address = parseAddress(host);
  if (address !== undefined) return { peers: [block(hostPrefix(address))], widenings: [] };
  const prefix = parsePrefix(host);
  if (prefix !== undefined) return blockPeers(prefix, direction, snapshot);
  const seen = addresses.flatMap((each) => parseAddress(each) ?? []);
  if (direction === 'ingress') return { peers: addressBlocks(seen), widenings: [] };
  const where = observed.port !== null && isPortNumber(observed.port) ? `${String(observed.port)}/${observed.protocol}` : portText({ kind: 'protocol', protocol: observed.protocol });
  return { peers: [{ kind: 'host', host }], widenings: [`${host} is a name: where only addresses can be said, ${where} is open to the whole public internet`] };
}

function blockPeers(prefix: Prefix, direction: Direction, snapshot: Snapshot): GroundedPeers {
  if (prefix.length === 0) {
    const widenings = ['hosts outside are too many to be kept apart, so all of the internet is let through'];
    return direction === 'egress' ? { peers: [{ kind: 'entity', entity: 'internet' }], widenings } : { peers: 'any', widenings };
  }
  const pods = [...snapshot.nodes.values()].flatMap((node) => node.podCidrs.flatMap((cidr) => parsePrefix(cidr) ?? []));
  const peer: Peer = { kind: 'cidr', cidr: prefix, except: pods.filter((each) => prefixCovers(prefix, each)) };
  return { peers: [peer], widenings: [`hosts outside are too many to be kept apart, so all of ${prefix.text} is let through`] };
}

function block(cidr: Prefix): Peer {
  return { kind: 'cidr', cidr, except: [] };
}
