import type { NetworkPolicyObject, WirePeer, WirePort } from '#compilers/kubernetes';

/** Emitted policies with one thing taken away or changed. */
export interface PolicyMutant {
  readonly what: string;
  readonly objects: readonly NetworkPolicyObject[];
}

interface Entry {
  readonly from?: readonly WirePeer[];
  readonly to?: readonly WirePeer[];
  readonly ports?: readonly WirePort[];
}

/** Every way to take one object, direction, rule, peer, exception, label or port out of emitted policies, and to change a port or a label. */
export function* policyMutants(objects: readonly NetworkPolicyObject[]): Generator<PolicyMutant> {
  for (const [at, object] of objects.entries()) {
    const name = `${object.metadata.namespace}/${object.metadata.name}`;
    yield { what: `${name} taken out`, objects: objects.toSpliced(at, 1) };
    for (const { what, spec } of specMutants(object.spec)) yield { what: `${name}: ${what}`, objects: objects.with(at, { ...object, spec }) };
  }
}

type Spec = NetworkPolicyObject['spec'];

function* specMutants(spec: Spec): Generator<{ readonly what: string; readonly spec: Spec }> {
  for (const { what, value } of selectorMutants(spec.podSelector)) yield { what: `podSelector ${what}`, spec: { ...spec, podSelector: value } };
  for (const direction of ['ingress', 'egress'] as const) {
    const entries: readonly Entry[] = spec[direction] ?? [];
    if (spec[direction] !== undefined && spec.policyTypes.length > 1) {
      const other = direction === 'ingress' ? 'egress' : 'ingress';
      yield { what: `${direction} no longer closed`, spec: { podSelector: spec.podSelector, [other]: spec[other], policyTypes: spec.policyTypes.filter((type) => type.toLowerCase() !== direction) } };
    }
    for (const [at, entry] of entries.entries()) {
      yield { what: `${direction}[${String(at)}] taken out`, spec: { ...spec, [direction]: entries.toSpliced(at, 1) } };
      for (const { what, value } of entryMutants(entry, direction === 'ingress' ? 'from' : 'to')) yield { what: `${direction}[${String(at)}] ${what}`, spec: { ...spec, [direction]: entries.with(at, value) } };
    }
  }
}

function* entryMutants(entry: Entry, key: 'from' | 'to'): Generator<{ readonly what: string; readonly value: Entry }> {
  const peers = entry[key] ?? [];
  const ports = entry.ports ?? [];
  // an empty list would match everything, which is a change of its own
  if (peers.length > 0) yield { what: `for every peer`, value: { ...entry, [key]: [] } };
  if (ports.length > 0) yield { what: `on every port`, value: { ...entry, ports: [] } };
  for (const [at, peer] of peers.entries()) {
    if (peers.length > 1) yield { what: `without peer ${JSON.stringify(peer)}`, value: { ...entry, [key]: peers.toSpliced(at, 1) } };
    for (const { what, value } of peerMutants(peer)) yield { what, value: { ...entry, [key]: peers.with(at, value) } };
  }
  for (const [at, port] of ports.entries()) {
    if (ports.length > 1) yield { what: `without port ${JSON.stringify(port)}`, value: { ...entry, ports: ports.toSpliced(at, 1) } };
    if (port.port === undefined) continue;
    const other = typeof port.port === 'number' ? (port.port % 65000) + 500 : 'nobody';
    yield { what: `${JSON.stringify(port)} on ${String(other)}`, value: { ...entry, ports: ports.with(at, { protocol: port.protocol, port: other }) } };
    yield { what: `${JSON.stringify(port)} over another protocol`, value: { ...entry, ports: ports.with(at, { ...port, protocol: port.protocol === 'UDP' ? 'TCP' : 'UDP' }) } };
  }
}

function* peerMutants(peer: WirePeer): Generator<{ readonly what: string; readonly value: WirePeer }> {
  for (const [at] of (peer.ipBlock?.except ?? []).entries()) {
    yield { what: `without exception ${peer.ipBlock!.except![at]!}`, value: { ipBlock: { ...peer.ipBlock!, except: peer.ipBlock!.except!.toSpliced(at, 1) } } };
  }
  for (const key of ['podSelector', 'namespaceSelector'] as const) {
    const selector = peer[key];
    if (selector === undefined) continue;
    for (const { what, value } of selectorMutants(selector)) yield { what: `${key} ${what}`, value: { ...peer, [key]: value } };
  }
}

type Selector = NonNullable<WirePeer['podSelector']>;

function* selectorMutants(selector: Selector): Generator<{ readonly what: string; readonly value: Selector }> {
  const labels = Object.entries(selector.matchLabels ?? {});
  for (const [at, [key, value]] of labels.entries()) {
    yield { what: `without ${key}=${value}`, value: { ...selector, matchLabels: Object.fromEntries(labels.toSpliced(at, 1)) } };
    yield { what: `with another ${key}`, value: { ...selector, matchLabels: Object.fromEntries(labels.with(at, [key, 'nobody'])) } };
  }
  for (const [at, expression] of (selector.matchExpressions ?? []).entries()) {
    yield { what: `without ${expression.key} ${expression.operator}`, value: { ...selector, matchExpressions: selector.matchExpressions!.toSpliced(at, 1) } };
  }
}
