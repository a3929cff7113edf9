import { type Address, type Connection, type Endpoint, type Pod, podKey, type Snapshot, workloadKey } from '#model';

import { isSelectable } from './membership.ts';

/**
 * One end of a connection as policies see it: an address, and the pod behind it where policies can
 * select that pod. A host-network pod is only its node's address to them, but keeps its `host` here.
 */
export interface Party {
  readonly address: Address;
  readonly pod?: Pod;
  readonly host?: Pod;
}

/** Turns endpoints into parties; a bare address that is a pod's is that pod. */
export class PartyFinder {
  readonly #snapshot: Snapshot;
  #byAddress: ReadonlyMap<string, Pod> | undefined;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  find(endpoint: Endpoint): Party {
    const { address } = endpoint;
    if (endpoint.kind === 'address') {
      this.#byAddress ??= podsByAddress(this.#snapshot);
      const pod = this.#byAddress.get(address.text);
      return pod === undefined ? { address } : { address, pod };
    }
    return isSelectable(endpoint.pod) ? { address, pod: endpoint.pod } : { address, host: endpoint.pod };
  }
}

/** `shop/web-1 (10.0.0.7)`, or the bare address. */
export function formatParty({ address, pod, host }: Party): string {
  const named = pod ?? host;
  return named === undefined ? address.text : `${podKey(named)} (${address.text})`;
}

/** Whether a party speaks from the node this pod runs on, as the kubelet does when it probes. */
export function isOwnNode(party: Party, pod: Pod, snapshot: Snapshot): boolean {
  if (party.pod !== undefined || pod.node === undefined) return false;
  if (party.host?.node === pod.node) return true;
  return snapshot.nodes.get(pod.node)?.addresses.some((address) => address.text === party.address.text) ?? false;
}

export function isSamePod(a: Party, b: Party): boolean {
  return a.pod !== undefined && b.pod !== undefined && podKey(a.pod) === podKey(b.pod);
}

export function isOfWorkload(pod: Pod, key: string): boolean {
  return workloadKey(pod.workload) === key;
}

/** The application of a connection as rules see it: a rule for another one does not match. */
export function speaks(connection: Pick<Connection, 'application'>, application: string | undefined): boolean {
  return application === undefined || connection.application === undefined || application === connection.application;
}

function podsByAddress(snapshot: Snapshot): ReadonlyMap<string, Pod> {
  const pods = new Map<string, Pod>();
  for (const pod of snapshot.pods.values()) {
    if (!isSelectable(pod)) continue;
    for (const address of pod.addresses) if (!pods.has(address.text)) pods.set(address.text, pod);
  }
  return pods;
}
