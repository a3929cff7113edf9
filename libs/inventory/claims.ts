import { type Address, type Diagnostic, type Node, type Pod, type Service, type Snapshot, podKey } from '#model';

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

/** One diagnostic for each address that two pods hold at once. */
export function doubleClaims(pods: Iterable<Pod>): readonly Diagnostic[] {
  const holders = new Map<string, Pod>();
  const diagnostics: Diagnostic[] = [];
  for (const pod of pods) {
    if (!holdsAddresses(pod)) continue;
    for (const { text } of pod.addresses) {
      const other = holders.get(text);
      if (other === undefined) {
        holders.set(text, pod);
        continue;
      }
      diagnostics.push({
        code: 'address-held-twice',
        severity: 'warning',
        subject: `Pod ${podKey(pod)}`,
        message: `has the address ${text}, which Pod ${podKey(other)} has as well`,
        hint: 'one of the two is out of date; read the pods again',
        origin: pod.origin,
      });
    }
  }
  return diagnostics;
}

function holdsAddresses(pod: Pod): boolean {
  return !pod.hostNetwork && pod.phase !== 'finished';
}
