import { type Address, addressFromBits, assertNever, type Entity, type Flow, type FlowEnd, type ObservedPeer, type ObservedRelationship, parseAddress, parsePrefix, podKey, type Snapshot, workloadKey, type WorkloadRef } from '#model';

/** More addresses or pods of one end than are asked about one by one. */
const MOST_ENDS = 8;

/**
 * What was observed as flows to replay: everything that got through, between workloads that are
 * still there. Where an end has several addresses the connections
 * are shared out among them. `line` is the place in what was observed.
 */
export function replayedFlows(observed: readonly ObservedRelationship[], snapshot: Snapshot): readonly Flow[] {
  const cluster = new Cluster(snapshot);
  return observed.flatMap((relationship, at): readonly Flow[] => {
    const { from, to, protocol, port, bytes, lastSeen, applications, reporters } = relationship;
    const connections = throughOf(relationship);
    if (connections === 0) return [];
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
    // a node reaches its own pods and no others, so with a node it matters on which nodes it was seen
    const seenOn = from.kind === 'node' || to.kind === 'node' ? reporters : undefined;
    const pairs = cluster.endsOf(from, seenOn).flatMap((sender) => cluster.endsOf(to, seenOn).map((receiver) => ({ from: sender, to: receiver })));
    return pairs.map((pair, index) => ({ ...rest, ...pair, count: share(connections, pairs.length, index), bytes: share(bytes, pairs.length, index) })).filter(({ count }) => count > 0);
  });
}

// Earlier releases told connections of Hubble's that would be denied apart from those let through.
function throughOf({ connections, wouldBeDenied, denied }: ObservedRelationship): number {
  return denied > 0 ? connections : Math.max(connections, wouldBeDenied);
}

class Cluster {
  readonly #snapshot: Snapshot;
  #podsByWorkload: ReadonlyMap<string, readonly { readonly key: string; readonly node: string | undefined }[]> | undefined;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Whom an end is replayed as; nobody where a workload is gone or has no pod. */
  endsOf(peer: ObservedPeer, seenOn: readonly string[] | undefined): readonly FlowEnd[] {
    switch (peer.kind) {
      case 'workload':
        return this.#workload(peer.workload, seenOn);
      case 'entity':
        return this.#entity(peer.entity);
      case 'node': {
        const address = this.#snapshot.nodes.get(peer.node)?.addresses[0];
        return address === undefined ? [] : [{ address, names: [] }];
      }
      case 'service': {
        const [namespace = '', name = ''] = peer.service.split('/');
        return [{ names: [`${name}.${namespace}.svc`] }];
      }
      case 'external':
        return external(peer);
      default:
        return assertNever(peer);
    }
  }

  #workload(workload: WorkloadRef, seenOn: readonly string[] | undefined): readonly FlowEnd[] {
    const key = workloadKey(workload);
    this.#podsByWorkload ??= podsByWorkload(this.#snapshot);
    const pods = this.#podsByWorkload.get(key) ?? [];
    const there = pods.filter(({ node }) => node !== undefined && seenOn?.includes(node) === true);
    if (there.length > 0) return there.slice(0, MOST_ENDS).map((pod) => ({ pod: pod.key, names: [] }));
    return pods.length === 0 ? [] : [{ workload: key, names: [] }];
  }

  #entity(entity: Entity): readonly FlowEnd[] {
    if (entity === 'internet' || entity === 'any') return [{ names: ['internet.invalid'] }];
    const addresses = entity === 'kube-apiserver' ? this.#snapshot.endpointSlices.filter(({ namespace, service }) => namespace === 'default' && service === 'kubernetes').flatMap(({ endpoints }) => endpoints.flatMap((one) => one.addresses)) : [];
    return addresses.length === 0 ? [{ names: [], entity }] : addresses.slice(0, 1).map((address) => ({ address, names: [] }));
  }
}

function external({ host, addresses }: Extract<ObservedPeer, { readonly kind: 'external' }>): readonly FlowEnd[] {
  const names = parseAddress(host) === undefined && parsePrefix(host) === undefined ? [host] : [];
  const known = addresses.flatMap((text) => parseAddress(text) ?? firstOf(text) ?? []);
  const first = known.length > 0 ? known : [parseAddress(host) ?? firstOf(host)].filter((one) => one !== undefined);
  return first.length === 0 ? [{ names: [host] }] : first.slice(0, MOST_ENDS).map((address) => ({ address, names }));
}

// Many hosts told as one block: its first address stands for them.
function firstOf(text: string): Address | undefined {
  const block = parsePrefix(text);
  return block === undefined ? undefined : addressFromBits(block.family, block.first);
}

function podsByWorkload({ pods }: Snapshot): ReadonlyMap<string, readonly { readonly key: string; readonly node: string | undefined }[]> {
  const running = [...pods.values()].filter(({ phase }) => phase !== 'finished');
  return new Map([...Map.groupBy(running, ({ workload }) => workloadKey(workload))].map(([key, own]) => [key, own.map((pod) => ({ key: podKey(pod), node: pod.node }))]));
}

// Whole connections, and not one of them lost.
function share(total: number, parts: number, index: number): number {
  return Math.floor(total / parts) + (index < total % parts ? 1 : 0);
}
