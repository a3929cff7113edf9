import type { Direction, Entity, Labels, PortMatch, Prefix } from '#model';

/**
 * One thing that policies are known to kill, as data: when it applies, what it adds, and the
 * sentence that says why. Written as YAML under `policies/catalogue/`, one file per entry.
 */
export interface CatalogueEntry {
  readonly name: string;
  readonly title: string;
  /** What breaks without it, in one sentence. */
  readonly why: string;
  readonly groundings: readonly EntityGrounding[];
  readonly rules: readonly CatalogueRule[];
  readonly hosts: readonly KnownHost[];
}

/** All entries that are in force. Their order means nothing. */
export interface Catalogue {
  readonly entries: readonly CatalogueEntry[];
}

/**
 * How to say an entity in pods and addresses. `ingress`: the entity connects to the workload;
 * `egress`: the workload connects to the entity. Steps are tried in order and the first that finds
 * something counts, so the last one should always find something.
 */
export interface EntityGrounding {
  readonly entity: Entity;
  readonly direction: Direction;
  /** Ports that stand in for the relationship's own, which is a Service's and not that of the process behind it. */
  readonly ports?: readonly PortMatch[];
  readonly steps: readonly GroundingStep[];
}

export type GroundingStep = GroundingWay & { readonly widening?: string };

export type GroundingWay =
  /** The addresses and ports an EndpointSlice lists for a Service. */
  | { readonly by: 'endpoints'; readonly namespace: string; readonly service: string }
  /** The addresses of known nodes; example nodes are not known ones. */
  | { readonly by: 'nodes'; readonly labels: Labels }
  /** Workloads of the input. */
  | { readonly by: 'workloads'; readonly anyOf: readonly WorkloadMatch[] }
  /** Pods by labels, in the input or not. No namespace: any. */
  | { readonly by: 'pods'; readonly namespace?: string; readonly labels: Labels }
  /** Every address, in the cluster and outside. */
  | { readonly by: 'anyone' }
  /** No rule is needed: the network lets this through by itself. */
  | { readonly by: 'nothing' };

/** A rule added to every workload it applies to whose direction is closed. */
export interface CatalogueRule {
  readonly direction: Direction;
  readonly applies: Applicability;
  readonly peers: readonly CataloguePeer[] | 'any';
  readonly ports: readonly PortMatch[] | 'any';
  readonly application?: string;
  readonly why: string;
  readonly widening?: string;
}

export type CataloguePeer =
  | { readonly kind: 'pods'; readonly namespace?: string; readonly labels: Labels }
  | { readonly kind: 'cidr'; readonly cidr: Prefix }
  /** The addresses clients know a Service by, where the input has it. */
  | { readonly kind: 'service'; readonly namespace: string; readonly service: string }
  /** The workload's own pods. */
  | { readonly kind: 'own' }
  /** The peers the other rules of this direction name. */
  | { readonly kind: 'peers' }
  | { readonly kind: 'entity'; readonly entity: Entity };

/** Holds when one of `anyOf` matches (or there is none) and none of `noneOf` does. */
export interface Applicability {
  readonly platforms: readonly ('kubernetes' | 'compose' | 'host')[];
  readonly anyOf: readonly WorkloadMatch[];
  readonly noneOf: readonly WorkloadMatch[];
}

/** Conditions on a workload, all of which have to hold; a value of `*` asks for the key alone. */
export interface WorkloadMatch {
  readonly kinds?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly podLabels?: Labels;
  readonly podAnnotations?: Labels;
  readonly namespaceLabels?: Labels;
  readonly namespaceAnnotations?: Labels;
  /** The last parts of an image's path, without registry and tag: `prometheus`, `ingress-nginx/controller`. */
  readonly images?: readonly string[];
  readonly minReplicas?: number;
  /** Its governing Service is headless, so that its pods find each other by name. */
  readonly isHeadless?: boolean;
}

/** Names of addresses that are closed to every other rule and open only to a workload that names them. */
export interface KnownHost {
  readonly host: string;
  readonly addresses: readonly Prefix[];
}
