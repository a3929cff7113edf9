import { type Address, addressFromBits, type FlowParty, type Node, parsePrefix, type Pod, podKey, type Service, workloadKey } from '#model';

/** Who may hold an address for a while. `id` tells holders apart; equal ones are one and the same. */
export type AddressHolder =
  | { readonly kind: 'pod'; readonly id: string; readonly node: string | undefined; readonly party: Extract<FlowParty, { kind: 'workload' }> }
  | { readonly kind: 'node'; readonly id: string; readonly node: string }
  | { readonly kind: 'service'; readonly id: string; readonly service: string; readonly access: 'cluster' | 'external' };

// texts that are kept are joined, since V8 keeps the parts of those that are added up
export function podHolder(pod: Pod): Extract<AddressHolder, { kind: 'pod' }> {
  const key = podKey(pod);
  return { kind: 'pod', id: ['pod', key, workloadKey(pod.workload), pod.node ?? ''].join(' '), node: pod.node, party: { kind: 'workload', workload: pod.workload, pod: key } };
}

export function nodeHolder({ name }: Node): AddressHolder {
  return { kind: 'node', id: `node ${name}`, node: name };
}

export function serviceHolder(service: Service, access: 'cluster' | 'external'): AddressHolder {
  const name = `${service.namespace}/${service.name}`;
  return { kind: 'service', id: `service ${name} ${access}`, service: name, access };
}

/**
 * The addresses a node speaks from: its own, and in each block of its pods the first two, which
 * its tunnel and its bridge have where a plugin gives it any there. A pod that holds one comes first.
 */
export function addressesOfNode({ addresses, podCidrs }: Node): readonly Address[] {
  const inBlocks = podCidrs.flatMap((text): readonly Address[] => {
    const block = parsePrefix(text);
    return block === undefined ? [] : [addressFromBits(block.family, block.first), addressFromBits(block.family, block.first + 1n)];
  });
  return [...addresses, ...inBlocks];
}

export function nodePortKeys(service: Service): readonly string[] {
  return service.ports.flatMap(({ nodePort, protocol }) => (nodePort === undefined ? [] : [`${String(nodePort)}/${protocol}`]));
}
