import { adoptPolicies } from '#policy';
import { type Address, compareText, type Labels, type Namespace, type Node, parseAddress, type Pod, podKey, type Policy, type Revision, type Snapshot } from '#model';

import { CaseError, type CasePod } from './case.ts';
import type { ClusterState } from './cluster-state.ts';

/** Where the pods that name no node run: all on one, or each on its own. */
export type Placement = 'together' | 'apart';

/** A case as engines see it. */
export interface World {
  readonly snapshot: Snapshot;
  readonly revision: Revision;
}

/** The placements that differ for this cluster: one where every pod names its node, or has to be on a certain one. */
export function placementsOf(state: ClusterState): readonly Placement[] {
  const free = [...state.pods.values()].filter((pod) => pod.node === undefined && !pod.hostNetwork);
  return free.length < 2 ? ['together'] : ['together', 'apart'];
}

/**
 * Builds the world of a state in one placement; labels are exactly as given, no label is added.
 *
 * A host-network pod that names no node runs on the node whose address it has. The nodes made up
 * for the other pods have no addresses of their own, so `nodes` peers never mean them.
 */
export function worldOf(state: ClusterState, policies: readonly Policy[], placement: Placement, origin: { readonly file: string; readonly line: number }): World {
  const nodes = new Map<string, Node>();
  for (const { name, labels, ips } of state.nodes) nodes.set(name, makeNode(name, labels, ips));
  const given = [...state.pods.values()];
  // a node nobody describes has the addresses of what runs on its network
  for (const pod of given.filter(({ hostNetwork }) => hostNetwork)) {
    const node = nodeOf(pod, nodes, placement);
    if (!nodes.has(node)) nodes.set(node, makeNode(node, {}, pod.ips));
  }
  const pods = given.map((pod): Pod => {
    const node = nodeOf(pod, nodes, placement);
    if (!nodes.has(node)) nodes.set(node, makeNode(node, {}, []));
    return {
      namespace: pod.namespace,
      name: pod.name,
      labels: pod.labels,
      node,
      hostNetwork: pod.hostNetwork,
      addresses: pod.ips.map(addressOf),
      ports: pod.ports.filter((port) => !port.isUndeclared).map(({ name, port, protocol }) => ({ ...(name === undefined ? {} : { name }), port, protocol })),
      workload: { namespace: pod.namespace, kind: 'Pod', name: pod.name },
      phase: 'running',
      isExample: false,
      origin,
    };
  });
  return { snapshot: makeSnapshot(state, nodes, pods, policies), revision: adoptPolicies(policies) };
}

function nodeOf(pod: CasePod, nodes: ReadonlyMap<string, Node>, placement: Placement): string {
  if (pod.node !== undefined) return pod.node;
  if (pod.hostNetwork) {
    const [first = ''] = pod.ips;
    const found = [...nodes.values()].find((node) => node.addresses.some((address) => address.text === parseAddress(first)?.text));
    return found?.name ?? `node-at-${first}`;
  }
  return placement === 'together' ? 'node-of-all' : `node-of-${pod.namespace}-${pod.name}`;
}

function makeNode(name: string, labels: Labels, ips: readonly string[]): Node {
  return { name, labels, addresses: ips.map(addressOf), podCidrs: [], isExample: false };
}

export function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new CaseError(`${JSON.stringify(text)} is no address`);
  return address;
}

function makeSnapshot(state: ClusterState, nodes: ReadonlyMap<string, Node>, pods: readonly Pod[], policies: readonly Policy[]): Snapshot {
  const used = new Map<string, Namespace>(pods.map(({ namespace }) => [namespace, { name: namespace, labels: {}, isDeclared: true }]));
  for (const [name, labels] of state.namespaces) used.set(name, { name, labels, isDeclared: true });
  return {
    namespaces: sorted(used),
    nodes: sorted(nodes),
    workloads: new Map(),
    pods: sorted(new Map(pods.map((pod) => [podKey(pod), pod]))),
    services: new Map(),
    endpointSlices: [],
    configMaps: new Map(),
    secrets: new Map(),
    serviceAccounts: new Map(),
    roleGrants: [],
    routes: [],
    apiServerCallbacks: [],
    monitors: [],
    customResources: [],
    policies,
    diagnostics: [],
  };
}

function sorted<T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...map].sort(([a], [b]) => compareText(a, b)));
}
