import { type Flow, type FlowEnd, type ObservedPeer, type ObservedRelationship, parseAddress, workloadKey } from '#model';

/** More addresses of one server outside than are asked about one by one. */
const MOST_ADDRESSES = 8;

/**
 * What was observed as flows to replay: everything that got through and was last seen at `since` or
 * later. A server outside that has several addresses is one flow an address, its connections
 * shared out among them. `line` is the place in what was observed.
 */
export function replayedFlows(observed: readonly ObservedRelationship[], since: number): readonly Flow[] {
  return observed.flatMap((relationship, at): readonly Flow[] => {
    const { protocol, port, connections, bytes, lastSeen, applications } = relationship;
    if (lastSeen < since || connections === 0) return [];
    const [application] = applications;
    const rest = {
      time: String(lastSeen),
      protocol,
      port,
      // more than one protocol on a port: nothing is known of a single connection
      ...(applications.length === 1 && application !== undefined ? { application } : {}),
      forwarded: true,
      line: at + 1,
    };
    const ends = endsOf(relationship.from).flatMap((from) => endsOf(relationship.to).map((to) => ({ from, to })));
    return ends.map((pair, index) => ({ ...rest, ...pair, count: share(connections, ends.length, index), bytes: share(bytes, ends.length, index) }));
  });
}

function endsOf(peer: ObservedPeer): readonly FlowEnd[] {
  switch (peer.kind) {
    case 'workload':
      return [{ workload: workloadKey(peer.workload), names: [] }];
    case 'entity':
      return [{ names: [], entity: peer.entity }];
    case 'node':
      return [{ names: [], entity: 'node' }];
    case 'service': {
      const [namespace = '', name = ''] = peer.service.split('/');
      return [{ names: [`${name}.${namespace}.svc`] }];
    }
    case 'external': {
      const names = parseAddress(peer.host) === undefined ? [peer.host] : [];
      const addresses = peer.addresses.slice(0, MOST_ADDRESSES).flatMap((text) => parseAddress(text) ?? []);
      return addresses.length === 0 ? [{ names: [peer.host] }] : addresses.map((address) => ({ address, names }));
    }
  }
}

// Whole connections, and not one of them lost.
function share(total: number, parts: number, index: number): number {
  return Math.floor(total / parts) + (index < total % parts ? 1 : 0);
}
