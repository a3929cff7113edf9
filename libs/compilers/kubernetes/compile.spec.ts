import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { propose } from '#learning';
import type { DirectionProposal, Proposal, ProposedRule, Revision, Snapshot } from '#model';
import { parsePrefix, workloadKey } from '#model';
import { approve } from '#policy';

import { shippedCatalogue } from '../../../test/support/catalogue.ts';
import { expectGolden } from '../../../test/support/golden.ts';
import { shop } from '../../../test/support/shop-world.ts';
import { graph, type GraphFields, ref, relationship, workload, world, type World } from '../../../test/support/worlds.ts';
import { compileNetworkPolicies, type NetworkPolicyObject, renderYaml } from './index.ts';

const approval = { number: 3, approvedBy: 'ops@example.com', reason: 'first cut' };

function learned(fields: World, graphFields: GraphFields): { readonly revision: Revision; readonly snapshot: Snapshot } {
  const snapshot = world(fields);
  const { proposals } = propose(graph(snapshot, graphFields), snapshot, { tier: 'strong', catalogue: shippedCatalogue() });
  return { revision: approve(proposals, approval), snapshot };
}

function rule(fields: Partial<ProposedRule>): ProposedRule {
  return { id: 'ingress-1', peers: 'any', ports: 'any', evidence: [], tier: 'strong', confidence: 1, why: 'a test', widenings: [], ...fields };
}

/** Compiles one rule of one direction of `shop/Deployment/api`. */
function compileRule(direction: 'ingress' | 'egress', fields: Partial<ProposedRule>, workloads = [api, web]): { readonly specs: readonly NetworkPolicyObject['spec'][]; readonly codes: readonly string[] } {
  const closed: DirectionProposal = { kind: 'closed', rules: [rule(fields)], why: 'known' };
  const open: DirectionProposal = { kind: 'open', why: 'not known' };
  const proposal: Proposal = { workload: api.ref, ingress: open, egress: open, [direction]: closed };
  const { objects, diagnostics } = compileNetworkPolicies(approve([proposal], approval), world({ workloads }));
  return { specs: objects.map(({ spec }) => spec), codes: diagnostics.map(({ code }) => code) };
}

const api = workload('shop/Deployment/api', { ports: ['http:8080', 'dns:53/UDP'] });
const web = workload('shop/Deployment/web');
const tcp = (port: number) => ({ kind: 'range', protocol: 'TCP', from: port, to: port }) as const;

describe('compileNetworkPolicies', () => {
  it('writes the shop as it should be applied', () => {
    const { revision, snapshot } = learned(shop.world, shop.graph);
    const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
    const said = diagnostics.map(({ code, subject, message }) => `# ${code} ${subject}: ${message}\n`).join('');
    expectGolden(join(import.meta.dirname, 'testdata', 'shop.yaml'), `${said}${renderYaml(objects)}`);
  });

  it('gives the same bytes however the world was ordered', () => {
    const one = learned(shop.world, shop.graph);
    const other = learned(
      { ...shop.world, workloads: [...(shop.world.workloads ?? [])].reverse(), services: [...(shop.world.services ?? [])].reverse() },
      { ...shop.graph, relationships: [...(shop.graph.relationships ?? [])].reverse() },
    );
    expect(renderYaml(compileNetworkPolicies(other.revision, one.snapshot).objects)).toBe(renderYaml(compileNetworkPolicies(one.revision, one.snapshot).objects));
  });

  it.each<{ name: string; direction: 'ingress' | 'egress'; fields: Partial<ProposedRule>; expected: unknown; codes?: readonly string[] }>([
    { name: 'a port by the name its pods give it', direction: 'ingress', fields: { ports: [tcp(8080)] }, expected: [{ ports: [{ protocol: 'TCP', port: 'http' }] }] },
    { name: 'a port nobody names', direction: 'ingress', fields: { ports: [tcp(9090)] }, expected: [{ ports: [{ protocol: 'TCP', port: 9090 }] }] },
    { name: 'the same number of another protocol', direction: 'ingress', fields: { ports: [tcp(53)] }, expected: [{ ports: [{ protocol: 'TCP', port: 53 }] }] },
    { name: 'an egress port by number', direction: 'egress', fields: { peers: [{ kind: 'workload', workload: api.ref }], ports: [tcp(8080)] }, expected: [{ to: [{ podSelector: { matchLabels: { app: 'api' } } }], ports: [{ protocol: 'TCP', port: 8080 }] }] },
    { name: 'a range', direction: 'ingress', fields: { ports: [{ kind: 'range', protocol: 'UDP', from: 4000, to: 4010 }] }, expected: [{ ports: [{ protocol: 'UDP', port: 4000, endPort: 4010 }] }] },
    { name: 'a whole protocol', direction: 'ingress', fields: { ports: [{ kind: 'protocol', protocol: 'SCTP' }] }, expected: [{ ports: [{ protocol: 'SCTP' }] }] },
    { name: 'everything', direction: 'ingress', fields: {}, expected: [{}] },
    { name: 'nothing, for no peer', direction: 'ingress', fields: { peers: [] }, expected: [] },
    { name: 'nothing, for no port', direction: 'ingress', fields: { ports: [] }, expected: [] },
    { name: 'ICMP as nothing at all', direction: 'egress', fields: { ports: [{ kind: 'protocol', protocol: 'ICMP' }] }, expected: [], codes: ['icmp-not-sayable'] },
    { name: 'an unknown workload as nothing', direction: 'ingress', fields: { peers: [{ kind: 'workload', workload: ref('shop/Deployment/gone') }] }, expected: [], codes: ['peer-unknown'] },
    { name: 'an entity nobody lowered as nothing', direction: 'ingress', fields: { peers: [{ kind: 'entity', entity: 'prometheus' }] }, expected: [], codes: ['peer-without-address'] },
    { name: 'a block without an exception that is none', direction: 'egress', fields: { peers: [{ kind: 'cidr', cidr: parsePrefix('192.0.2.0/24')!, except: [parsePrefix('198.51.100.0/24')!, parsePrefix('192.0.2.128/25')!] }] }, expected: [{ to: [{ ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.128/25'] } }] }] },
    { name: 'a block that is excepted whole as nothing', direction: 'egress', fields: { peers: [{ kind: 'cidr', cidr: parsePrefix('2001:db8::/48')!, except: [parsePrefix('2001:db8::/32')!] }] }, expected: [] },
  ])('says $name', ({ direction, fields, expected, codes = [] }) => {
    const { specs, codes: found } = compileRule(direction, fields);
    expect(specs).toEqual([{ podSelector: { matchLabels: { app: 'api' } }, policyTypes: [direction === 'ingress' ? 'Ingress' : 'Egress'], [direction]: expected }]);
    expect(found).toEqual(codes);
  });

  it('says a host as its one port on the public internet, both families, without private and metadata addresses', () => {
    const { specs } = compileRule('egress', { peers: [{ kind: 'host', host: 'api.example.com' }], ports: [tcp(443)] });
    const [entry] = specs[0]?.egress ?? [];
    const blocks = (entry?.to ?? []).flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock]));
    expect(entry?.ports).toEqual([{ protocol: 'TCP', port: 443 }]);
    expect(blocks.some(({ cidr }) => cidr.includes(':'))).toBe(true);
    expect(blocks.find(({ cidr }) => cidr === '0.0.0.0/0')?.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']));
  });

  it('uses no name that two pods of the workload mean differently', () => {
    const snapshot = world({ workloads: [api] });
    const [pod] = [...snapshot.pods.values()];
    const old = { ...pod!, name: 'api-old', ports: [{ name: 'http', port: 8081, protocol: 'TCP' as const }] };
    const pods = new Map([...snapshot.pods, ['shop/api-old', old]]);
    const proposal: Proposal = { workload: api.ref, ingress: { kind: 'closed', rules: [rule({ ports: [tcp(8080)] })], why: '' }, egress: { kind: 'open', why: '' } };
    expect(compileNetworkPolicies(approve([proposal], approval), { ...snapshot, pods }).objects[0]?.spec.ingress).toEqual([{ ports: [{ protocol: 'TCP', port: 8080 }] }]);
  });

  it('merges rules with equal peers or ports, and nothing else', () => {
    const peer = (name: string) => [{ kind: 'workload', workload: ref(`shop/Deployment/${name}`) }] as const;
    const rules = [rule({ id: 'a', peers: peer('web'), ports: [tcp(80)] }), rule({ id: 'b', peers: peer('web'), ports: [tcp(81)] }), rule({ id: 'c', peers: peer('cart'), ports: [tcp(81)] }), rule({ id: 'd', peers: peer('job'), ports: [tcp(81)] })];
    const workloads = [api, ...['web', 'cart', 'job'].map((name) => workload(`shop/Deployment/${name}`))];
    const proposal: Proposal = { workload: api.ref, ingress: { kind: 'closed', rules, why: '' }, egress: { kind: 'open', why: '' } };
    const { objects } = compileNetworkPolicies(approve([proposal], approval), world({ workloads }));
    expect(objects[0]?.spec.ingress).toEqual([
      { from: [{ podSelector: { matchLabels: { app: 'cart' } } }, { podSelector: { matchLabels: { app: 'job' } } }], ports: [{ protocol: 'TCP', port: 81 }] },
      { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ protocol: 'TCP', port: 80 }, { protocol: 'TCP', port: 81 }] },
    ]);
  });
});

describe('workloads that NetworkPolicy can not select alone', () => {
  const reviews = ['v1', 'v2'].map((version) => workload(`shop/Deployment/reviews-${version}`, { podLabels: { app: 'reviews', version } }));
  const relationships = [relationship('shop/Deployment/web', 'shop/Deployment/reviews-v1', 9080), relationship('shop/Deployment/api', 'shop/Deployment/reviews-v2', 9090)];

  it('share one object with the rules of all, and it is said', () => {
    const { revision, snapshot } = learned({ workloads: [...reviews, web, api] }, { relationships });
    const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
    const shared = objects.filter(({ spec }) => spec.podSelector.matchLabels?.['app'] === 'reviews');
    expect(shared).toHaveLength(1);
    expect(shared[0]?.spec.ingress).toHaveLength(2);
    expect(diagnostics.map(({ code }) => code)).toContain('selects-several-workloads');
    expect(objects.find(({ spec }) => spec.podSelector.matchLabels?.['app'] === 'web')?.metadata.annotations['ringfence.io/widenings']).toContain('reviews-v2 carries the same labels');
  });

  it('stay open in a direction that one of them leaves open', () => {
    const { revision, snapshot } = learned({ workloads: [...reviews, web, api] }, { relationships, unknown: ['shop/Deployment/reviews-v2 egress'] });
    const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
    expect(objects.find(({ spec }) => spec.podSelector.matchLabels?.['app'] === 'reviews')?.spec.policyTypes).toEqual(['Ingress']);
    expect(diagnostics.find(({ code }) => code === 'left-open-for-another')?.subject).toBe('shop/Deployment/reviews-v1');
  });

  it.each([
    ['no-lasting-label', workload('shop/Deployment/bare', { podLabels: { version: '1.0' } })],
    ['subject-outside-kubernetes', workload('shop/ComposeService/db', { platform: 'compose' })],
    ['namespace-not-usable', workload('Sh op/Deployment/web')],
  ])('are left open, each with one diagnostic: %s', (code, subject) => {
    const { revision, snapshot } = learned({ workloads: [subject] }, {});
    const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
    expect(objects).toEqual([]);
    expect(diagnostics.map((each) => [each.code, each.subject])).toEqual([[code, workloadKey(subject.ref)]]);
  });

  it('let a peer without lasting labels through by its namespace, billed', () => {
    const bare = workload('shop/Deployment/bare', { podLabels: {} });
    const { revision, snapshot } = learned({ workloads: [api, bare] }, { relationships: [relationship('shop/Deployment/bare', 'shop/Deployment/api', 8080)] });
    const object = compileNetworkPolicies(revision, snapshot).objects.find(({ metadata }) => metadata.name === 'ringfence-deployment-api');
    expect(object?.spec.ingress).toEqual([{ from: [{ podSelector: {} }], ports: [{ protocol: 'TCP', port: 'http' }] }]);
    expect(object?.metadata.annotations['ringfence.io/widenings']).toContain('no label that survives a rollout');
  });
});

describe('hostile names and texts', () => {
  const hostile = `x\n\u001b[31m"'\`$(reboot)\u202e${'é'.repeat(10_000)}`;

  it('never reach a name, a label or a terminal, and stay small', () => {
    const subject = workload(`shop/Deployment/${'Web_'.repeat(2500)}`, { podLabels: { app: 'web' } });
    const relationships = Array.from({ length: 400 }, (_, index) =>
      relationship(workloadKey(subject.ref), 'internet', 1000 + index, { host: hostile, application: hostile, evidence: [{ kind: 'declared', source: 'env', where: hostile, text: hostile }] }),
    );
    const { revision, snapshot } = learned({ workloads: [subject] }, { relationships });
    const { objects } = compileNetworkPolicies(revision, snapshot);
    const [object] = objects;
    expect(object?.metadata.name).toMatch(/^[a-z0-9][-a-z0-9]{0,62}$/);
    const annotations = Object.values(object?.metadata.annotations ?? {});
    expect(Buffer.byteLength(annotations.join(''))).toBeLessThan(8192);
    expect(object?.metadata.annotations['ringfence.io/why']).toMatch(/… and \d+ more$/);
    // eslint-disable-next-line no-control-regex
    expect(annotations.join('')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('keep names apart that differ only where they are cut or cleaned', () => {
    const names = ['a'.repeat(300), `${'a'.repeat(300)}b`, 'web_1', 'web-1', 'Web-1'].map((name) => `shop/Deployment/${name}`);
    const workloads = names.map((name, index) => workload(name, { podLabels: { app: `app${String(index)}` } }));
    const { revision, snapshot } = learned({ workloads }, {});
    expect(new Set(compileNetworkPolicies(revision, snapshot).objects.map(({ metadata }) => metadata.name)).size).toBe(names.length);
  });
});
