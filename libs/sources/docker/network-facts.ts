import { type Address, type Json, parseAddress, parsePrefix } from '#model';

import { flagAt, objectAt, objectsIn, textAt } from './json-fields.ts';

/** A network of the engine, as far as rules can depend on it. */
export interface NetworkFacts {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** The link on the host its containers are plugged into, where it is a bridge. */
  readonly bridge?: string;
  readonly blocks: readonly string[];
  readonly gateways: readonly Address[];
  /** Whether the engine answers for names there; on its own first bridge it does not. */
  readonly hasNames: boolean;
  readonly isInternal: boolean;
}

export const MOST_NETWORKS = 1_000;
const MOST_BLOCKS = 16;
const ID = /^[0-9a-f]{64}$/;
// what the kernel takes as the name of a link
const LINK = /^[^\s/:\p{C}]{1,15}$/u;

export function isEngineId(text: string): boolean {
  return ID.test(text);
}

/** Reads the list of networks; what is none is left out. */
export function readNetworks(answer: Json): ReadonlyMap<string, NetworkFacts> {
  const networks = new Map<string, NetworkFacts>();
  for (const network of objectsIn(answer, MOST_NETWORKS)) {
    const id = textAt(network, 'Id');
    if (!isEngineId(id)) continue;
    const driver = textAt(network, 'Driver');
    const options = objectAt(network, 'Options');
    const ipam = objectsIn(objectAt(network, 'IPAM')['Config'], MOST_BLOCKS);
    const named = textAt(options, 'com.docker.network.bridge.name');
    const bridge = driver === 'bridge' ? (LINK.test(named) ? named : `br-${id.slice(0, 12)}`) : undefined;
    networks.set(id, {
      id,
      name: textAt(network, 'Name').slice(0, 253),
      driver,
      ...(bridge === undefined ? {} : { bridge }),
      blocks: [...new Set(ipam.flatMap((config) => parsePrefix(textAt(config, 'Subnet'))?.text ?? []))],
      gateways: ipam.flatMap((config) => parseAddress(textAt(config, 'Gateway')) ?? []),
      hasNames: textAt(options, 'com.docker.network.bridge.default_bridge') !== 'true' && driver !== 'host' && driver !== 'null',
      isInternal: flagAt(network, 'Internal') ?? false,
    });
  }
  return networks;
}
