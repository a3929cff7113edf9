import { EnforcedLab, type LabPlace, LabServers, namePrefix, runningPods, talk, type TalkOutcome, type Way } from '#lab';
import { podKey } from '#model';

import type { LabCluster } from './lab-cluster.ts';
import { type Attempt, planTraffic } from './lab-traffic.ts';

/** One namespace, for people. */
export interface LabHostStatus {
  readonly name: string;
  readonly kind: 'node' | 'pod' | 'outside';
  /** The node a pod is on. */
  readonly node: string | null;
  /** For `ip netns exec`. */
  readonly namespace: string;
  readonly addresses: readonly string[];
  /** Ports a server answers on. */
  readonly ports: readonly string[];
}

export interface LabStatus {
  readonly pid: number;
  readonly isEnforced: boolean;
  readonly policies: number;
  readonly hosts: readonly LabHostStatus[];
  readonly services: readonly { readonly name: string; readonly address: string; readonly port: string; readonly backends: number }[];
}

/** What came of one attempt; `arrived`: no conversation was possible, but the packet came through. */
export interface TrafficResult {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly expected: 'allowed' | 'forbidden';
  readonly outcomes: readonly { readonly family: 4 | 6; readonly outcome: TalkOutcome | 'arrived'; readonly service: string | null }[];
}

export interface TrafficReport {
  readonly isEnforced: boolean;
  readonly results: readonly TrafficResult[];
  /** Relationships one end of which is nowhere in the lab: `from -> to port`. */
  readonly leftOut: readonly string[];
}

const PATIENCE_MS = 1_500;
const AT_ONCE = 200;

/** A lab people look at: named namespaces, and a server on every port that pods declare. */
export class LabHolder {
  readonly #cluster: LabCluster;
  readonly #lab: EnforcedLab;
  readonly #isEnforced: boolean;
  readonly #servers: LabServers;

  constructor(cluster: LabCluster, isEnforced: boolean) {
    this.#cluster = cluster;
    this.#isEnforced = isEnforced;
    this.#lab = new EnforcedLab({ prefix: namePrefix() });
    this.#servers = new LabServers(this.#lab.lab);
    try {
      this.#lab.show(cluster.snapshot, isEnforced ? cluster.bundles : new Map());
      this.#lab.translate(cluster.services);
      const outside = cluster.graph.relationships.filter(({ to }) => to === 'internet').map(({ protocol, port }) => ({ protocol, port: port ?? 443 }));
      this.#servers.open(cluster.snapshot, outside);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  status(): LabStatus {
    const { snapshot, revision, services } = this.#cluster;
    const hosts: LabHostStatus[] = [this.#hostStatus('outside', { kind: 'outside' }, null, [])];
    for (const { name, addresses } of snapshot.nodes.values()) hosts.push(this.#hostStatus(name, { kind: 'node', node: name }, null, addresses.map(({ text }) => text)));
    for (const pod of runningPods(snapshot)) if (!pod.hostNetwork) hosts.push(this.#hostStatus(podKey(pod), { kind: 'pod', pod: podKey(pod) }, pod.node ?? null, pod.addresses.map(({ text }) => text)));
    return {
      pid: process.pid,
      isEnforced: this.#isEnforced,
      policies: revision.policies.length,
      hosts,
      services: services.map(({ service, address, port, protocol, backends }) => ({ name: service, address: address.text, port: `${String(port)}/${protocol}`, backends: backends.length })),
    };
  }

  async traffic(): Promise<TrafficReport> {
    const { attempts, leftOut } = planTraffic(this.#cluster);
    const results: TrafficResult[] = [];
    for (let at = 0; at < attempts.length; at += AT_ONCE) results.push(...(await Promise.all(attempts.slice(at, at + AT_ONCE).map((attempt) => this.#try(attempt)))));
    return {
      isEnforced: this.#isEnforced,
      results,
      leftOut: leftOut.map(({ from, to, port, protocol }) => `${typeof from === 'string' ? from : `${from.namespace}/${from.name}`} -> ${typeof to === 'string' ? to : `${to.namespace}/${to.name}`} ${port === null ? 'any' : String(port)}/${protocol}`),
    };
  }

  close(): void {
    this.#servers.close();
    this.#lab.close();
  }

  async #try({ from, to, port, isAllowed, isHttp, ways }: Attempt): Promise<TrafficResult> {
    const outcomes = await Promise.all(ways.map(async (way) => ({ family: way.connection.to.address.family, outcome: await this.#goBy(way, isHttp), service: way.by?.service ?? null })));
    return { from, to, port, expected: isAllowed ? 'allowed' : 'forbidden', outcomes };
  }

  async #goBy({ connection, by }: Way, isHttp: boolean): Promise<TalkOutcome | 'arrived'> {
    const { from, to, protocol, port } = connection;
    // an answer of the outside to a datagram would come from another of its addresses
    if (protocol === 'TCP' || (protocol === 'UDP' && to.kind === 'pod')) {
      const { namespace } = this.#lab.hostOf(from);
      return talk({ namespace, from: from.address, to: by?.address ?? to.address, port: by?.port ?? port, protocol, isHttp }, PATIENCE_MS);
    }
    // there are no servers for the others: whether the first packet arrives is all there is to see
    const [outcome] = this.#lab.probe([connection]);
    return outcome?.kind === 'arrived' ? 'arrived' : 'died';
  }

  #hostStatus(name: string, place: LabPlace, node: string | null, addresses: readonly string[]): LabHostStatus {
    const ports = this.#servers.at(place).map(({ port, protocol }) => `${String(port)}/${protocol}`);
    return { name, kind: place.kind, node, namespace: this.#lab.lab.at(place).namespace.name ?? '', addresses, ports };
  }
}
