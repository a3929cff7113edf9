import type { Address, Node, Pod, Service, Snapshot } from '#model';

import { holdsAddresses } from './address-holders.ts';

/** Who holds an address. */
export type AddressOwner =
  | { readonly kind: 'pod'; readonly pod: Pod }
  | { readonly kind: 'node'; readonly node: Node }
  | { readonly kind: 'service'; readonly service: Service };

/** Who holds which address in one snapshot. */
export interface AddressClaims {
  /**
   * The owner of an address, or undefined where nobody in the snapshot has it. A pod comes before a
   * node, a node before a Service; of two pods with one address the first by name.
   */
  readonly ownerOf: (address: Address) => AddressOwner | undefined;
}

/**
 * Reads the claims off a snapshot.
 *
 * A finished pod has given its addresses back, and a host-network pod never had its own: the node
 * holds them.
 */
export function addressClaims(snapshot: Snapshot): AddressClaims {
  const owners = new Map<string, AddressOwner>();
  for (const service of snapshot.services.values()) {
    for (const { text } of [...service.clusterAddresses, ...service.externalAddresses]) {
      if (!owners.has(text)) owners.set(text, { kind: 'service', service });
    }
  }
  for (const node of snapshot.nodes.values()) {
    for (const { text } of node.addresses) {
      if (owners.get(text)?.kind !== 'node') owners.set(text, { kind: 'node', node });
    }
  }
  for (const pod of snapshot.pods.values()) {
    if (!holdsAddresses(pod)) continue;
    for (const { text } of pod.addresses) {
      if (owners.get(text)?.kind !== 'pod') owners.set(text, { kind: 'pod', pod });
    }
  }
  return { ownerOf: (address) => owners.get(address.text) };
}
