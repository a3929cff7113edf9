import { describe, expect, it } from '@jest/globals';

import { inferGraph } from '#graph';
import { snapshotOf } from '#inventory';
import type { ObservedEvidence, ProposedRule, Snapshot, WorkloadReview } from '#model';
import { readPaths } from '#sources/files';

import { context, evidence, HOUR, NOW, observed, reporter } from '../../test/support/observed-worlds.ts';
import { shop } from '../../test/support/shop-world.ts';
import { graph, type GraphFields, node, relationship, workload, world, type World } from '../../test/support/worlds.ts';
import { evidenceClass, type LearningContext, propose, review } from './index.ts';

const web = workload('shop/Deployment/web');
const api = workload('shop/Deployment/api', { ports: ['http:8080'] });
const calls = relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { application: 'http' });
const seenCalls = observed('shop/Deployment/web', 'shop/Deployment/api', 8080);
const unknownEgress = ['shop/Deployment/web egress'];
const nothing = { catalogue: { entries: [] } };

interface Case {
  readonly world?: World;
  readonly graph?: GraphFields;
  readonly evidence?: ObservedEvidence;
  readonly context?: Partial<LearningContext>;
}

function reviewOf(key: string, { world: fields = { workloads: [web, api] }, graph: graphFields = {}, evidence: seen = evidence(), context: more = {} }: Case): WorkloadReview {
  const snapshot = world(fields);
  const found = review(graph(snapshot, graphFields), seen, snapshot, context(snapshot, { ...nothing, ...more })).get(key);
  if (found === undefined) throw new Error(`no review of ${key}`);
  return found;
}

function rules({ proposal }: WorkloadReview, direction: 'ingress' | 'egress'): readonly ProposedRule[] {
  const each = proposal[direction];
  if (each.kind === 'open') throw new Error(`${direction} is open: ${each.why}`);
  return each.rules;
}

describe('review without observations', () => {
  function agrees(snapshot: Snapshot, from: ReturnType<typeof graph>): void {
    const { proposals } = propose(from, snapshot, { tier: 'strong', catalogue: context(snapshot).catalogue });
    const reviews = review(from, evidence({ reporters: [] }), snapshot, context(snapshot));
    expect([...reviews.values()].map(({ proposal }) => proposal)).toEqual(proposals);
    expect([...reviews.values()].filter(({ isReady, quarantined }) => isReady || quarantined.length > 0)).toEqual([]);
  }

  it('proposes what propose does, for a world with something of everything', () => {
    const snapshot = world(shop.world);
    agrees(snapshot, graph(snapshot, shop.graph));
  });

  it.each(['kubernetes', 'compose'])('proposes what propose does, for the example shop of %s', (kind) => {
    const { updates } = readPaths([`policies/examples/shop/${kind}`], { readStdin: () => '', defaultNamespace: 'default' });
    const snapshot = snapshotOf(updates);
    agrees(snapshot, inferGraph(snapshot));
  });
});

describe('review', () => {
  it('tells by its evidence and its tier what metadata and flows each say', () => {
    const found = reviewOf('shop/Deployment/api', {
      world: { workloads: [web, api, workload('shop/Deployment/admin'), workload('shop/Deployment/batch')] },
      graph: { relationships: [calls, relationship('shop/Deployment/batch', 'shop/Deployment/api', 8080)] },
      evidence: evidence({ relationships: [seenCalls, observed('shop/Deployment/admin', 'shop/Deployment/api', 9000)] }),
    });
    const shown = rules(found, 'ingress').map((rule) => ({ class: evidenceClass(rule), tier: rule.tier, confidence: rule.confidence, why: rule.why }));
    expect(shown).toEqual([
      { class: 'observed', tier: 'weak', confidence: 0.89, why: 'undeclared: shop/Deployment/admin connects to it on 9000/TCP, seen in 336 of 336 hours: 5000 connections (all answered), from 32 pods' },
      { class: 'declared', tier: 'strong', confidence: 0.95, why: 'shop/Deployment/batch connects to it on 8080/TCP: PEER_URL names shop/Deployment/api; not exercised yet' },
      {
        class: 'both',
        tier: 'strong',
        confidence: 0.98,
        why: 'shop/Deployment/web connects to it on 8080/TCP: PEER_URL names shop/Deployment/api; seen in 336 of 336 hours: 5000 connections (all answered), from 32 pods',
      },
    ]);
  });

  it('makes a hint that was seen as good as a declaration, and leaves the others out', () => {
    const hint = relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { tier: 'weak', confidence: 0.5 });
    const other = relationship('shop/Deployment/api', 'shop/Deployment/api', 9999, { tier: 'weak' });
    const found = reviewOf('shop/Deployment/api', { graph: { relationships: [hint, other] }, evidence: evidence({ relationships: [seenCalls] }) });
    expect(rules(found, 'ingress').map(({ tier, evidence: kinds }) => ({ tier, kinds: kinds.map(({ kind }) => kind) }))).toEqual([{ tier: 'strong', kinds: ['declared', 'observed'] }]);
    expect(found.proposal.ingress.why).toContain('1 weaker hint is left out');
  });

  it('is the same whatever order evidence and metadata come in', () => {
    const relationships = [calls, relationship('shop/Deployment/api', 'internet', 443, { host: 'pay.example.com' })];
    const seen = [seenCalls, observed('shop/Deployment/api', 'pay.example.com', 443), observed('shop/Deployment/web', '198.51.100.7', 25), observed('203.0.113.9', 'shop/Deployment/web', 8443)];
    const of = (reverse: boolean) => {
      const snapshot = world({ workloads: reverse ? [api, web] : [web, api] });
      const order = <T>(items: readonly T[]) => (reverse ? [...items].reverse() : items);
      return review(graph(snapshot, { relationships: order(relationships) }), evidence({ relationships: order(seen) }), snapshot, context(snapshot));
    };
    expect(of(true)).toEqual(of(false));
  });

  it('names what it allows and what speaks for it, and no counts', () => {
    const of = (fields: Parameters<typeof observed>[3], relationships = [calls]) => reviewOf('shop/Deployment/api', { graph: { relationships }, evidence: evidence({ relationships: [observed('shop/Deployment/web', 'shop/Deployment/api', 8080, fields)] }) });
    const declaredOnly = reviewOf('shop/Deployment/api', { graph: { relationships: [calls] } });
    expect(of({ connections: 7, replied: 7 })).toMatchObject({ hash: of({}).hash, evidenceHash: of({}).evidenceHash });
    expect(declaredOnly.hash).toBe(of({}).hash);
    expect(declaredOnly.evidenceHash).not.toBe(of({}).evidenceHash);
    expect(of({}, []).evidenceHash).not.toBe(of({}).evidenceHash);
    expect(of({ port: 8081 } as never).hash).not.toBe(of({}).hash);
  });

  it('says which rules a policy of somebody else lets through already', () => {
    const permittedBy: LearningContext['permittedBy'] = ({ port }) => (port === 8080 ? ['NetworkPolicy shop/api'] : []);
    const [known, other] = rules(reviewOf('shop/Deployment/api', { graph: { relationships: [calls] }, evidence: evidence({ relationships: [seenCalls, observed('shop/Deployment/web', 'shop/Deployment/api', 9000)] }), context: { permittedBy } }), 'ingress');
    expect(known?.evidence.map(({ kind, text }) => (kind === 'permitted' ? text : kind))).toEqual(['declared', 'NetworkPolicy shop/api lets it through already', 'observed']);
    expect(other?.evidence.map(({ kind }) => kind)).toEqual(['observed']);
  });

  it('names the invariants a proposal would break', () => {
    expect(reviewOf('shop/Deployment/api', { context: { brokenInvariants: ({ workload: { name } }) => [`${name} is never reached`] } }).brokenInvariants).toEqual(['api is never reached']);
  });
});

describe('closing a direction', () => {
  const seen = evidence({ relationships: [seenCalls] });

  it('closes by watching what metadata alone could not', () => {
    const before = reviewOf('shop/Deployment/web', { graph: { unknown: unknownEgress }, evidence: evidence() });
    const after = reviewOf('shop/Deployment/web', { graph: { unknown: unknownEgress }, evidence: seen });
    expect(before.proposal.egress).toEqual({ kind: 'open', why: 'egress of shop/Deployment/web is not known' });
    expect(rules(after, 'egress')).toHaveLength(1);
    expect(after.proposal.egress.why).toBe('99 to 100 % of its traffic is known; metadata alone does not show it: egress of shop/Deployment/web is not known');
  });

  it.each<{ name: string; relationships: Parameters<typeof evidence>[0]; why: string }>([
    { name: 'it was watched for less than a day', relationships: { relationships: [observed('shop/Deployment/web', 'shop/Deployment/api', 8080, { buckets: 5 })], hours: 5, reporters: [reporter({ from: NOW - 5 * HOUR, coveredMs: 5 * HOUR })] }, why: 'it was watched for 5 of at least 24 hours' },
    { name: 'most of what it does was seen once', relationships: { relationships: [8080, 1, 2, 3, 4, 5, 6, 7].map((port) => observed('shop/Deployment/web', 'shop/Deployment/api', port, { buckets: 1 })) }, why: '0 to 42 % of its traffic is known' },
    { name: 'too much is known to be lost', relationships: { relationships: [seenCalls], reporters: [reporter({ lostConnectionEvents: 1000 })] }, why: '82 to 100 % of its traffic is known' },
  ])('leaves it open where $name', ({ relationships, why }) => {
    const { proposal } = reviewOf('shop/Deployment/web', { graph: { unknown: unknownEgress }, evidence: evidence(relationships) });
    expect(proposal.egress).toEqual({ kind: 'open', why: `egress of shop/Deployment/web is not known; nor does watching close it: ${why}` });
  });

  it('never closes by watching what nobody has seen', () => {
    const { proposal, waitsFor } = reviewOf('shop/Deployment/web', { graph: { unknown: unknownEgress }, evidence: evidence({ relationships: [observed('shop/Deployment/api', 'shop/Deployment/api', 8080)] }) });
    expect(proposal.egress.kind).toBe('open');
    expect(waitsFor).toEqual(['none of its traffic was seen']);
  });

  it('closes a silent direction only after a silence long enough', () => {
    const silent = (hours: number) => reviewOf('shop/Deployment/api', { graph: { unknown: ['shop/Deployment/api egress'] }, evidence: evidence({ relationships: [observed('shop/Deployment/web', 'shop/Deployment/api', 8080, { buckets: hours })], hours, reporters: [reporter({ from: NOW - hours * HOUR, coveredMs: hours * HOUR })] }) }).proposal.egress;
    expect(silent(59)).toMatchObject({ kind: 'open' });
    expect(silent(200)).toMatchObject({ kind: 'closed', rules: [] });
    expect(silent(200).why).toContain('nothing was seen in 200 hours');
  });

  it('closes the outside of the cluster as well once it is known', () => {
    const fields = { graph: { relationships: [calls], outsideOpen: ['shop/Deployment/web'] } };
    const outside = (found: WorkloadReview) => rules(found, 'egress').filter(({ peers }) => peers !== 'any' && peers.some(({ kind }) => kind === 'entity')).length;
    expect(outside(reviewOf('shop/Deployment/web', fields))).toBe(1);
    expect(outside(reviewOf('shop/Deployment/web', { ...fields, evidence: seen }))).toBe(0);
  });

  it('does not open what was approved closed because coverage went down', () => {
    const closed = reviewOf('shop/Deployment/web', { graph: { unknown: unknownEgress }, evidence: seen }).proposal;
    const noisy = evidence({ relationships: [seenCalls], reporters: [reporter({ lostConnectionEvents: 90_000 })] });
    const approved = new Map([['shop/Deployment/web', closed]]);
    expect(reviewOf('shop/Deployment/web', { graph: { unknown: unknownEgress }, evidence: noisy }).proposal.egress.kind).toBe('open');
    expect(reviewOf('shop/Deployment/web', { graph: { unknown: unknownEgress }, evidence: noisy, context: { approved } }).proposal.egress).toMatchObject({ kind: 'closed', rules: [{ id: rules({ proposal: closed } as WorkloadReview, 'egress')[0]?.id }] });
  });

  it('puts the ports that were used in place of a port nobody wrote down', () => {
    const guessed = relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { isPortGuessed: true });
    const found = reviewOf('shop/Deployment/web', { graph: { relationships: [guessed], unknown: unknownEgress }, evidence: evidence({ relationships: [seenCalls, observed('shop/Deployment/web', 'shop/Deployment/api', 9090)] }) });
    expect(rules(found, 'egress').map(({ ports, widenings }) => ({ ports, widenings }))).toEqual([
      { ports: [{ kind: 'range', protocol: 'TCP', from: 8080, to: 8080 }], widenings: [] },
      { ports: [{ kind: 'range', protocol: 'TCP', from: 9090, to: 9090 }], widenings: [] },
    ]);
  });

  it('leaves a workload on the network of its node open', () => {
    const agent = workload('shop/DaemonSet/agent', { hostNetwork: true });
    const found = reviewOf('shop/DaemonSet/agent', { world: { workloads: [agent, api] }, evidence: evidence({ relationships: [observed('shop/DaemonSet/agent', 'shop/Deployment/api', 8080)] }) });
    expect(found.proposal).toMatchObject({ ingress: { kind: 'open' }, egress: { kind: 'open' } });
  });
});

describe('peers that were observed', () => {
  const one = (from: string, to: string, fields: Partial<Case> = {}) => rules(reviewOf('shop/Deployment/api', { evidence: evidence({ relationships: [observed(from, to, 8443)] }), ...fields }), to === 'shop/Deployment/api' ? 'ingress' : 'egress').map(({ peers, ports, widenings }) => ({ peers: peers === 'any' ? 'any' : peers.map((peer) => (peer.kind === 'cidr' ? [peer.cidr.text, ...peer.except.map(({ text }) => `but ${text}`)].join(' ') : peer.kind === 'workload' ? peer.workload.name : peer.kind === 'host' ? peer.host : peer.kind)), ports, widenings }));
  const ports = [{ kind: 'range', protocol: 'TCP', from: 8443, to: 8443 }];
  const nodes = { workloads: [web, api], nodes: [{ ...node('node-1', ['192.0.2.11', '2001:db8:a::11']), podCidrs: ['10.244.0.0/24'] }] };

  it.each<{ from?: string; to?: string; world?: World; peers: unknown; widenings?: readonly string[] }>([
    { to: '198.51.100.7', peers: ['198.51.100.7/32'] },
    { to: '2001:db8:f00::7', peers: ['2001:db8:f00::7/128'] },
    { from: '198.51.100.7', peers: ['198.51.100.7/32'] },
    { to: '10.244.0.0/16', world: nodes, peers: ['10.244.0.0/16 but 10.244.0.0/24'], widenings: ['hosts outside are too many to be kept apart, so all of 10.244.0.0/16 is let through'] },
    { to: '0.0.0.0/0', peers: ['entity'], widenings: ['hosts outside are too many to be kept apart, so all of the internet is let through'] },
    { from: '::/0', peers: 'any', widenings: ['hosts outside are too many to be kept apart, so all of the internet is let through'] },
    { to: 'pay.example.com', peers: ['pay.example.com'], widenings: ['pay.example.com is a name: where only addresses can be said, 8443/TCP is open to the whole public internet'] },
    { from: 'crawler.example.com', peers: ['203.0.113.80/32', '2001:db8:f00::80/128'] },
    { from: 'node node-1', world: nodes, peers: ['192.0.2.11/32', '2001:db8:a::11/128'], widenings: ['it comes from or goes to node node-1 or whatever shares its network, so everything on that node is let through'] },
    { to: 'node node-9', world: nodes, peers: 'any', widenings: ['no address of node node-9 is known, so any peer is let through'] },
  ])('$from$to', ({ from = 'shop/Deployment/api', to = 'shop/Deployment/api', world: fields, peers, widenings = [] }) => {
    expect(one(from, to, fields === undefined ? {} : { world: fields })).toEqual([{ peers, ports, widenings }]);
  });

  it('needs no rule for probes of a node, and makes none for a Service nobody translated', () => {
    const probed = workload('shop/Deployment/api', { containers: [{ ...api.containers[0]!, ports: [{ name: 'health', port: 8443, protocol: 'TCP' }], probes: [{ port: 'health', protocol: 'TCP' }] }] });
    expect(one('node node-1', 'shop/Deployment/api', { world: { ...nodes, workloads: [web, probed] } })).toEqual([]);
    const found = reviewOf('shop/Deployment/api', { evidence: evidence({ relationships: [observed('shop/Deployment/api', 'service shop/web', 80)] }) });
    expect(rules(found, 'egress')).toEqual([]);
    expect(found.coverage.lowered).toEqual(['5000 connections went to a Service and nobody knows to whom behind it']);
  });

  it('takes a client outside for the one metadata lets in', () => {
    const declared = relationship('internet', 'shop/Deployment/api', 8443);
    const found = reviewOf('shop/Deployment/api', { graph: { relationships: [declared] }, evidence: evidence({ relationships: [observed('198.51.100.7', 'shop/Deployment/api', 8443), observed('2001:db8:f00::7', 'shop/Deployment/api', 8443)] }) });
    expect(rules(found, 'ingress').map(evidenceClass)).toEqual(['both']);
    expect(found.coverage).toMatchObject({ seen: 1 });
  });

  it('offers ranges for many ports, and bills what they open besides', () => {
    const passive = Array.from({ length: 30 }, (_, at) => observed('shop/Deployment/web', 'shop/Deployment/api', 30_000 + at * 3));
    const [rule, ...rest] = rules(reviewOf('shop/Deployment/api', { evidence: evidence({ relationships: passive }) }), 'ingress');
    expect(rest).toEqual([]);
    expect(rule?.ports).toEqual([{ kind: 'range', protocol: 'TCP', from: 29_952, to: 30_207 }]);
    expect(rule?.widenings).toEqual(['30 ports were seen; the ranges open 226 more: 29952-30207/TCP']);
  });

  it.each([
    { prefix: '198.51.100.', block: '198.51.100.0/24' },
    { prefix: '2001:db8:f00::', block: '2001:db8:f00::/48' },
  ])('offers $block for many hosts, and bills it', ({ prefix, block }) => {
    const hosts = Array.from({ length: 40 }, (_, at) => observed('shop/Deployment/web', `${prefix}${String(at + 1)}`, 443));
    const found = rules(reviewOf('shop/Deployment/web', { evidence: evidence({ relationships: hosts }) }), 'egress');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ peers: [{ kind: 'cidr', cidr: { text: block } }], widenings: [`40 of the addresses of ${block} were seen; all of it is let through`] });
  });
});

describe('what is missing', () => {
  it('lowers coverage by what reporters lost, and names it', () => {
    const { coverage } = reviewOf('shop/Deployment/web', {
      evidence: evidence({ relationships: [seenCalls], reporters: [reporter({ lostConnectionEvents: 120, unreadable: 5 })], workloads: { 'shop/Deployment/web': { overflowed: 30, unattributed: 1, beyondBounds: 2 } } }),
    });
    expect(coverage.lowered).toEqual([
      'node-1 lost 125 connection events beside the 5000 connections it saw',
      '30 connections of its pods did not fit into reports',
      '2 connections went to more peers than are kept apart',
      'the other end of 1 connection could not be told',
    ]);
    expect(coverage.estimate).toBeLessThan(0.98);
    expect(coverage.high).toBe(1);
  });

  it('counts the hours that reporters were there, not those that passed', () => {
    const half = reporter({ coveredMs: (NOW - reporter().from) / 2 });
    const { coverage } = reviewOf('shop/Deployment/web', { evidence: evidence({ relationships: [observed('shop/Deployment/web', 'shop/Deployment/api', 8080, { buckets: 100 })], reporters: [half], workloads: { 'shop/Deployment/web': { hours: Array.from({ length: 100 }, (_, at) => NOW - (336 - at) * HOUR) } } }) });
    expect(coverage.buckets).toBe(168);
  });
});
