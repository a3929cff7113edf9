import type { FlowVerdict, ObservedApplication, ObservedProcess } from './flow-report.ts';
import type { PodKey } from './pod.ts';
import type { Protocol } from './protocol.ts';
import type { Entity, WorkloadRef } from './workload-ref.ts';

/**
 * Who an end of a flow was at the time of the flow.
 *
 * `node`: an address of a node is the node itself or any of its host-network pods (`mayBe`), and
 * is never taken for one of them. `service`: an address of a Service nobody translated.
 * `unattributed`: inside the cluster's own ranges, but nobody, or more than one, held it then;
 * `holders` are the pods, nodes or Services that did at that time, or last before it.
 */
export type FlowParty =
  | { readonly kind: 'workload'; readonly workload: WorkloadRef; readonly pod: PodKey }
  | { readonly kind: 'node'; readonly node: string; readonly mayBe: readonly WorkloadRef[] }
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'external'; readonly address: string; readonly names: readonly string[]; readonly entity?: Entity }
  | { readonly kind: 'unattributed'; readonly address: string; readonly why: UnattributedWhy; readonly holders: readonly string[] };

export type UnattributedWhy = 'nobody held it' | 'nobody held it any more' | 'several held it' | 'it is no address' | 'its sender was forged';

/** A flow with its ends told by who held their addresses then, not by who holds them now. */
export interface AttributedFlow {
  readonly reporter: string;
  /** At which end the reporter stood: a connection between two nodes is reported by both, and counts once. */
  readonly seenAt: 'client' | 'server' | 'both';
  /** Milliseconds since 1970: the stretch of time its report is about. */
  readonly from: number;
  readonly to: number;
  readonly client: FlowParty;
  readonly server: FlowParty;
  /** `namespace/name` of the Service the client asked for, where one stood between. */
  readonly service?: string;
  /** True where the client asked for a node port or a load balancer, so that the server sees the address of the node that translated, which is the reporter. */
  readonly isMasqueraded?: true;
  readonly protocol: Protocol;
  /** Where the server listens, after Service translation; null for ICMP. */
  readonly port: number | null;
  readonly verdict: FlowVerdict;
  readonly connections: number;
  /** Connections that go on, and may be counted already; absent: none. */
  readonly ongoing?: number;
  /** At which end the rules stand that refuse it, or would; absent: the reporter does not say. */
  readonly judgedAt?: 'client' | 'server';
  /** Connections known to be answered; absent: the reporter cannot tell. */
  readonly replied?: number;
  /** Both ways. */
  readonly bytes: number;
  readonly applications: readonly ObservedApplication[];
  readonly processes: readonly ObservedProcess[];
}
