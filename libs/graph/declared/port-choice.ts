import type { Container, Protocol, Service, ServicePort, Workload } from '#model';

import { type ListeningPort, listeningPorts, sideSettings } from './listening-port.ts';
import type { KeyedMention } from './mention.ts';
import { type ProductPort, productPorts, SIDE_PORTS } from './product.ts';
import { schemeOf } from './scheme.ts';

/** A port of the server's pods a mention leads to. */
export interface ChosenPort {
  /** Null where nothing tells. */
  readonly port: number | null;
  readonly protocol: Protocol;
  readonly application?: string;
}

/** How the port was found, from certain to not at all. */
export type PortGround = 'written' | 'name' | 'only' | 'sibling' | 'scheme' | 'product' | 'pod' | 'mistaken' | 'all' | 'none';

export interface PortChoice {
  readonly ports: readonly ChosenPort[];
  readonly ground: PortGround;
  /** True where the server has others its clients may mean as well. */
  readonly isPortGuess?: boolean;
}

/**
 * Chooses the ports of `server`'s pods that a mention of `service` leads to, after translation.
 *
 * With no port in the mention: a Service's only port, the sibling's, the URL scheme's, the
 * product's where the Service has it; only then all. A Compose service has no Service ports: any
 * port of its containers can be dialled, and the mention's own number is the pod's.
 */
export function choosePorts(mention: KeyedMention, service: Service | undefined, server: Workload, isPod: boolean, isPeer: boolean): PortChoice {
  const application = applicationOf(mention);
  if (service === undefined || service.type === 'Compose' || service.ports.length === 0) return chooseOpenPort(mention, server, application);
  const isDirect = isPod || service.headless;
  const { port } = mention;
  if (mention.portName !== undefined) {
    const named = service.ports.filter(({ name, protocol }) => name?.toLowerCase() === mention.portName && (mention.protocol === undefined || protocol === mention.protocol));
    if (named.length > 0) return { ports: translate(named, server, application), ground: 'name' };
  }
  if (port !== undefined) return chooseWritten(port, mention, service, server, isDirect, application);
  if (isPeer) {
    const peer = choosePeerPort(service, server);
    if (peer !== undefined) return peer;
  }
  const numbers = new Set(service.ports.map((each) => each.port));
  if (numbers.size === 1) return { ports: translate(service.ports, server, application), ground: 'only' };
  return chooseUnwritten(mention, service, server, application);
}

function chooseWritten(port: number, mention: KeyedMention, service: Service, server: Workload, isDirect: boolean, application: string | undefined): PortChoice {
  const asked = service.ports.filter((each) => each.port === port && (mention.protocol === undefined || each.protocol === mention.protocol));
  if (asked.length > 0) {
    const translated = translate(asked, server, application);
    // a headless name leads to the pods themselves: no translation, if the pod has the port at all
    const isOnPod = isDirect && declaredPorts(server).some((each) => each.port === port);
    return { ports: isOnPod ? translated.map((each) => ({ ...each, port })) : translated, ground: mention.hasSiblingPort === true ? 'sibling' : 'written' };
  }
  if (isDirect) return { ports: [{ port, protocol: mention.protocol ?? protocolOn(server, port), ...optional(application) }], ground: 'pod' };
  const behind = service.ports.filter((each) => podPort(each, server) === port);
  if (behind.length > 0) return { ports: translate(behind, server, application), ground: 'mistaken' };
  // it may still be one of the pod's
  const isOnPod = declaredPorts(server).some((each) => each.port === port);
  if (isOnPod) return { ports: [{ port, protocol: protocolOn(server, port), ...optional(application) }], ground: 'mistaken' };
  const numbers = new Set(service.ports.map((each) => each.port));
  if (numbers.size === 1) return { ports: translate(service.ports, server, application), ground: 'mistaken' };
  return { ...chooseUnwritten(mention, service, server, application), ground: 'mistaken' };
}

function chooseUnwritten(mention: KeyedMention, service: Service, server: Workload, application: string | undefined): PortChoice {
  const scheme = mention.scheme === undefined ? undefined : schemeOf(mention.scheme);
  const bySchemePort = service.ports.filter((each) => each.port === scheme?.port);
  if (bySchemePort.length > 0) return { ports: translate(bySchemePort, server, application), ground: 'scheme' };
  if (scheme !== undefined) {
    const bySchemeName = service.ports.filter((each) => spokenOn(each) === scheme.application);
    if (bySchemeName.length === 1) return { ports: translate(bySchemeName, server, application), ground: 'scheme' };
  }
  const products = clientPorts(server).flatMap((product) => {
    const known = service.ports.filter((each) => each.port === product.port || podPort(each, server) === product.port);
    return known.length === 0 ? [] : [{ known, product }];
  });
  const [first] = products;
  if (first !== undefined) return { ports: translate(first.known, server, application ?? first.product.application), ground: 'product', ...guess(new Set(service.ports.map((each) => each.port)).size > 1) };
  const plain = service.ports.filter((each) => !isSideDoor(each.name ?? ''));
  if (plain.length === 1) return { ports: translate(plain, server, application), ground: 'product' };
  return { ports: translate(service.ports, server, application), ground: 'all', isPortGuess: true };
}

const SIDE_DOOR = /metric|prom|admin|health|probe|debug|status|monitor|exporter|pprof|profil|manag|dashboard|console|webhook|peer|cluster|gossip|raft|transport|intra|inter|epmd|dist|jmx/;

/** Ports nobody means when they just name the Service: metrics, health, administration, replication. */
function isSideDoor(name: string): boolean {
  return SIDE_DOOR.test(name.toLowerCase());
}

const PEER_NAME = /peer|cluster|gossip|raft|transport|intra|inter-?node|member|mesh|election|server|replic|dist|internal/;

function choosePeerPort(service: Service, server: Workload): PortChoice | undefined {
  const numbers = new Set([...service.ports.map((each) => podPort(each, server)), ...declaredPorts(server).map((each) => each.port)]);
  const known = server.containers.flatMap(productPorts).filter(({ role, port }) => role === 'peer' && numbers.has(port));
  if (known.length > 0) return { ports: known.map(({ port, application }) => ({ port, protocol: 'TCP', application })), ground: 'product' };
  const declared = declaredPorts(server).filter(({ name }) => name !== undefined && PEER_NAME.test(name.toLowerCase()));
  if (declared.length === 0) return undefined;
  return { ports: declared.map(({ port, protocol }) => ({ port, protocol })), ground: 'product' };
}

function chooseOpenPort(mention: KeyedMention, server: Workload, application: string | undefined): PortChoice {
  const { port } = mention;
  if (port !== undefined) return { ports: [{ port, protocol: mention.protocol ?? protocolOn(server, port), ...optional(application) }], ground: mention.hasSiblingPort === true ? 'sibling' : 'written' };
  const open = listeningPorts(server);
  const scheme = mention.scheme === undefined ? undefined : schemeOf(mention.scheme);
  const products = clientPorts(server);
  const [web] = scheme?.port === 80 ? products.filter((product) => product.application === 'http') : [];
  // a product with a web port of its own is not found on 80: its clients put in what they know
  if (web !== undefined && web.port !== 80 && ![...open, ...products].some(({ port: number }) => number === 80)) return { ports: [{ port: web.port, protocol: 'TCP', application: 'http' }], ground: 'product', isPortGuess: true };
  if (scheme?.port !== undefined && (open.length === 0 || scheme.application === 'http' || open.some((each) => each.port === scheme.port) || products.some((each) => each.port === scheme.port))) {
    return { ports: [{ port: scheme.port, protocol: 'TCP', ...optional(application) }], ground: 'scheme' };
  }
  const likely = likelyPorts(open, server);
  const known = products.filter((each) => open.some(({ port: number }) => number === each.port));
  const [product] = known.length > 0 ? known : likely.length === 0 ? products : [];
  if (product !== undefined) return { ports: [{ port: product.port, protocol: protocolOn(server, product.port), application: application ?? product.application }], ground: known.length === 1 || products.length === 1 ? 'product' : 'all', ...guess(hasOtherPorts(product.port, open, server)) };
  if (scheme?.port !== undefined) return { ports: [{ port: scheme.port, protocol: 'TCP', ...optional(application) }], ground: 'scheme' };
  // a port of one's own choice beside what the product is known for: which of them is dialled, nobody says
  if (likely.length > 0) return { ports: likely.map((each) => ({ ...each, ...optional(application) })), ground: likely.length === 1 ? 'only' : 'all', ...guess(likely.length > 1 || products.length > 0) };
  return { ports: [{ port: null, protocol: 'TCP', ...optional(application) }], ground: 'none', isPortGuess: true };
}

/** Whether a client that writes no port may mean another: of the product, its page for people, or one that is shown. */
function hasOtherPorts(port: number, open: readonly ListeningPort[], server: Workload): boolean {
  const offered = server.containers.flatMap(productPorts).filter(({ role }) => role !== 'peer');
  return [...clientPorts(server), ...offered, ...open].some((each) => each.port !== port && each.port !== 443);
}

function guess(isPortGuess: boolean): { readonly isPortGuess?: true } {
  return isPortGuess ? { isPortGuess: true } : {};
}

// ports debuggers listen on: node, JVM, delve, Python, Chrome
const DEBUG_PORTS = new Set([9229, 9222, 5005, 5678, 2345, 40000, 35729, 24678]);

// empty where all that is open are the product's side doors: its own port is then meant, though nobody shows it
function likelyPorts(open: readonly ListeningPort[], server: Workload): readonly ChosenPort[] {
  const sides = new Set([...server.containers.flatMap(productPorts).flatMap(({ role, port }) => (role === 'client' ? [] : [port])), ...server.containers.flatMap(sideSettings)]);
  const isSide = (port: number): boolean => sides.has(port) || SIDE_PORTS.has(port);
  if (open.length > 0 && open.every(({ port }) => isSide(port))) return [];
  const served = open.filter(({ port, name }) => !DEBUG_PORTS.has(port) && !isSide(port) && !isMetricsPort(port) && !isSideDoor(name ?? ''));
  const shown = served.filter(({ isLocal }) => isLocal !== true);
  const chosen = shown.length > 0 ? shown : served.length > 0 ? served : open;
  // inside, plain HTTP is what the TLS port beside it is for outside
  const hasPlain = chosen.some(({ port }) => port === 80);
  return chosen.filter(({ port }) => !(hasPlain && port === 443)).map(({ port, protocol }) => ({ port, protocol }));
}

// an image nobody knows may still be told by the one port that is shown: a product's own for people
function clientPorts(server: Workload): readonly ProductPort[] {
  const byImage = server.containers.flatMap(productPorts);
  const [shown, another] = byImage.length > 0 ? [] : listeningPorts(server);
  const known = shown !== undefined && another === undefined ? (SIDE_PORTS.get(shown.port) ?? []) : byImage;
  return known.filter(({ role }) => role === 'client');
}

// where exporters and metrics endpoints listen by custom
function isMetricsPort(port: number): boolean {
  return port >= 9090 && port < 9200 && port !== 9092 && port !== 9093;
}

/** Whether anything says that somebody can connect to this workload at all. */
export function hasOpenPort(server: Workload): boolean {
  return listeningPorts(server).length > 0 || server.containers.some((container) => productPorts(container).length > 0);
}

function translate(ports: readonly ServicePort[], server: Workload, application: string | undefined): readonly ChosenPort[] {
  return ports.map((each) => ({ port: podPort(each, server), protocol: each.protocol, ...optional(spokenOn(each) ?? application) }));
}

/** The pod's port behind a Service port; a name no container has leaves the Service's own number. */
export function podPort(port: ServicePort, server: Workload): number {
  if (typeof port.targetPort === 'number') return port.targetPort;
  const named = declaredPorts(server).find(({ name, protocol }) => name === port.targetPort && protocol === port.protocol);
  return named?.port ?? port.port;
}

function declaredPorts(server: Workload): readonly Container['ports'][number][] {
  return server.containers.flatMap(({ ports }) => ports);
}

// agents, syslog and name services that listen for datagrams where nothing says so
const DATAGRAM_PORTS = new Set([69, 123, 161, 162, 514, 1812, 1813, 2055, 5775, 6343, 6831, 6832, 8125]);

function protocolOn(server: Workload, port: number): Protocol {
  const declared = listeningPorts(server).filter((each) => each.port === port);
  return declared.some(({ protocol }) => protocol === 'TCP') ? 'TCP' : (declared[0]?.protocol ?? (DATAGRAM_PORTS.has(port) ? 'UDP' : 'TCP'));
}

function applicationOf({ scheme }: KeyedMention): string | undefined {
  return scheme === undefined ? undefined : schemeOf(scheme)?.application;
}

const SPOKEN: ReadonlySet<string> = new Set(['http', 'https', 'grpc', 'postgresql', 'mysql', 'mongodb', 'redis', 'amqp', 'kafka', 'memcached', 'cassandra', 'mqtt', 'nats', 'ldap', 'smtp', 'fastcgi', 'zookeeper']);

/** What a Service port says is spoken on it: `appProtocol`, or a name such as `http-api` and `postgres`. */
function spokenOn(port: ServicePort): string | undefined {
  const given = port.appProtocol?.toLowerCase().replace(/^kubernetes\.io\//, '');
  if (given !== undefined && given !== 'tcp' && given !== 'udp') return given === 'h2c' ? 'http' : given;
  for (const word of (port.name ?? '').toLowerCase().split('-')) {
    const spoken = SPOKEN.has(word) ? word : schemeOf(word)?.application;
    if (spoken !== undefined) return spoken;
  }
  return undefined;
}

function optional(application: string | undefined): { readonly application?: string } {
  return application === undefined ? {} : { application };
}
