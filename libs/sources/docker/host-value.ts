import { type Address, compareAddresses, type Diagnostic, type EngineHost, type Json, isJsonObject, type NodeBridge, type Origin, parsePrefix } from '#model';

import type { ContainerFacts } from './container-facts.ts';
import { flagAt, textAt } from './json-fields.ts';
import type { NetworkFacts } from './network-facts.ts';

/** The machine an engine runs on. */
export interface HostFacts {
  readonly name: string;
  /** Its own, beside those it has on its bridges. */
  readonly addresses: readonly Address[];
  /** Whether packets between two ports of one bridge pass the rules of the host; absent where the engine does not say. */
  readonly filtersBridges?: { readonly v4: boolean; readonly v6: boolean };
}

/** What the engine says of its machine. A name given by the user wins. */
export function readHost(answer: Json, given: { readonly name?: string; readonly addresses: readonly Address[] }): HostFacts {
  const info = isJsonObject(answer) ? answer : {};
  const [v4, v6] = [flagAt(info, 'BridgeNfIptables'), flagAt(info, 'BridgeNfIp6tables')];
  return {
    name: hostNameOf(given.name ?? textAt(info, 'Name')),
    addresses: given.addresses,
    ...(v4 === undefined || v6 === undefined ? {} : { filtersBridges: { v4, v6 } }),
  };
}

/** As a part of keys and names: no slash, nothing that is no letter, digit, dot, dash or underscore. */
function hostNameOf(text: string): string {
  const name = text.slice(0, 253).replace(/[^A-Za-z0-9._-]/g, '-');
  return name === '' ? 'docker' : name;
}

export function originOf(host: HostFacts, container?: string): Origin {
  return { file: container === undefined ? `docker:${host.name}` : `docker:${host.name}/${container}`, line: 1 };
}

/** The node containers run on. Its blocks are those of its bridges: an address in there is a container's or nobody's. */
export function describeHost(host: HostFacts, networks: ReadonlyMap<string, NetworkFacts>, containers: Iterable<ContainerFacts>): EngineHost {
  const bridges = [...networks.values()]
    .flatMap(({ bridge, name, blocks }): readonly NodeBridge[] => (bridge === undefined ? [] : [{ network: name, interface: bridge, blocks }]))
    .sort((a, b) => (a.interface < b.interface ? -1 : 1));
  const gateways = [...networks.values()].filter(({ bridge }) => bridge !== undefined).flatMap((network) => network.gateways);
  for (const { endpoints } of containers) {
    for (const endpoint of endpoints) if (networks.get(endpoint.network)?.bridge !== undefined) gateways.push(...endpoint.gateways);
  }
  const addresses = new Map([...host.addresses, ...gateways].map((address) => [address.text, address]));
  return {
    kind: 'container-host',
    node: {
      name: host.name,
      labels: {},
      addresses: [...addresses.values()].sort(compareAddresses),
      podCidrs: [...new Set(bridges.flatMap(({ blocks }) => blocks))],
      bridges,
      ...(host.filtersBridges === undefined ? {} : { filtersBridges: host.filtersBridges }),
      isExample: false,
    },
    diagnostics: unfiltered(host, bridges),
  };
}

function unfiltered(host: HostFacts, bridges: readonly NodeBridge[]): readonly Diagnostic[] {
  const { filtersBridges } = host;
  if (filtersBridges === undefined) return [];
  const families = new Set(bridges.flatMap(({ blocks }) => blocks.flatMap((block) => parsePrefix(block)?.family ?? [])));
  const missing = [
    { isOff: !filtersBridges.v4 && families.has(4), what: 'IPv4', variable: 'net.bridge.bridge-nf-call-iptables' },
    { isOff: !filtersBridges.v6 && families.has(6), what: 'IPv6', variable: 'net.bridge.bridge-nf-call-ip6tables' },
  ];
  return missing
    .filter(({ isOff }) => isOff)
    .map(({ what, variable }) => ({
      code: 'bridge-traffic-unseen',
      severity: 'error',
      subject: `Node ${host.name}`,
      message: `lets ${what} packets between containers of one network pass by its rules, so nothing between them is enforced`,
      hint: `load the module br_netfilter and set ${variable} to 1`,
      origin: originOf(host),
    }));
}
