import type { Address } from './address.ts';
import type { Labels } from './labels.ts';
import type { Origin } from './origin.ts';
import type { Protocol } from './protocol.ts';
import type { WorkloadRef } from './workload-ref.ts';

export interface PodPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/**
 * One running (or about to run) pod or container with addresses of its own.
 *
 * A host-network pod carries its node's addresses, which are not its alone. A finished pod keeps
 * its object but has given its addresses back.
 */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly node?: string;
  readonly hostNetwork: boolean;
  readonly addresses: readonly Address[];
  readonly ports: readonly PodPort[];
  readonly workload: WorkloadRef;
  readonly phase: 'pending' | 'running' | 'finished';
  /** True where the input held no pods and this one stands for a replica, with an example address. */
  readonly isExample: boolean;
  readonly origin: Origin;
}

/** `namespace/name`. */
export type PodKey = string;

export function podKey(pod: { readonly namespace: string; readonly name: string }): PodKey {
  return `${pod.namespace}/${pod.name}`;
}

export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
  /** Absent where only its objects were in the input. */
  readonly annotations?: Labels;
  /** False where only its objects were in the input; its labels are then the one label Kubernetes always adds. */
  readonly isDeclared: boolean;
}

export interface Node {
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: readonly Address[];
  /** The blocks its pods get their addresses from (`spec.podCIDRs`). */
  readonly podCidrs: readonly string[];
  readonly isExample: boolean;
}
