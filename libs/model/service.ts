import type { Address } from './address.ts';
import type { Labels } from './labels.ts';
import type { Origin } from './origin.ts';
import type { Protocol } from './protocol.ts';
import type { WorkloadRef } from './workload-ref.ts';

export interface ServicePort {
  readonly name?: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** A pod port number, or the name of one, which may differ from pod to pod. */
  readonly targetPort: number | string;
  readonly nodePort?: number;
  readonly appProtocol?: string;
}

/**
 * A name that leads to pods.
 *
 * In Kubernetes `selector` chooses them; no selector at all chooses none (it is served by
 * EndpointSlices somebody writes), and never all. In Compose every service name and alias is one,
 * with `workloads` given and `ports` empty: any port of the container can be reached.
 */
export interface Service {
  readonly namespace: string;
  readonly name: string;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName' | 'Compose';
  readonly selector?: Labels;
  readonly workloads?: readonly WorkloadRef[];
  readonly ports: readonly ServicePort[];
  readonly headless: boolean;
  readonly externalName?: string;
  readonly clusterAddresses: readonly Address[];
  /** externalIPs and load balancer addresses. */
  readonly externalAddresses: readonly Address[];
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly origin: Origin;
}

/** The addresses behind a Service as an EndpointSlice (or Endpoints) lists them. */
export interface EndpointSlice {
  readonly namespace: string;
  readonly name: string;
  readonly service: string;
  readonly endpoints: readonly { readonly addresses: readonly Address[]; readonly pod?: string; readonly ready: boolean }[];
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly protocol: Protocol }[];
  readonly origin: Origin;
}
