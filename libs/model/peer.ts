import type { LabelSelector } from './labels.ts';
import type { Prefix } from './prefix.ts';
import type { Protocol } from './protocol.ts';
import type { Entity, WorkloadRef } from './workload-ref.ts';

/** Which namespaces a selection reaches into. */
export type NamespaceSelection =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'selector'; readonly selector: LabelSelector };

/** Pods by the labels of their namespace and their own; host-network pods are never among them. */
export interface PodSelection {
  readonly namespaces: NamespaceSelection;
  readonly pods: LabelSelector;
}

/**
 * The other end of a rule.
 *
 * `pods`, `cidr` and `nodes` are what the Kubernetes policy APIs can say; `workload`, `host` and
 * `entity` are what learning says and compilers lower: a workload to its own pods, a host (an
 * external DNS name) and an entity to known addresses or, failing that, to a billed widening.
 * `isExact` marks a host an imported policy names: it means this name's own addresses and is never widened.
 * A reference that resolves to nothing is the empty set: it opens nothing.
 */
export type Peer =
  | ({ readonly kind: 'pods' } & PodSelection)
  | { readonly kind: 'cidr'; readonly cidr: Prefix; readonly except: readonly Prefix[] }
  | { readonly kind: 'nodes'; readonly nodes: LabelSelector }
  | { readonly kind: 'workload'; readonly workload: WorkloadRef }
  | { readonly kind: 'host'; readonly host: string; readonly isExact?: true }
  | { readonly kind: 'entity'; readonly entity: Entity };

/** Ports on the destination; `to` is inclusive. A named port is looked up on each destination pod, by name and protocol together. */
export type PortMatch =
  | { readonly kind: 'range'; readonly protocol: Protocol; readonly from: number; readonly to: number }
  | { readonly kind: 'named'; readonly protocol: Protocol | 'any'; readonly name: string }
  | { readonly kind: 'protocol'; readonly protocol: Protocol };
