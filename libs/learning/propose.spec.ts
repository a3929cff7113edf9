import { describe, expect, it } from '@jest/globals';

import type { DirectionProposal, Proposal, ProposedRule, Relationship, Snapshot } from '#model';
import { workloadKey } from '#model';

import { shippedCatalogue } from '../../test/support/catalogue.ts';
import { address, endpointSlice, graph, type GraphFields, namespace, node, relationship, service, workload, world, type World } from '../../test/support/worlds.ts';
import { type Catalogue, notEnforced, propose } from './index.ts';

const catalogue = shippedCatalogue();
const nothing: Catalogue = { entries: [] };

function proposalsFor(fields: World, graphFields: GraphFields, using = catalogue): readonly Proposal[] {
  const snapshot = world(fields);
  return propose(graph(snapshot, graphFields), snapshot, { tier: 'strong', catalogue: using }).proposals;
}

function rulesOf(proposals: readonly Proposal[], key: string, direction: 'ingress' | 'egress'): readonly ProposedRule[] {
  const found: DirectionProposal | undefined = proposals.find((each) => workloadKey(each.workload) === key)?.[direction];
  if (found?.kind !== 'closed') throw new Error(`${key} ${direction} is not closed`);
  return found.rules;
}

/** Peers and ports of the learned rules, as short texts. */
function shape(rules: readonly ProposedRule[]): readonly string[] {
  return rules.map(({ peers, ports }) => `${peers === 'any' ? 'any' : peers.map((peer) => describePeer(peer)).join(' ')} : ${ports === 'any' ? 'any' : ports.map((port) => (port.kind === 'range' ? `${String(port.from)}/${port.protocol}` : port.protocol)).join(' ')}`);
}

function describePeer(peer: Exclude<ProposedRule['peers'], 'any'>[number]): string {
  switch (peer.kind) {
    case 'workload':
      return workloadKey(peer.workload);
    case 'cidr':
      return peer.cidr.text;
    case 'host':
      return peer.host;
    case 'entity':
      return peer.entity;
    case 'pods':
      return `pods ${peer.namespaces.kind === 'name' ? peer.namespaces.name : '*'} ${peer.pods.requirements.map(({ key, values }) => `${key}=${values.join()}`).join()}`;
    case 'nodes':
      return 'nodes';
  }
}

const api = workload('shop/Deployment/api', { ports: ['http:8080'] });
const web = workload('shop/Deployment/web');

function onlyRule(side: 'ingress' | 'egress', each: Relationship, fields: World = {}): { readonly shape: readonly string[]; readonly widenings: readonly string[] } {
  const rules = rulesOf(proposalsFor({ workloads: [api, web], ...fields }, { relationships: [each] }), 'shop/Deployment/api', side).filter((rule) => rule.evidence.some(({ kind }) => kind === 'declared'));
  return { shape: shape(rules), widenings: rules.flatMap((rule) => rule.widenings) };
}

describe('propose', () => {
  it('gives both ends of a relationship their rule, with its evidence and a sentence', () => {
    const proposals = proposalsFor({ workloads: [web, api] }, { relationships: [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { application: 'http' })] }, nothing);
    const [ingress] = rulesOf(proposals, 'shop/Deployment/api', 'ingress');
    const [egress] = rulesOf(proposals, 'shop/Deployment/web', 'egress');
    expect(ingress).toMatchObject({ application: 'http', confidence: 0.95, tier: 'strong', why: 'shop/Deployment/web connects to it on 8080/TCP: PEER_URL names shop/Deployment/api', widenings: [] });
    expect(shape([ingress!, egress!])).toEqual(['shop/Deployment/web : 8080/TCP', 'shop/Deployment/api : 8080/TCP']);
    expect(rulesOf(proposals, 'shop/Deployment/web', 'ingress')).toEqual([]);
  });

  it('leaves open what is not known, and lists it', () => {
    const proposals = proposalsFor({ workloads: [web, workload('shop/DaemonSet/agent', { hostNetwork: true })] }, { unknown: ['shop/Deployment/web egress'] });
    expect(notEnforced(proposals)).toEqual([
      { workload: { namespace: 'shop', kind: 'DaemonSet', name: 'agent' }, direction: 'ingress', why: 'it shares the network of its node, where no policy can tell it apart' },
      { workload: { namespace: 'shop', kind: 'DaemonSet', name: 'agent' }, direction: 'egress', why: 'it shares the network of its node, where no policy can tell it apart' },
      { workload: { namespace: 'shop', kind: 'Deployment', name: 'web' }, direction: 'egress', why: 'egress of shop/Deployment/web is not known' },
    ]);
  });

  it('leaves open a workload the graph says nothing about', () => {
    const snapshot = world({ workloads: [web] });
    const { proposals } = propose({ relationships: [], unresolved: [], knowledge: new Map(), diagnostics: [] }, snapshot, { tier: 'strong', catalogue });
    expect(notEnforced(proposals)).toHaveLength(2);
  });

  it('takes hints only when asked to, and counts those it left out', () => {
    const snapshot: Snapshot = world({ workloads: [web, api] });
    const hints = graph(snapshot, { relationships: [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { tier: 'weak' })] });
    const strong = propose(hints, snapshot, { tier: 'strong', catalogue: nothing }).proposals;
    const all = propose(hints, snapshot, { tier: 'all', catalogue: nothing }).proposals;
    expect(rulesOf(strong, 'shop/Deployment/api', 'ingress')).toEqual([]);
    expect(strong[0]?.ingress.why).toBe('ingress of shop/Deployment/api is known; 1 weaker hint is left out');
    expect(rulesOf(all, 'shop/Deployment/api', 'ingress').map(({ tier }) => tier)).toEqual(['weak']);
  });

  it('closes what is known only together with hints when hints are admitted, and not otherwise', () => {
    const snapshot = world({ workloads: [web, api] });
    const base = graph(snapshot, { relationships: [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { tier: 'weak' })] });
    const hinted = { isKnown: false, isKnownWithWeak: true, why: 'a client of it is only hinted at' };
    const knowledge = new Map([...base.knowledge].map(([key, each]) => [key, { ...each, ingress: hinted }]));
    const ingress = (tier: 'strong' | 'all') => propose({ ...base, knowledge }, snapshot, { tier, catalogue: nothing }).proposals[0]?.ingress;
    expect(ingress('strong')).toEqual({ kind: 'open', why: 'a client of it is only hinted at' });
    expect(ingress('all')).toMatchObject({ kind: 'closed', rules: [{ tier: 'weak' }] });
  });

  it('leaves everything outside the cluster open where only the inside is known, and bills it', () => {
    const rules = rulesOf(proposalsFor({ workloads: [web] }, { outsideOpen: ['shop/Deployment/web'] }, nothing), 'shop/Deployment/web', 'egress');
    expect(shape(rules)).toEqual(['internet : any']);
    expect(rules[0]?.widenings).toHaveLength(1);
  });

  it('does not depend on the order of relationships, workloads or catalogue', () => {
    const relationships = [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080), relationship('kube-apiserver', 'shop/Deployment/api', 9443), relationship('shop/Deployment/api', 'internet', 443, { host: 'api.example.com' })];
    const one = proposalsFor({ workloads: [web, api] }, { relationships });
    const other = proposalsFor({ workloads: [api, web] }, { relationships: [...relationships].reverse() }, { entries: [...catalogue.entries].reverse() });
    expect(other).toEqual(one);
  });

  it('merges what several relationships ask for alike, and gives it the same id either way', () => {
    const both = [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { confidence: 0.6, tier: 'weak' }), relationship('shop/Deployment/web', 'shop/Deployment/api', 8080)];
    const snapshot = world({ workloads: [web, api] });
    const merged = rulesOf(propose(graph(snapshot, { relationships: both }), snapshot, { tier: 'all', catalogue: nothing }).proposals, 'shop/Deployment/api', 'ingress');
    expect(merged).toHaveLength(1);
    expect(merged[0]).toMatchObject({ tier: 'strong', confidence: 0.95 });
    expect(merged[0]?.id).toMatch(/^ingress-[0-9a-f]{12}$/);
    const alone = rulesOf(proposalsFor({ workloads: [web, api] }, { relationships: both.slice(1) }, nothing), 'shop/Deployment/api', 'ingress');
    expect(alone[0]?.id).toBe(merged[0]?.id);
  });
});

describe('peers that are no workload', () => {
  const slice = endpointSlice('default/kubernetes', ['192.0.2.10', '2001:db8:a::10'], ['https:6443']);
  const controlPlane = node('cp-1', ['192.0.2.10', '2001:db8:a::10'], { 'node-role.kubernetes.io/control-plane': '' });
  const worker = node('worker-1', ['192.0.2.11', '2001:db8:a::11']);
  const prometheus = workload('monitoring/StatefulSet/metrics', { podLabels: { app: 'metrics' } });
  const scraping = { ...prometheus, containers: prometheus.containers.map((each) => ({ ...each, image: 'registry.example:5000/prom/prometheus:v3.1.0@sha256:00' })) };

  it.each<{ name: string; side: 'ingress' | 'egress'; each: Relationship; fields?: World; expected: readonly string[]; billed: boolean }>([
    { name: 'the API server behind its endpoints', side: 'egress', each: relationship('shop/Deployment/api', 'kube-apiserver', 443), fields: { endpointSlices: [slice] }, expected: ['192.0.2.10/32 2001:db8:a::10/128 : 6443/TCP'], billed: false },
    { name: 'the API server on control-plane nodes', side: 'egress', each: relationship('shop/Deployment/api', 'kube-apiserver', 443), fields: { nodes: [controlPlane, worker] }, expected: ['192.0.2.10/32 2001:db8:a::10/128 : 443/TCP 6443/TCP'], billed: true },
    { name: 'an API server nobody knows', side: 'egress', each: relationship('shop/Deployment/api', 'kube-apiserver', 443), expected: ['any : 443/TCP 6443/TCP'], billed: true },
    { name: 'the API server as a caller', side: 'ingress', each: relationship('kube-apiserver', 'shop/Deployment/api', 9443), fields: { nodes: [controlPlane] }, expected: ['any : 9443/TCP'], billed: true },
    { name: 'a Prometheus in the input', side: 'ingress', each: relationship('prometheus', 'shop/Deployment/api', 9102), fields: { workloads: [api, web, scraping] }, expected: ['monitoring/StatefulSet/metrics : 9102/TCP'], billed: false },
    { name: 'a Prometheus elsewhere', side: 'ingress', each: relationship('prometheus', 'shop/Deployment/api', 9102), expected: ['pods *  : 9102/TCP'], billed: true },
    { name: 'the kubelet, which needs no rule', side: 'ingress', each: relationship('kubelet', 'shop/Deployment/api', 8080), expected: [], billed: false },
    { name: 'kubelets on known nodes', side: 'egress', each: relationship('shop/Deployment/api', 'kubelet', 10250), fields: { nodes: [worker] }, expected: ['192.0.2.11/32 2001:db8:a::11/128 : 10250/TCP'], billed: false },
    { name: 'kubelets on example nodes, whose addresses are made up', side: 'egress', each: relationship('shop/Deployment/api', 'kubelet', 10250), fields: { nodes: [{ ...worker, isExample: true }] }, expected: ['any : 10250/TCP'], billed: true },
    { name: 'an ingress controller elsewhere', side: 'ingress', each: relationship('ingress-controller', 'shop/Deployment/api', 8080), expected: ['any : 8080/TCP'], billed: true },
    { name: 'a gateway', side: 'ingress', each: relationship('gateway', 'shop/Deployment/api', 8080), expected: ['any : 8080/TCP'], billed: true },
    { name: 'clients from outside', side: 'ingress', each: relationship('internet', 'shop/Deployment/api', 8080), expected: ['any : 8080/TCP'], billed: true },
    { name: 'the internet', side: 'egress', each: relationship('shop/Deployment/api', 'internet', 443), expected: ['internet : 443/TCP'], billed: false },
    { name: 'a named host', side: 'egress', each: relationship('shop/Deployment/api', 'internet', 443, { host: 'api.example.com' }), expected: ['api.example.com : 443/TCP'], billed: true },
    { name: 'a named host without a port', side: 'egress', each: relationship('shop/Deployment/api', 'internet', null, { host: 'api.example.com' }), expected: ['api.example.com : TCP'], billed: true },
    { name: 'an address', side: 'egress', each: relationship('shop/Deployment/api', 'internet', 443, { host: '2001:DB8::7' }), expected: ['2001:db8::7/128 : 443/TCP'], billed: false },
    { name: 'cloud metadata by name, which was asked for', side: 'egress', each: relationship('shop/Deployment/api', 'internet', 80, { host: 'metadata.google.internal' }), expected: ['169.254.169.254/32 fd20:ce::254/128 : 80/TCP'], billed: false },
    { name: 'CoreDNS metrics', side: 'egress', each: relationship('shop/Deployment/api', 'coredns', 9153), expected: ['pods kube-system k8s-app=kube-dns : 9153/TCP'], billed: false },
    { name: 'the scheduler on unknown nodes', side: 'egress', each: relationship('shop/Deployment/api', 'kube-scheduler', 10259), expected: ['any : 10259/TCP'], billed: true },
    { name: 'a workload on known nodes', side: 'egress', each: relationship('shop/Deployment/api', 'shop/DaemonSet/agent', 9100), fields: { workloads: [api, workload('shop/DaemonSet/agent', { hostNetwork: true })], nodes: [worker] }, expected: ['192.0.2.11/32 2001:db8:a::11/128 : 9100/TCP'], billed: true },
    { name: 'a workload on unknown nodes', side: 'egress', each: relationship('shop/Deployment/api', 'shop/DaemonSet/agent', 9100), fields: { workloads: [api, workload('shop/DaemonSet/agent', { hostNetwork: true })] }, expected: ['any : 9100/TCP'], billed: true },
    { name: 'a program of a plain host, on that host alone', side: 'egress', each: relationship('shop/Deployment/api', 'edge/Unit/db.service', 5432), fields: { workloads: [api, workload('edge/Unit/db.service', { platform: 'host', hostNetwork: true })], nodes: [worker] }, expected: ['edge/Unit/db.service : 5432/TCP'], billed: true },
    { name: 'a port that is a guess: all of that pair', side: 'egress', each: { ...relationship('shop/Deployment/api', 'shop/Deployment/web', 8080), isPortGuessed: true }, expected: ['shop/Deployment/web : TCP UDP'], billed: true },
    { name: 'ICMP', side: 'egress', each: relationship('shop/Deployment/api', 'shop/Deployment/web', null, { protocol: 'ICMP' }), expected: ['shop/Deployment/web : ICMP'], billed: false },
  ])('says $name', ({ side, each, fields = {}, expected, billed }) => {
    const { shape: found, widenings } = onlyRule(side, each, fields);
    expect(found).toEqual(expected);
    expect(widenings.length > 0).toBe(billed);
  });

  it('never bars a peer only because the catalogue is empty', () => {
    const rules = rulesOf(proposalsFor({ workloads: [api] }, { relationships: [relationship('prometheus', 'shop/Deployment/api', 9102)] }, nothing), 'shop/Deployment/api', 'ingress');
    expect(shape(rules)).toEqual(['any : 9102/TCP']);
    expect(rules[0]?.widenings).toHaveLength(1);
  });
});

describe('the catalogue', () => {
  function added(fields: World, key: string, direction: 'ingress' | 'egress', graphFields: GraphFields = {}): readonly string[] {
    return shape(rulesOf(proposalsFor(fields, graphFields), key, direction).filter(({ evidence }) => evidence.every(({ kind }) => kind === 'built-in')));
  }

  it('adds DNS over both protocols to closed egress, at the node-local cache and at a known Service address too', () => {
    const dns = service('kube-system/kube-dns', { clusterAddresses: [address('198.51.100.10'), address('2001:db8:5::a')] });
    const [cluster, openshift] = added({ workloads: [web], services: [dns] }, 'shop/Deployment/web', 'egress');
    expect(openshift).toContain('openshift-dns');
    expect(cluster).toBe(
      'pods kube-system k8s-app=kube-dns pods kube-system k8s-app=node-local-dns 169.254.20.10/32 169.254.25.10/32 fd30:1319:f1e:230b::1/128 198.51.100.10/32 2001:db8:5::a/128 : 53/UDP 53/TCP',
    );
  });

  it('adds no DNS where egress stays open', () => {
    const proposals = proposalsFor({ workloads: [web] }, { unknown: ['shop/Deployment/web egress'] });
    expect(proposals[0]?.egress.kind).toBe('open');
  });

  it('carries an ambient mesh on 15008 between the same peers, and probes from its own address', () => {
    const meshed = [namespace('shop', { 'istio.io/dataplane-mode': 'ambient' })];
    const relationships = [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080)];
    expect(added({ workloads: [api, web], namespaces: meshed }, 'shop/Deployment/api', 'ingress', { relationships })).toEqual(['169.254.7.127/32 fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128 : any', 'shop/Deployment/web : 15008/TCP']);
    expect(added({ workloads: [api, web] }, 'shop/Deployment/api', 'ingress', { relationships })).toEqual([]);
  });

  it('reads injection from annotations of namespace and pod, and lets a pod opt out', () => {
    const meshed = [{ ...namespace('shop'), annotations: { 'linkerd.io/inject': 'enabled' } }];
    const out = workload('shop/Deployment/out', { podAnnotations: { 'linkerd.io/inject': 'disabled' } });
    expect(added({ workloads: [web, out], namespaces: meshed }, 'shop/Deployment/web', 'egress').some((each) => each.includes('linkerd'))).toBe(true);
    expect(added({ workloads: [web, out], namespaces: meshed }, 'shop/Deployment/out', 'egress').some((each) => each.includes('linkerd'))).toBe(false);
  });

  it('lets members of a replicated StatefulSet reach each other, and nobody else', () => {
    const headless = service('shop/db', { headless: true, selector: { app: 'db' } });
    const set = (replicas: number) => workload('shop/StatefulSet/db', { replicas, governingService: 'db' });
    expect(added({ workloads: [set(3)], services: [headless] }, 'shop/StatefulSet/db', 'ingress')).toEqual(['shop/StatefulSet/db : any']);
    expect(added({ workloads: [set(1)], services: [headless] }, 'shop/StatefulSet/db', 'ingress')).toEqual([]);
    expect(added({ workloads: [set(3)] }, 'shop/StatefulSet/db', 'ingress')).toEqual([]);
  });
});
