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

/** How a container hangs on one network of its host. */
export interface PodInterface {
  readonly network: string;
  /** The bridge on the host whose port the other end is; absent where the network is no bridge. */
  readonly bridge?: string;
  readonly mac?: string;
  readonly addresses: readonly Address[];
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
  /** Milliseconds since 1970, where the source tells: it had no address before. */
  readonly startedAt?: number;
  /** True where the input held no pods and this one stands for a replica, with an example address. */
  readonly isExample: boolean;
  /** Where an engine tells: the networks it is on, and its first process as the host numbers it. */
  readonly interfaces?: readonly PodInterface[];
  readonly process?: number;
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

/** A bridge of a node that containers are plugged into. */
export interface NodeBridge {
  readonly network: string;
  /** The name of its link, which is what rules see packets come in by. */
  readonly interface: string;
  readonly blocks: readonly string[];
}

export interface Node {
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: readonly Address[];
  /** The blocks its pods get their addresses from (`spec.podCIDRs`). */
  readonly podCidrs: readonly string[];
  readonly bridges?: readonly NodeBridge[];
  /** By family, whether packets between two ports of one bridge pass its rules; absent where nobody says. */
  readonly filtersBridges?: { readonly v4: boolean; readonly v6: boolean };
  readonly isExample: boolean;
}
