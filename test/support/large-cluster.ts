import {
  type Address,
  addressFromBits,
  type Namespace,
  type Node,
  parsePrefix,
  type Peer,
  type Pod,
  podKey,
  type Policy,
  type PortMatch,
  type Prefix,
  type Revision,
  type Rule,
  selectorFromLabels,
  type Snapshot,
  type WorkloadRef,
} from '#model';
import { adoptPolicies } from '#policy';

import { origin, world } from './worlds.ts';

export interface ClusterSize {
  readonly pods: number;
  readonly workloads: number;
  readonly nodes: number;
  readonly namespaces: number;
}

export interface LargeCluster {
  readonly snapshot: Snapshot;
  readonly revision: Revision;
}

/**
 * A made-up cluster of any size, the same one each time: dual stack, ten rules a workload. Every
 * second workload has a learned policy, the others NetworkPolicies that select by labels; peers
 * are half in the own namespace and half anywhere.
 */
export function largeCluster(size: ClusterSize): LargeCluster {
  const next = random(20260101);
  const snapshot = podsWith(size, next);
  const refs = refsOf(size);
  const policies = refs.map((ref, at) => makePolicy(ref, at, refs, size, next));
  return { snapshot, revision: adoptPolicies(policies) };
}

/** The same cluster without any policy. */
export function largePods(size: ClusterSize): Snapshot {
  return podsWith(size, random(20260101));
}

function podsWith(size: ClusterSize, next: () => number): Snapshot {
  const refs = refsOf(size);
  const nodes = Array.from({ length: size.nodes }, (_, at) => makeNode(at));
  const used = new Map<number, number>();
  const pods = Array.from({ length: size.pods }, (_, at) => {
    const node = Math.floor(next() * size.nodes);
    const slot = (used.get(node) ?? 1) + 1;
    used.set(node, slot);
    return makePod(refs[at % size.workloads]!, Math.floor(at / size.workloads), node, slot);
  });
  const namespaces = Array.from({ length: size.namespaces }, (_, at): Namespace => {
    const name = `team-${String(at)}`;
    return { name, labels: { 'kubernetes.io/metadata.name': name, tier: `t${String(at % 7)}` }, isDeclared: true };
  });
  return world({ namespaces, nodes, pods });
}

function refsOf(size: ClusterSize): readonly WorkloadRef[] {
  return Array.from({ length: size.workloads }, (_, at): WorkloadRef => ({ namespace: `team-${String(at % size.namespaces)}`, kind: 'Deployment', name: `app-${String(at)}` }));
}

export function podLabels(ref: WorkloadRef): Pod['labels'] {
  return { app: ref.name, 'app.kubernetes.io/part-of': ref.namespace };
}

export function makePod(ref: WorkloadRef, replica: number, node: number, slot: number): Pod {
  return {
    namespace: ref.namespace,
    name: `${ref.name}-${String(replica)}`,
    labels: podLabels(ref),
    node: nodeName(node),
    hostNetwork: false,
    addresses: podAddresses(node, slot),
    ports: [
      { name: 'http', port: 8080, protocol: 'TCP' },
      { name: 'metrics', port: 9090, protocol: 'TCP' },
    ],
    workload: ref,
    phase: 'running',
    isExample: false,
    origin,
  };
}

function podAddresses(node: number, slot: number): readonly Address[] {
  return [addressFromBits(4, blockOf(node, 4).first + BigInt(slot)), addressFromBits(6, blockOf(node, 6).first + BigInt(slot))];
}

function blockOf(node: number, family: 4 | 6): Prefix {
  const text = family === 4 ? `10.${String(node >> 8)}.${String(node & 255)}.0/24` : `2001:db8:${node.toString(16)}::/64`;
  return parsePrefix(text)!;
}

function nodeName(at: number): string {
  return `node-${String(at).padStart(4, '0')}`;
}

function makeNode(at: number): Node {
  const addresses = [addressFromBits(4, (198n << 24n) + (18n << 16n) + BigInt(at)), addressFromBits(6, (0x20010db8ffffn << 80n) + BigInt(at + 1))];
  return { name: nodeName(at), labels: {}, addresses, podCidrs: [blockOf(at, 4).text, blockOf(at, 6).text], isExample: false };
}

function makePolicy(ref: WorkloadRef, at: number, refs: readonly WorkloadRef[], { namespaces }: ClusterSize, next: () => number): Policy {
  const isLearned = at % 2 === 0;
  const other = (isNear: boolean): WorkloadRef => {
    const any = Math.floor(next() * refs.length);
    return refs[isNear ? (Math.floor(any / namespaces) * namespaces + (at % namespaces)) % refs.length : any]!;
  };
  const peer = (to: WorkloadRef): Peer => (isLearned ? { kind: 'workload', workload: to } : { kind: 'pods', namespaces: namespaceOf(to, ref), pods: selectorFromLabels({ app: to.name }) });
  const ingress = Array.from({ length: 4 }, (_, n) => rule(`ingress-${String(n)}`, [peer(other(n % 2 === 0))], [http], ref));
  const egress = Array.from({ length: 3 }, (_, n) => rule(`egress-${String(n)}`, [peer(other(n % 2 === 0))], [http], ref));
  const block: Peer = { kind: 'cidr', cidr: parsePrefix(`203.0.113.${String((at % 8) * 32)}/27`)!, except: [parsePrefix(`203.0.113.${String((at % 8) * 32)}/30`)!] };
  return {
    kind: 'namespaced',
    name: `${isLearned ? 'learned' : 'NetworkPolicy'} ${ref.namespace}/${ref.name}`,
    subject: isLearned ? { kind: 'workload', workload: ref } : { kind: 'pods', namespaces: { kind: 'name', name: ref.namespace }, pods: selectorFromLabels({ app: ref.name }) },
    ingress: [...ingress, rule('ingress-metrics', [peer(refs[1]!)], [{ kind: 'named', protocol: 'TCP', name: 'metrics' }], ref)],
    egress: [...egress, rule('egress-dns', [peer(refs[0]!)], dns, ref), rule('egress-outside', [block], [{ kind: 'range', protocol: 'TCP', from: 443, to: 443 }], ref)],
    origin,
  };
}

function namespaceOf(to: WorkloadRef, from: WorkloadRef): Extract<Peer, { kind: 'pods' }>['namespaces'] {
  if (to.namespace === from.namespace) return { kind: 'name', name: to.namespace };
  return { kind: 'selector', selector: selectorFromLabels({ 'kubernetes.io/metadata.name': to.namespace }) };
}

const http: PortMatch = { kind: 'range', protocol: 'TCP', from: 8080, to: 8080 };
const dns: readonly PortMatch[] = [
  { kind: 'range', protocol: 'UDP', from: 53, to: 53 },
  { kind: 'range', protocol: 'TCP', from: 53, to: 53 },
];

function rule(id: string, peers: readonly Peer[], ports: readonly PortMatch[], ref: WorkloadRef): Rule {
  const where = `deploy/${ref.namespace}.yaml:12 Deployment ${ref.namespace}/${ref.name} env`;
  return { id, peers, ports, evidence: [{ kind: 'declared', source: 'env', where, text: `${ref.name} names its peer in an address` }], widenings: [] };
}

/** Numbers from 0 to 1, the same sequence for a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function podsByKey(cluster: LargeCluster): readonly Pod[] {
  return [...cluster.snapshot.pods.values()].sort((a, b) => (podKey(a) < podKey(b) ? -1 : 1));
}
