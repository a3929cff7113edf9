import { type GraphPeer, type ObservedPeer, type ObservedRelationship, type Protocol, type Service, type Snapshot, type WorkloadRef, workloadKey } from '#model';

import type { ServiceBackends } from '../service-backends.ts';

/** An observation in the words of the graph; `note` says what stands between the two, where something does. */
export interface GraphEnds {
  readonly from: GraphPeer;
  readonly to: GraphPeer;
  readonly host?: string;
  readonly port: number | null;
  readonly note?: string;
}

const KUBELET_PORT = 10_250;

/**
 * Says observations in the words of the graph, which has none for nodes, Services and hosts.
 *
 * A Service, and a node port, lead to the workloads behind. An address of a node is its kubelet
 * or any workload on its network: those that declare the port are named, each with that doubt.
 */
export class ObservedEnds {
  readonly #snapshot: Snapshot;
  readonly #backends: ServiceBackends;
  readonly #nodePorts: ReadonlyMap<string, Service>;

  constructor(snapshot: Snapshot, backends: ServiceBackends) {
    this.#snapshot = snapshot;
    this.#backends = backends;
    const nodePorts = [...snapshot.services.values()].flatMap((service) => service.ports.flatMap(({ nodePort, protocol }) => (nodePort === undefined ? [] : [[portKey(nodePort, protocol), service] as const])));
    this.#nodePorts = new Map(nodePorts);
  }

  endsOf(observed: ObservedRelationship): readonly GraphEnds[] {
    const clients = this.#clients(observed.from);
    return this.#servers(observed).flatMap((server) => clients.map((client) => joined(client, server)));
  }

  #clients(peer: ObservedPeer): readonly Pick<GraphEnds, 'from' | 'note'>[] {
    switch (peer.kind) {
      case 'workload':
        return [{ from: peer.workload }];
      case 'entity':
        return [{ from: peer.entity }];
      case 'external':
        return [{ from: 'internet', note: `from ${peer.host}` }];
      case 'node':
        return [{ from: 'kubelet', note: `from the address of node ${peer.node}, ${sharedBy(peer.mayBe)}` }];
      case 'service':
        return [{ from: 'any', note: `from the address of Service ${peer.service}` }];
    }
  }

  #servers({ to, port, protocol }: ObservedRelationship): readonly Omit<GraphEnds, 'from'>[] {
    switch (to.kind) {
      case 'workload':
        return [{ to: to.workload, port }];
      case 'entity':
        return [{ to: to.entity, port }];
      case 'external':
        return [{ to: 'internet', host: to.host, port }];
      case 'service':
        return this.#behind(this.#snapshot.services.get(to.service), port, protocol, `asked for as Service ${to.service}, which nobody translated`);
      case 'node': {
        const service = port === null ? undefined : this.#nodePorts.get(portKey(port, protocol));
        if (service !== undefined) {
          const servicePort = service.ports.find(({ nodePort }) => nodePort === port)?.port ?? null;
          return this.#behind(service, servicePort, protocol, `through node port ${String(port)} of ${to.node}`);
        }
        const declaring = to.mayBe.filter((ref) => this.#declares(ref, port, protocol));
        const note = `at the address of node ${to.node}, ${sharedBy(to.mayBe)}`;
        if (declaring.length > 0) return declaring.map((ref) => ({ to: ref, port, note: `${note}; this port is what ${ref.kind} ${ref.name} declares` }));
        return [{ to: 'kubelet', port, note: port === KUBELET_PORT ? `at the address of node ${to.node}` : note }];
      }
    }
  }

  #behind(service: Service | undefined, port: number | null, protocol: Protocol, note: string): readonly Omit<GraphEnds, 'from'>[] {
    if (service === undefined) return [];
    return this.#backends.backendsOf(service, port ?? undefined).flatMap((backend) => (backend.protocol === protocol ? [{ to: backend.workload.ref, port: backend.port, note }] : []));
  }

  #declares(ref: WorkloadRef, port: number | null, protocol: Protocol): boolean {
    const workload = this.#snapshot.workloads.get(workloadKey(ref));
    return workload !== undefined && workload.containers.some(({ ports }) => ports.some((each) => each.protocol === protocol && (each.port === port || each.hostPort === port)));
  }
}

function joined(client: Pick<GraphEnds, 'from' | 'note'>, server: Omit<GraphEnds, 'from'>): GraphEnds {
  const notes = [client.note, server.note].flatMap((note) => note ?? []);
  const { to, host, port } = server;
  return { from: client.from, to, ...(host === undefined ? {} : { host }), port, ...(notes.length === 0 ? {} : { note: notes.join(', ') }) };
}

function sharedBy(mayBe: readonly WorkloadRef[]): string {
  return mayBe.length === 0 ? 'so by whatever runs on its network' : `which is shared by ${mayBe.slice(0, 3).map(({ kind, name }) => `${kind} ${name}`).join(', ')}${mayBe.length > 3 ? ` and ${String(mayBe.length - 3)} more` : ''}`;
}

function portKey(port: number, protocol: Protocol): string {
  return `${String(port)}/${protocol}`;
}
