import { type Address, addressFromBits, assertNever, compareText, type IpFamily, parseAddress, type Pod, selectorFromLabels, selects, type Service, type ServicePort, type Snapshot } from '#model';

/** One port of a Service, and where it leads to in one family. */
export interface ServiceRoute {
  readonly service: string;
  readonly address: Address;
  readonly protocol: ServicePort['protocol'];
  readonly port: number;
  readonly nodePort?: number;
  readonly backends: readonly { readonly address: Address; readonly port: number }[];
}

/** Where Services without an address of their own get one: beyond the example nodes, in ranges no network routes. */
const FIRST_V4 = parseAddress('198.19.128.0');
const FIRST_V6 = parseAddress('fd00:198:1a::1');

/**
 * Where the addresses of Services lead, as the nodes of a cluster would translate them.
 *
 * A Service that the input gives no cluster address gets one per family in the order of names.
 * Headless Services and names for other names have none.
 */
export function serviceRoutes(snapshot: Snapshot): readonly ServiceRoute[] {
  const routes: ServiceRoute[] = [];
  const services = [...snapshot.services].sort(([a], [b]) => compareText(a, b)).map(([, service]) => service);
  for (const [at, service] of services.entries()) {
    if (service.headless || service.type === 'ExternalName' || service.type === 'Compose') continue;
    for (const address of addressesOf(service, at)) for (const port of service.ports) routes.push(routeOf(service, address, port, backendsOf(service, port, snapshot)));
  }
  return routes;
}

function addressesOf(service: Service, at: number): readonly Address[] {
  const given = [...service.clusterAddresses, ...service.externalAddresses];
  if (given.length > 0) return given;
  return [FIRST_V4, FIRST_V6].flatMap((first) => (first === undefined ? [] : [addressFromBits(first.family, first.bits + BigInt(at))]));
}

function backendsOf(service: Service, port: ServicePort, snapshot: Snapshot): ServiceRoute['backends'] {
  if (service.selector === undefined) return listedBackends(service, port, snapshot);
  if (Object.keys(service.selector).length === 0) return [];
  const meant = selectorFromLabels(service.selector);
  const pods = [...snapshot.pods.values()].filter((pod) => pod.namespace === service.namespace && pod.phase !== 'finished' && selects(meant, pod.labels));
  return pods.flatMap((pod) => {
    const number = podPort(pod, port);
    return number === undefined ? [] : pod.addresses.map((address) => ({ address, port: number }));
  });
}

function podPort({ ports }: Pod, { targetPort, protocol }: ServicePort): number | undefined {
  return typeof targetPort === 'number' ? targetPort : ports.find(({ name, protocol: spoken }) => name === targetPort && spoken === protocol)?.port;
}

// A Service without a selector leads where somebody wrote it does, port by port of the same name.
function listedBackends({ namespace, name }: Service, port: ServicePort, { endpointSlices }: Snapshot): ServiceRoute['backends'] {
  const slices = endpointSlices.filter((slice) => slice.namespace === namespace && slice.service === name);
  return slices.flatMap(({ endpoints, ports }) => {
    const listed = ports.find((each) => each.protocol === port.protocol && (each.name ?? '') === (port.name ?? ''));
    if (listed === undefined) return [];
    return endpoints.filter(({ ready }) => ready).flatMap(({ addresses }) => addresses.map((address) => ({ address, port: listed.port })));
  });
}

function routeOf({ namespace, name }: Service, address: Address, { protocol, port, nodePort }: ServicePort, backends: ServiceRoute['backends']): ServiceRoute {
  const own = backends.filter((backend) => backend.address.family === address.family);
  return { service: `${namespace}/${name}`, address, protocol, port, ...(nodePort === undefined ? {} : { nodePort }), backends: own };
}

/**
 * The lab's own table, which stands for what translates Service addresses on a real node: before
 * our rules at prerouting and output, as kube-proxy does. A pod that reaches itself by a Service, and
 * whoever comes by a node's port, appear as the node. Nothing behind a Service: dropped.
 */
export function renderServiceTable(routes: readonly ServiceRoute[]): string {
  const open = routes.filter(({ backends }) => backends.length > 0);
  const lines = [
    'add table inet rf_lab',
    'delete table inet rf_lab',
    'table inet rf_lab {',
    ...([4, 6] as const).flatMap((family) => selfSet(family, open)),
    '\tchain services {',
    ...open.map((route) => `\t\t${nfAddress(route.address.family)} daddr ${route.address.text} meta l4proto ${transport(route)} th dport ${String(route.port)} ${translation(route)}`),
    '\t}',
    '\tchain node_ports {',
    ...firstOfEach(open).map((route) => `\t\tmeta nfproto ipv${String(route.address.family)} meta l4proto ${transport(route)} th dport ${String(route.nodePort)} ${translation(route)}`),
    '\t}',
    '\tchain prerouting {',
    '\t\ttype nat hook prerouting priority -100;',
    '\t\tjump services',
    '\t\tfib daddr type local jump node_ports',
    '\t}',
    '\tchain output {',
    '\t\ttype nat hook output priority -100;',
    '\t\tjump services',
    '\t\tfib daddr type local jump node_ports',
    '\t}',
    '\tchain postrouting {',
    '\t\ttype nat hook postrouting priority 100;',
    '\t\tct status dnat ip saddr . ip daddr @self4 masquerade',
    '\t\tct status dnat ip6 saddr . ip6 daddr @self6 masquerade',
    ...firstOfEach(open).map((route) => `\t\tct status dnat meta nfproto ipv${String(route.address.family)} meta l4proto ${transport(route)} ct original proto-dst ${String(route.nodePort)} masquerade`),
    '\t}',
    ...(['forward', 'output'] as const).flatMap((hook) => [
      `\tchain closed_${hook} {`,
      `\t\ttype filter hook ${hook} priority 0;`,
      ...[...new Set(routes.map(({ address }) => `\t\t${nfAddress(address.family)} daddr ${address.text} drop`))],
      '\t}',
    ]),
    '}',
    '',
  ];
  return lines.join('\n');
}

function selfSet(family: IpFamily, routes: readonly ServiceRoute[]): readonly string[] {
  const own = new Set(routes.flatMap(({ backends }) => backends.filter(({ address }) => address.family === family).map(({ address }) => `${address.text} . ${address.text}`)));
  return [
    `\tset self${String(family)} {`,
    `\t\ttypeof ${nfAddress(family)} saddr . ${nfAddress(family)} daddr`,
    ...(own.size === 0 ? [] : [`\t\telements = { ${[...own].join(', ')} }`]),
    '\t}',
  ];
}

// one rule for each node port, family and protocol, whichever address of the Service it came with
function firstOfEach(routes: readonly ServiceRoute[]): readonly ServiceRoute[] {
  const found = new Map<string, ServiceRoute>();
  for (const route of routes) {
    const key = `${String(route.address.family)} ${route.protocol} ${String(route.nodePort)}`;
    if (route.nodePort !== undefined && !found.has(key)) found.set(key, route);
  }
  return [...found.values()];
}

function translation({ address: { family }, backends }: ServiceRoute): string {
  const where = ({ address, port }: ServiceRoute['backends'][number]): string => `${address.text} . ${String(port)}`;
  const list = backends.map((backend, at) => `${String(at)} : ${where(backend)}`).join(', ');
  return `dnat ${nfAddress(family)} addr . port to numgen random mod ${String(backends.length)} map { ${list} }`;
}

function transport({ protocol }: ServiceRoute): string {
  switch (protocol) {
    case 'TCP':
    case 'UDP':
    case 'SCTP':
      return protocol.toLowerCase();
    case 'ICMP':
      return 'icmp';
    default:
      return assertNever(protocol);
  }
}

function nfAddress(family: IpFamily): 'ip' | 'ip6' {
  return family === 4 ? 'ip' : 'ip6';
}
