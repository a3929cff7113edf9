import type { FlowReport, ObservedFlow, Pod, Snapshot } from '#model';
import { workloadKey } from '#model';

import { Random } from './random.ts';

/** What every workload calls: a port of the workload so many places after it, or a host outside. */
const CALLS = [1, 3, 7, 19, 53, 131, 367, 701, 1_009, 1_511, 1_999, 2_503, 3_001, 3_779].map((offset, at) => ({ offset, port: [8080, 5432, 6379, 9092, 443, 53][at % 6] ?? 0 }));
const OUTSIDE = 2;

/**
 * Reports as the nodes of a cluster would send them: every workload calls the same few others and
 * two hosts outside, over both families; a connection between two nodes is in the reports of both.
 */
export class FlowStream {
  readonly nodes: readonly string[];
  /** Different relationships there are. */
  readonly relationships: number;
  readonly #flows: number;
  readonly #random: Random;
  readonly #workloads: readonly (readonly Pod[])[];
  readonly #places = new Map<string, number>();
  readonly #byNode = new Map<string, Pod[]>();

  /** `flows`: how many are in each report. */
  constructor(snapshot: Snapshot, flows: number, seed: number) {
    this.#flows = flows;
    this.#random = new Random(seed);
    const workloads: Pod[][] = [];
    for (const pod of snapshot.pods.values()) {
      const key = workloadKey(pod.workload);
      const place = this.#places.get(key) ?? workloads.length;
      if (place === workloads.length) workloads.push([]);
      this.#places.set(key, place);
      workloads[place]?.push(pod);
      const here = this.#byNode.get(pod.node ?? '') ?? [];
      here.push(pod);
      this.#byNode.set(pod.node ?? '', here);
    }
    this.#workloads = workloads;
    this.relationships = workloads.length * (CALLS.length + OUTSIDE);
    this.nodes = [...this.#byNode.keys()].sort();
  }

  report(node: string, from: number, to: number): FlowReport {
    const pods = this.#byNode.get(node) ?? [];
    const flows = Array.from({ length: this.#flows }, (_, at) => (at % 2 === 0 ? this.#called(this.#random.pick(pods), node) : this.#served(this.#random.pick(pods), node)));
    return { reporter: node, from, to, flows, loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, overflowed: [], foreign: 0 };
  }

  #called(from: Pod, node: string): ObservedFlow {
    const place = this.#placeOf(from);
    const at = this.#random.below(CALLS.length + OUTSIDE);
    const call = CALLS[at];
    if (call !== undefined) return this.#flow(from, this.#podAt(place + call.offset), call.port, node);
    const host = (place * OUTSIDE + at) % 2_000;
    const name = `api-${String(host)}.example.com`;
    const server = { address: `203.0.${String(host >> 8)}.${String(host & 255)}`, names: [name] };
    return { ...this.#flow(from, from, 443, node), client: this.#end(from, 0, node), server };
  }

  #served(to: Pod, node: string): ObservedFlow {
    const call = this.#random.pick(CALLS);
    return this.#flow(this.#podAt(this.#placeOf(to) - call.offset), to, call.port, node);
  }

  #flow(from: Pod, to: Pod, port: number, node: string): ObservedFlow {
    const family = this.#random.below(2);
    const connections = 1 + this.#random.below(5);
    return {
      client: this.#end(from, family, node),
      server: this.#end(to, family, node),
      protocol: port === 53 ? 'UDP' : 'TCP',
      port,
      verdict: 'allowed',
      egressRule: 0,
      ingressRule: 0,
      connections,
      alive: 0,
      ended: connections,
      replied: connections,
      sentBytes: 500,
      receivedBytes: 5_000,
      sentPackets: 5,
      receivedPackets: 8,
      longestMs: 20,
      applications: port === 5432 ? [{ protocol: 'postgresql', connections: 1 }] : [],
      processes: this.#random.chance(0.1) ? [{ end: 'client', name: 'java', connections: 1 }] : [],
    };
  }

  // each text is one of its own, as they come off the wire
  #end(pod: Pod, family: number, node: string): ObservedFlow['client'] {
    const address = Buffer.from(pod.addresses[family]?.text ?? '').toString();
    return pod.node === node ? { address, pod: Buffer.from(`${pod.namespace}/${pod.name}`).toString() } : { address };
  }

  #placeOf({ workload }: Pod): number {
    return this.#places.get(workloadKey(workload)) ?? 0;
  }

  #podAt(place: number): Pod {
    const count = this.#workloads.length;
    return this.#random.pick(this.#workloads[(place + count) % count] ?? []);
  }
}
