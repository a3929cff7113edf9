import type { ApiServerCallback, CustomResource, Monitor, RoleGrant, Route, ServiceAccount } from './cluster-object.ts';
import type { ConfigMap, Secret } from './config-object.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { HostWays } from './host-ways.ts';
import type { Namespace, Node, Pod, PodKey } from './pod.ts';
import type { Policy } from './policy.ts';
import type { EndpointSlice, Service } from './service.ts';
import type { Workload } from './workload.ts';
import type { WorkloadKey } from './workload-ref.ts';

/**
 * Everything known at one moment, valid and cross-checked: the answer depends on the objects
 * present, never on the order they came. Maps iterate in sorted key order.
 */
export interface Snapshot {
  readonly namespaces: ReadonlyMap<string, Namespace>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly workloads: ReadonlyMap<WorkloadKey, Workload>;
  readonly pods: ReadonlyMap<PodKey, Pod>;
  readonly services: ReadonlyMap<string, Service>;
  readonly endpointSlices: readonly EndpointSlice[];
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly serviceAccounts: ReadonlyMap<string, ServiceAccount>;
  readonly roleGrants: readonly RoleGrant[];
  readonly routes: readonly Route[];
  readonly apiServerCallbacks: readonly ApiServerCallback[];
  readonly monitors: readonly Monitor[];
  readonly customResources: readonly CustomResource[];
  /** Policies found in the input: NetworkPolicies and the admin tiers. */
  readonly policies: readonly Policy[];
  /** How plain hosts stay reachable; absent: on the usual port. */
  readonly hostWays?: HostWays;
  readonly diagnostics: readonly Diagnostic[];
}
