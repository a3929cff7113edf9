import {
  type Address,
  compareAddresses,
  type Direction,
  type Entity,
  EVERYTHING,
  hostPrefix,
  isHostProgram,
  labelOf,
  type LabelRequirement,
  type Labels,
  type LabelSelector,
  type NamespaceSelection,
  type Node,
  type Peer,
  type PortMatch,
  type Prefix,
  type Snapshot,
  type Workload,
  workloadKey,
  type WorkloadRef,
} from '#model';

import type { Catalogue, EntityGrounding, GroundingStep } from './catalogue.ts';
import { matches } from './workload-match.ts';

/** One way to say a peer: who it is, on which ports where those are better known than the relationship's, and what it opens besides. */
export interface GroundedPeers {
  readonly peers: readonly Peer[] | 'any';
  readonly ports?: readonly PortMatch[];
  readonly widenings: readonly string[];
}

/** Says peers in workloads, pods and addresses, each entity worked out once for a whole snapshot. */
export class PeerGrounding {
  readonly snapshot: Snapshot;
  readonly #catalogue: Catalogue;
  readonly #known = new Map<string, readonly GroundedPeers[]>();

  constructor(snapshot: Snapshot, catalogue: Catalogue) {
    this.snapshot = snapshot;
    this.#catalogue = catalogue;
  }

  /**
   * Says an entity by the catalogue's grounding for it. Several where ports differ from address to
   * address; none where no rule is needed.
   *
   * An entity the catalogue does not know is anyone, and billed: leaving it out would cut it off.
   */
  ofEntity(entity: Entity, direction: Direction): readonly GroundedPeers[] {
    const key = `${direction} ${entity}`;
    const known = this.#known.get(key) ?? groundEntity(entity, direction, this.snapshot, this.#catalogue);
    this.#known.set(key, known);
    return known;
  }

  /** Says a workload. One on its node's network has no address of its own, so it is its nodes, or anyone where those are not known; a program of a plain host is its host. */
  ofWorkload(ref: WorkloadRef, direction: Direction): GroundedPeers {
    return groundWorkload(ref, direction, this.snapshot);
  }

  /** Blocks only a workload that names their host gets to. */
  ofKnownHost(host: string): readonly Prefix[] {
    const name = host.toLowerCase().replace(/\.$/, '');
    return this.#catalogue.entries.flatMap((entry) => entry.hosts).filter((each) => each.host === name).flatMap((each) => each.addresses);
  }
}

function groundEntity(entity: Entity, direction: Direction, snapshot: Snapshot, catalogue: Catalogue): readonly GroundedPeers[] {
  if (entity === 'internet' && direction === 'egress') return [{ peers: [{ kind: 'entity', entity }], widenings: [] }];
  const grounding = groundingOf(entity, direction, catalogue);
  for (const step of grounding?.steps ?? []) {
    const found = take(step, snapshot);
    if (found !== undefined) return found.map((each) => withPorts(each, grounding));
  }
  return [withPorts({ peers: 'any', widenings: [`nothing says which addresses ${entity} has, so any peer is let through`] }, grounding)];
}

function groundWorkload(ref: WorkloadRef, direction: Direction, snapshot: Snapshot): GroundedPeers {
  const workload = snapshot.workloads.get(workloadKey(ref));
  if (workload?.hostNetwork !== true) return { peers: [{ kind: 'workload', workload: ref }], widenings: [] };
  if (isHostProgram(ref)) return { peers: [{ kind: 'workload', workload: ref }], widenings: [`${workloadKey(ref)} shares the addresses of host ${ref.namespace}, so everything on that host is let through`] };
  const nodes = knownNodes(snapshot, {});
  const whose = `${workloadKey(ref)} shares the network of its node`;
  if (nodes.length > 0) return { peers: blocksOf(nodes), widenings: [`${whose}, so everything on the known nodes is let through`] };
  const verb = direction === 'ingress' ? 'any source is let in' : 'any destination is let through';
  return { peers: 'any', widenings: [`${whose} and no node is known, so ${verb}`] };
}

function groundingOf(entity: Entity, direction: Direction, catalogue: Catalogue): EntityGrounding | undefined {
  return catalogue.entries.flatMap((entry) => entry.groundings).find((each) => each.entity === entity && each.direction === direction);
}

// undefined: this step finds nothing, try the next; []: no rule is needed
function take(step: GroundingStep, snapshot: Snapshot): readonly GroundedPeers[] | undefined {
  const widenings = step.widening === undefined ? [] : [step.widening];
  switch (step.by) {
    case 'nothing':
      return [];
    case 'anyone':
      return [{ peers: 'any', widenings }];
    case 'pods':
      return [{ peers: [podsPeer(step.labels, step.namespace)], widenings }];
    case 'nodes': {
      const nodes = knownNodes(snapshot, step.labels);
      return nodes.length === 0 ? undefined : [{ peers: blocksOf(nodes), widenings }];
    }
    case 'workloads': {
      const found = [...snapshot.workloads.values()].filter((workload) => step.anyOf.some((match) => matches(match, workload, snapshot)));
      return workloadsPeers(found, widenings);
    }
    case 'endpoints':
      return endpointPeers(step.namespace, step.service, snapshot, widenings);
  }
}

function workloadsPeers(found: readonly Workload[], widenings: readonly string[]): readonly GroundedPeers[] | undefined {
  // on a node's network they come from addresses nobody can tell apart from the node's: a later step has to do
  if (found.length === 0 || found.some((workload) => workload.hostNetwork)) return undefined;
  return [{ peers: found.map(({ ref }) => ({ kind: 'workload', workload: ref })), widenings }];
}

function endpointPeers(namespace: string, service: string, snapshot: Snapshot, widenings: readonly string[]): readonly GroundedPeers[] | undefined {
  const slices = snapshot.endpointSlices.filter((slice) => slice.namespace === namespace && slice.service === service);
  const found = slices.flatMap((slice): readonly GroundedPeers[] => {
    const addresses = slice.endpoints.flatMap((endpoint) => endpoint.addresses);
    if (addresses.length === 0 || slice.ports.length === 0) return [];
    const ports = slice.ports.map(({ port, protocol }): PortMatch => ({ kind: 'range', protocol, from: port, to: port }));
    return [{ peers: addressBlocks(addresses), ports, widenings }];
  });
  return found.length === 0 ? undefined : found;
}

function withPorts(grounded: GroundedPeers, grounding: EntityGrounding | undefined): GroundedPeers {
  if (grounded.ports !== undefined || grounding?.ports === undefined) return grounded;
  return { ...grounded, ports: grounding.ports };
}

/** Nodes that were in the input: the addresses of example ones are made up. */
function knownNodes(snapshot: Snapshot, labels: Labels): readonly Node[] {
  return [...snapshot.nodes.values()].filter(
    (node) => !node.isExample && node.addresses.length > 0 && Object.entries(labels).every(([key, value]) => carries(node.labels, key, value)),
  );
}

function carries(labels: Labels, key: string, value: string): boolean {
  const found = labelOf(labels, key);
  return value === '*' ? found !== undefined : found === value;
}

function blocksOf(nodes: readonly Node[]): readonly Peer[] {
  return addressBlocks(nodes.flatMap((node) => node.addresses));
}

export function addressBlocks(addresses: readonly Address[]): readonly Peer[] {
  return [...addresses].sort(compareAddresses).map((address) => ({ kind: 'cidr', cidr: hostPrefix(address), except: [] }));
}

export function podsPeer(labels: Labels, namespace: string | undefined): Peer {
  const namespaces: NamespaceSelection = namespace === undefined ? { kind: 'selector', selector: EVERYTHING } : { kind: 'name', name: namespace };
  return { kind: 'pods', namespaces, pods: selectorOf(labels) };
}

function selectorOf(labels: Labels): LabelSelector {
  const requirements = Object.keys(labels)
    .sort()
    .map((key): LabelRequirement => {
      const value = labels[key] ?? '';
      return value === '*' ? { key, operator: 'Exists', values: [] } : { key, operator: 'In', values: [value] };
    });
  return { requirements };
}
