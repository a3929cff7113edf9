import type { Connection, Endpoint, Json, JsonObject, LabelRequirement, NamespacedPolicy, Peer, Pod, PortMatch, Snapshot } from '#model';

import type { PolicySet } from './fuzz-policies.ts';

/*
 * Says what gets through by asking every policy about everything, every time: written from the API
 * documentation of networking.k8s.io/v1 and policy.networking.k8s.io v1alpha1 and v1alpha2, on the
 * objects as they are on the wire, and from the words of the model for learned ones. Slow, plain,
 * and sharing nothing with the code it checks but the nouns.
 */

export type Answer = 'allow' | 'deny' | 'unknown';

/** What the world might be like where the input does not say: which domain names mean the address asked about. */
interface Assumption {
  readonly names: ReadonlySet<string>;
}

/** The one answer of all worlds the input allows for, or `unknown`. Every namespace has to be declared. */
export function askOracle({ manifests, learned }: PolicySet, snapshot: Snapshot, connection: Connection): Answer {
  const names = [...new Set(manifests.flatMap((manifest) => domainNames(manifest)))];
  const answers = new Set<boolean>();
  for (let mask = 0; mask < 2 ** names.length; mask += 1) {
    const assumption = { names: new Set(names.filter((_, at) => (mask >> at) % 2 === 1)) };
    answers.add(new Question(manifests, learned, snapshot, connection, assumption).isAllowed());
  }
  return answers.size > 1 ? 'unknown' : answers.has(true) ? 'allow' : 'deny';
}

function domainNames(value: Json | undefined): readonly string[] {
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(domainNames);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as JsonObject).flatMap(([key, inner]) => (key === 'domainNames' ? (inner as readonly string[]) : domainNames(inner)));
}

type Direction = 'ingress' | 'egress';
type Said = 'allow' | 'deny' | 'pass' | undefined;

interface End {
  readonly address: string;
  /** The pod policies can mean: no host-network pod, no finished one. */
  readonly pod: Pod | undefined;
  readonly host: Pod | undefined;
}

class Question {
  readonly #manifests: readonly JsonObject[];
  readonly #learned: readonly NamespacedPolicy[];
  readonly #snapshot: Snapshot;
  readonly #connection: Connection;
  readonly #assumption: Assumption;
  readonly #from: End;
  readonly #to: End;

  constructor(manifests: readonly JsonObject[], learned: readonly NamespacedPolicy[], snapshot: Snapshot, connection: Connection, assumption: Assumption) {
    this.#manifests = manifests;
    this.#learned = learned;
    this.#snapshot = snapshot;
    this.#connection = connection;
    this.#assumption = assumption;
    this.#from = this.#endOf(connection.from);
    this.#to = this.#endOf(connection.to);
  }

  isAllowed(): boolean {
    if (this.#from.pod !== undefined && this.#from.pod === this.#to.pod) return true;
    return this.#mayPass('egress', this.#from, this.#to) && (this.#isKubelet() || this.#mayPass('ingress', this.#to, this.#from));
  }

  #endOf(endpoint: Endpoint): End {
    const address = endpoint.address.text;
    const isMeant = (pod: Pod): boolean => !pod.hostNetwork && pod.phase !== 'finished';
    if (endpoint.kind === 'pod') return isMeant(endpoint.pod) ? { address, pod: endpoint.pod, host: undefined } : { address, pod: undefined, host: endpoint.pod };
    return { address, pod: [...this.#snapshot.pods.values()].find((pod) => isMeant(pod) && pod.addresses.some(({ text }) => text === address)), host: undefined };
  }

  // the kubelet has to be able to probe the pods of its node
  #isKubelet(): boolean {
    const node = this.#to.pod?.node;
    if (node === undefined || this.#from.pod !== undefined) return false;
    return this.#from.host?.node === node || [...this.#snapshot.nodes.values()].some(({ name, addresses }) => name === node && addresses.some(({ text }) => text === this.#from.address));
  }

  #mayPass(direction: Direction, subject: End, peer: End): boolean {
    const { pod } = subject;
    if (pod === undefined) return true;
    const admin = this.#askTier(direction, pod, peer, this.#adminPolicies('admin'));
    if (admin === 'allow' || admin === 'deny') return admin === 'allow';
    const isolating = [...this.#networkPolicies(direction, pod), ...this.#learned.filter((policy) => policy[direction] !== undefined && isWorkload(policy, pod))];
    if (isolating.length > 0) return isolating.some((policy) => this.#allows(policy, direction, peer));
    return this.#askTier(direction, pod, peer, this.#adminPolicies('baseline')) !== 'deny';
  }

  #networkPolicies(direction: Direction, pod: Pod): readonly JsonObject[] {
    return this.#manifests.filter((manifest) => {
      if (manifest['kind'] !== 'NetworkPolicy' || at(manifest, 'metadata', 'namespace') !== pod.namespace) return false;
      const spec = fields(manifest['spec']);
      const types = list(spec['policyTypes']);
      const isSpoken = types.length > 0 ? types.includes(direction === 'ingress' ? 'Ingress' : 'Egress') : direction === 'ingress' || list(spec['egress']).length > 0;
      return isSpoken && matchesSelector(spec['podSelector'], pod.labels);
    });
  }

  #allows(policy: JsonObject | NamespacedPolicy, direction: Direction, peer: End): boolean {
    if (isLearned(policy)) return (policy[direction] ?? []).some((rule) => this.#matchesLearned(rule.peers, peer) && this.#portsMatch(rule.ports) && this.#speaks(rule.application));
    const namespace = text(at(policy, 'metadata', 'namespace'));
    return list(fields(policy['spec'])[direction]).some((rule) => {
      const peers = list(fields(rule)[direction === 'ingress' ? 'from' : 'to']);
      const ports = list(fields(rule)['ports']);
      return (peers.length === 0 || peers.some((each) => this.#isPeer(fields(each), namespace, peer))) && (ports.length === 0 || ports.some((port) => this.#isPort(fields(port))));
    });
  }

  #isPeer(wire: JsonObject, namespace: string, { address, pod }: End): boolean {
    if (isGiven(wire['ipBlock'])) {
      const block = fields(wire['ipBlock']);
      return inBlock(address, text(block['cidr'])) && !list(block['except']).some((hole) => inBlock(address, text(hole)));
    }
    if (pod === undefined) return false;
    const isNamespace = isGiven(wire['namespaceSelector']) ? this.#namespaceMatches(wire['namespaceSelector'], pod.namespace) : pod.namespace === namespace;
    return isNamespace && (!isGiven(wire['podSelector']) || matchesSelector(wire['podSelector'], pod.labels));
  }

  #isPort(wire: JsonObject): boolean {
    const { protocol, port } = this.#connection;
    if ((wire['protocol'] ?? 'TCP') !== protocol) return false;
    if (!isGiven(wire['port'])) return true;
    if (typeof wire['port'] === 'string') return this.#isNamed(wire['port'], protocol);
    return Number(wire['port']) <= port && port <= Number(wire['endPort'] ?? wire['port']);
  }

  /** Whether the destination pod gives the port asked about this name, for the protocol asked about. */
  #isNamed(name: string, protocol: string): boolean {
    const { port } = this.#connection;
    return this.#connection.protocol === protocol && (this.#to.pod?.ports ?? []).some((own) => own.name === name && own.protocol === protocol && own.port === port);
  }

  #namespaceMatches(selector: Json | undefined, name: string): boolean {
    return matchesSelector(selector, this.#snapshot.namespaces.get(name)?.labels ?? {});
  }

  #adminPolicies(tier: 'admin' | 'baseline'): readonly JsonObject[] {
    const ofTier = this.#manifests.filter((manifest) => {
      if (manifest['kind'] === 'ClusterNetworkPolicy') return at(manifest, 'spec', 'tier') === (tier === 'admin' ? 'Admin' : 'Baseline');
      return manifest['kind'] === (tier === 'admin' ? 'AdminNetworkPolicy' : 'BaselineAdminNetworkPolicy');
    });
    const priority = (manifest: JsonObject): number => Number(at(manifest, 'spec', 'priority') ?? 0);
    const name = (manifest: JsonObject): string => `${text(manifest['kind'])} ${text(at(manifest, 'metadata', 'name'))}`;
    return ofTier.sort((a, b) => priority(a) - priority(b) || (name(a) < name(b) ? -1 : 1));
  }

  #askTier(direction: Direction, pod: Pod, peer: End, policies: readonly JsonObject[]): Said {
    for (const { spec } of policies) {
      const subject = fields(fields(spec)['subject']);
      const isSubject = isGiven(subject['namespaces']) ? this.#namespaceMatches(subject['namespaces'], pod.namespace) : this.#isNamespacedPod(fields(subject['pods']), pod);
      if (!isSubject) continue;
      for (const rule of list(fields(spec)[direction]).map(fields)) {
        const peers = list(rule[direction === 'ingress' ? 'from' : 'to']);
        if (!peers.some((each) => this.#isAdminPeer(fields(each), peer))) continue;
        const ports = rule['ports'] ?? rule['protocols'];
        if (isGiven(ports) && !list(ports).some((port) => this.#isAdminPort(fields(port)))) continue;
        return rule['action'] === 'Deny' ? 'deny' : rule['action'] === 'Pass' ? 'pass' : 'allow';
      }
    }
    return undefined;
  }

  #isNamespacedPod(wire: JsonObject, pod: Pod): boolean {
    return this.#namespaceMatches(wire['namespaceSelector'], pod.namespace) && matchesSelector(wire['podSelector'], pod.labels);
  }

  #isAdminPeer(wire: JsonObject, { address, pod }: End): boolean {
    if (isGiven(wire['namespaces'])) return pod !== undefined && this.#namespaceMatches(wire['namespaces'], pod.namespace);
    if (isGiven(wire['pods'])) return pod !== undefined && this.#isNamespacedPod(fields(wire['pods']), pod);
    if (isGiven(wire['networks'])) return list(wire['networks']).some((cidr) => inBlock(address, text(cidr)));
    if (isGiven(wire['domainNames'])) return pod === undefined && list(wire['domainNames']).some((name) => this.#assumption.names.has(text(name)));
    return this.#isNode(address, (labels) => matchesSelector(wire['nodes'], labels));
  }

  #isNode(address: string, isMeant: (labels: Readonly<Record<string, string>>) => boolean): boolean {
    return [...this.#snapshot.nodes.values()].some((node) => node.addresses.some(({ text }) => text === address) && isMeant(node.labels));
  }

  #isAdminPort(wire: JsonObject): boolean {
    const { protocol, port } = this.#connection;
    const name = wire['namedPort'] ?? wire['destinationNamedPort'];
    if (isGiven(name)) return this.#isNamed(text(name), protocol);
    if (isGiven(wire['portNumber'])) return (at(wire, 'portNumber', 'protocol') ?? 'TCP') === protocol && at(wire, 'portNumber', 'port') === port;
    if (isGiven(wire['portRange'])) return (at(wire, 'portRange', 'protocol') ?? 'TCP') === protocol && Number(at(wire, 'portRange', 'start')) <= port && port <= Number(at(wire, 'portRange', 'end'));
    const place = fields(at(wire, protocol.toLowerCase(), 'destinationPort'));
    if (isGiven(place['number'])) return place['number'] === port;
    return isGiven(place['range']) && Number(at(place, 'range', 'start')) <= port && port <= Number(at(place, 'range', 'end'));
  }

  #matchesLearned(peers: readonly Peer[] | 'any', peer: End): boolean {
    return peers === 'any' || peers.some((each) => this.#isLearnedPeer(each, peer));
  }

  #isLearnedPeer(peer: Peer, { address, pod }: End): boolean {
    switch (peer.kind) {
      case 'workload':
        return pod !== undefined && pod.workload.namespace === peer.workload.namespace && pod.workload.kind === peer.workload.kind && pod.workload.name === peer.workload.name;
      case 'cidr':
        return inBlock(address, peer.cidr.text) && !peer.except.some(({ text }) => inBlock(address, text));
      case 'nodes':
        return this.#isNode(address, (labels) => peer.nodes.requirements.every((requirement) => meets(requirement, labels)));
      case 'host':
        return /[a-z]\./.test(peer.host) ? this.#isInternet(address) : inBlock(address, `${peer.host}/${peer.host.includes(':') ? '128' : '32'}`);
      case 'entity':
        return peer.entity === 'any' || (peer.entity === 'internet' && this.#isInternet(address));
      case 'pods':
        throw new Error('ask the oracle: no learned rule names pods by labels');
    }
  }

  #portsMatch(ports: readonly PortMatch[] | 'any'): boolean {
    const { protocol, port } = this.#connection;
    if (ports === 'any') return true;
    return ports.some((match) => {
      if (match.kind === 'named') return (match.protocol === 'any' || match.protocol === protocol) && this.#isNamed(match.name, protocol);
      if (match.protocol !== protocol) return false;
      return match.kind === 'protocol' || (match.from <= port && port <= match.to);
    });
  }

  // a rule for one application does not mean a connection that is known to speak another
  #speaks(application: string | undefined): boolean {
    return application === undefined || this.#connection.application === undefined || application === this.#connection.application;
  }

  #isInternet(address: string): boolean {
    const { nodes, pods, services } = this.#snapshot;
    const blocks = [...nodes.values()].flatMap(({ podCidrs }) => podCidrs);
    if (blocks.some((block) => inBlock(address, block))) return false;
    const own = [...nodes.values(), ...[...pods.values()].filter(({ phase }) => phase !== 'finished')].flatMap(({ addresses }) => addresses).concat([...services.values()].flatMap(({ clusterAddresses }) => clusterAddresses));
    // a /64 is one network, so neighbours of ours in it are ours
    if (own.some(({ text }) => inBlock(address, `${text}/${text.includes(':') ? '64' : '32'}`))) return false;
    if (!address.includes(':')) return !NOT_INTERNET.some((block) => inBlock(address, block));
    if (inBlock(address, '64:ff9b::/96')) return !NOT_INTERNET.some((block) => inBlock(dotted(numberOf(address)[1] & 0xffffffffn), block));
    return inBlock(address, '2000::/3') && !inBlock(address, '2001::/23') && !inBlock(address, '2002::/16');
  }
}

const NOT_INTERNET = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3'];

function isLearned(policy: JsonObject | NamespacedPolicy): policy is NamespacedPolicy {
  return policy['kind'] === 'namespaced';
}

function isWorkload({ subject }: NamespacedPolicy, pod: Pod): boolean {
  return subject.kind === 'workload' && subject.workload.namespace === pod.workload.namespace && subject.workload.kind === pod.workload.kind && subject.workload.name === pod.workload.name;
}

function matchesSelector(selector: Json | undefined, labels: Readonly<Record<string, string>>): boolean {
  const wire = fields(selector);
  const isEqual = Object.entries(fields(wire['matchLabels'])).every(([key, value]) => labels[key] === value);
  return isEqual && list(wire['matchExpressions']).every((expression) => meets(expression as unknown as LabelRequirement, labels));
}

function meets({ key, operator, values }: LabelRequirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[key];
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  const isAmong = value !== undefined && values.includes(value);
  return operator === 'In' ? isAmong : !isAmong;
}

function isGiven(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null;
}

function fields(value: Json | undefined): JsonObject {
  return isGiven(value) ? (value as JsonObject) : {};
}

function list(value: Json | undefined): readonly Json[] {
  return isGiven(value) ? (value as readonly Json[]) : [];
}

function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error('ask the oracle: expected a text');
  return value;
}

function at(object: JsonObject, ...path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((value, key) => fields(value)[key], object);
}

function inBlock(address: string, cidr: string): boolean {
  const [first = '', length = ''] = cidr.split('/');
  const [family, number] = numberOf(address);
  const [blockFamily, blockNumber] = numberOf(first);
  const host = BigInt((family === 4 ? 32 : 128) - Number(length));
  return family === blockFamily && number >> host === blockNumber >> host;
}

function numberOf(address: string): readonly [4 | 6, bigint] {
  if (!address.includes(':')) return [4, address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)];
  const [head = '', tail] = address.split('::');
  const words = (text: string): string[] => text.split(':').filter((word) => word !== '');
  const [left, right] = [words(head), words(tail ?? '')];
  const whole = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return [6, whole.reduce((sum, word) => sum * 65536n + BigInt(`0x${word}`), 0n)];
}

function dotted(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((number >> shift) & 255n)).join('.');
}
