import { type Address, type Endpoint, type PodKey, podKey, type Snapshot } from '#model';

/** One node of a lab and the addresses it answers to itself. */
export interface LabNode {
  readonly name: string;
  readonly addresses: readonly Address[];
}

/** One pod that has its own addresses. */
export interface LabPod {
  readonly key: PodKey;
  readonly node: string;
  readonly addresses: readonly Address[];
}

/** What a lab builds: nodes, and pods with a network of their own; everything else is outside. */
export interface LabWorld {
  readonly nodes: readonly LabNode[];
  readonly pods: readonly LabPod[];
}

/** The part of a snapshot that has addresses. A pod that has no node is nowhere, and left out. */
export function labWorldOf(snapshot: Snapshot): LabWorld {
  const present = [...snapshot.pods.values()].filter(({ phase, node }) => phase !== 'finished' && node !== undefined);
  const nodes = new Map<string, Map<string, Address>>();
  const addTo = (node: string, addresses: readonly Address[]): void => {
    const known = nodes.get(node) ?? new Map<string, Address>();
    for (const address of addresses) known.set(address.text, address);
    nodes.set(node, known);
  };
  // in the order pods use them, so that equal shapes take equal places
  for (const { node = '', hostNetwork, addresses } of present) addTo(node, hostNetwork ? addresses : []);
  for (const { name, addresses } of snapshot.nodes.values()) addTo(name, addresses);
  return {
    nodes: [...nodes].map(([name, addresses]) => ({ name, addresses: [...addresses.values()] })),
    pods: present.filter(({ hostNetwork }) => !hostNetwork).map((pod) => ({ key: podKey(pod), node: pod.node ?? '', addresses: pod.addresses })),
  };
}

/** Where an end of a connection lives. */
export type LabPlace = { readonly kind: 'pod'; readonly pod: PodKey } | { readonly kind: 'node'; readonly node: string } | { readonly kind: 'outside' };

/** Finds the places of ends; an address that belongs to nobody is outside. */
export function placesIn({ nodes, pods }: LabWorld): (end: Endpoint) => LabPlace {
  const byAddress = new Map<string, LabPlace>();
  for (const { name, addresses } of nodes) for (const { text } of addresses) byAddress.set(text, { kind: 'node', node: name });
  for (const { key, addresses } of pods) for (const { text } of addresses) byAddress.set(text, { kind: 'pod', pod: key });
  return (end) => {
    if (end.kind === 'pod' && !end.pod.hostNetwork) return { kind: 'pod', pod: podKey(end.pod) };
    if (end.kind === 'pod' && end.pod.node !== undefined) return { kind: 'node', node: end.pod.node };
    return byAddress.get(end.address.text) ?? { kind: 'outside' };
  };
}
