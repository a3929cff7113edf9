import { describe, expect, it } from '@jest/globals';

import type { Direction, ObservedRelationship, WorkloadReview } from '#model';

import { BEGIN, context, evidence, HOUR, NOW, observed, WATCHED_HOURS } from '../../test/support/observed-worlds.ts';
import { graph, type GraphFields, namespace, relationship, workload, world } from '../../test/support/worlds.ts';
import { DEFAULT_THRESHOLDS, evidenceClass, type LearningContext, review } from './index.ts';

// forty replicas of web, one of which somebody took over; db and api are what he would like to reach
const workloads = [workload('shop/Deployment/web', { replicas: 40 }), workload('shop/Deployment/api', { replicas: 2 }), workload('data/StatefulSet/db')];
const snapshotOf = (meshed = false) => {
  const made = world({ workloads, namespaces: meshed ? [namespace('shop', { 'istio.io/dataplane-mode': 'ambient' }), namespace('data', { 'istio.io/dataplane-mode': 'ambient' })] : [] });
  return { ...made, pods: new Map([...made.pods].map(([key, pod]) => [key, { ...pod, isExample: false }])) };
};
const honest = observed('shop/Deployment/web', 'shop/Deployment/api', 8080, { clientPods: 32 });
const declared = relationship('shop/Deployment/web', 'shop/Deployment/api', 8080);

interface Attack {
  readonly seen: readonly ObservedRelationship[];
  readonly graph?: GraphFields;
  readonly context?: Partial<LearningContext>;
  readonly meshed?: boolean;
}

function reviewsAfter({ seen, graph: graphFields = {}, context: more = {}, meshed = false }: Attack): ReadonlyMap<string, WorkloadReview> {
  const snapshot = snapshotOf(meshed);
  return review(graph(snapshot, { relationships: [declared], ...graphFields }), evidence({ relationships: [honest, ...seen] }), snapshot, context(snapshot, more));
}

/** The rules of a direction that nothing but flows speaks for, with what holds each of them back. */
function learnedRules(found: WorkloadReview | undefined, direction: Direction): readonly { readonly why: string; readonly held: readonly string[] }[] {
  const proposal = found?.proposal[direction];
  if (found === undefined || proposal?.kind !== 'closed') throw new Error('the direction is not closed');
  return proposal.rules.filter((rule) => evidenceClass(rule) === 'observed').map(({ id, why }) => ({ why: why.split(',')[0] ?? '', held: found.quarantined.find((each) => each.rule === id && each.direction === direction)?.reasons ?? [] }));
}

const fewPods = 'only 1 of 40 pods of shop/Deployment/web does it';
const rare = 'it was seen in fewer than 3 hours';
const late = 'it began when shop/Deployment/web had been watched for more than 7 days without it, and nothing but flows speaks for it';
const new_ = 'it was seen for the first time less than 24 hours ago';

describe('a pod that wants to write its own rule', () => {
  it.each<{ name: string; seen: Partial<ObservedRelationship>; held: readonly string[] }>([
    { name: 'connects once', seen: { connections: 1, replied: 1, buckets: 1, clientPods: 1, firstSeen: NOW - HOUR }, held: [rare, new_, late, fewPods] },
    { name: 'connects once and waits for it to grow old', seen: { connections: 1, replied: 1, buckets: 1, clientPods: 1 }, held: [rare, fewPods] },
    { name: 'hammers, answered, hour after hour, from one of forty', seen: { connections: 900_000, replied: 900_000, clientPods: 1 }, held: [fewPods] },
    { name: 'hammers from all of forty, since today', seen: { buckets: 20, firstSeen: NOW - 20 * HOUR }, held: [new_, late] },
    { name: 'connects where nothing answers', seen: { replied: 0 }, held: ['nothing ever answered'] },
    { name: 'connects where hardly anything answers', seen: { replied: 100 }, held: ['most of its connections were not answered'] },
    { name: 'is refused', seen: { connections: 0, replied: 0, denied: 700 }, held: ['it was only ever refused'] },
    { name: 'would be refused', seen: { connections: 0, replied: undefined, wouldBeDenied: 700 }, held: ['what is approved now would have refused it every time'] },
    { name: 'would be refused, by a node that counts what it lets through', seen: { connections: 700, replied: 700, wouldBeDenied: 700 }, held: ['what is approved now would have refused it every time'] },
    { name: 'would be refused of late, and was let through before', seen: { connections: 900, replied: 900, wouldBeDenied: 700 }, held: [] },
    { name: 'is refused nearly always', seen: { connections: 10, replied: 10, denied: 700 }, held: ['it was refused more often than let through'] },
  ])('$name: the rule is proposed at both ends, and held', ({ seen, held }) => {
    const reviews = reviewsAfter({ seen: [observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, { clientPods: 32, ...seen })] });
    const sorted = [...held].sort();
    expect(learnedRules(reviews.get('shop/Deployment/web'), 'egress')).toEqual([{ why: 'undeclared: it connects to data/StatefulSet/db on 5432/TCP', held: sorted }]);
    expect(learnedRules(reviews.get('data/StatefulSet/db'), 'ingress')).toEqual([{ why: 'undeclared: shop/Deployment/web connects to it on 5432/TCP', held: sorted }]);
  });

  it.each([
    { name: 'a week after web was first watched', days: 7, held: 0 },
    { name: 'an hour later than that', days: 7 + 1 / 24, held: 1 },
    { name: 'when web has been watched for ten days', days: 10, held: 1 },
  ])('is doubted for good where it began $name, from all replicas and hour after hour', ({ days, held }) => {
    const seen = [observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, { firstSeen: BEGIN + days * 24 * HOUR, buckets: 90 }), observed('203.0.113.9', 'data/StatefulSet/db', 5432, { firstSeen: BEGIN + days * 24 * HOUR, buckets: 90 })];
    const [rule] = learnedRules(reviewsAfter({ seen }).get('shop/Deployment/web'), 'egress');
    expect(rule?.held).toEqual(held === 0 ? [] : [late]);
    // of a client outside there is nothing to go by but its server
    expect(learnedRules(reviewsAfter({ seen }).get('data/StatefulSet/db'), 'ingress').map((each) => each.held.length)).toEqual([held, held]);
  });

  it('is judged once: what was approved is in quarantine no more, until that ends', () => {
    const seen = [observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, { clientPods: 1 })];
    const before = reviewsAfter({ seen }).get('shop/Deployment/web');
    if (before?.proposal.egress.kind !== 'closed') throw new Error('egress is open');
    const { egress } = before.proposal;
    const held = (expiresAt?: number) => {
      const rules = egress.rules.map((rule) => (expiresAt === undefined ? rule : { ...rule, expiresAt }));
      return reviewsAfter({ seen, context: { approved: new Map([['shop/Deployment/web', { ...before.proposal, egress: { ...egress, rules } }]]) } }).get('shop/Deployment/web')?.quarantined.length;
    };
    expect([before.quarantined.length, held(), held(NOW + 1), held(NOW)]).toEqual([1, 0, 0, 1]);
  });

  it('is believed once all its replicas have done it from the beginning, but is no more than observed', () => {
    const [rule] = learnedRules(reviewsAfter({ seen: [observed('shop/Deployment/web', 'data/StatefulSet/db', 5432)] }).get('shop/Deployment/web'), 'egress');
    expect(rule?.held).toEqual([]);
  });

  it.each([
    { pods: 1, held: ['no second pod of shop/Deployment/web was ever seen to do it'] },
    { pods: 2, held: [] },
  ])('has no likes to be told from: seen of $pods pods of a workload of one', ({ pods, held }) => {
    const alone = world({ workloads: [workload('shop/Deployment/web'), ...workloads.slice(1)] });
    const seen = observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, { clientPods: pods });
    const of = (relationships: GraphFields['relationships']) => review(graph(alone, { relationships: relationships ?? [] }), evidence({ relationships: [seen] }), alone, context(alone)).get('shop/Deployment/web');
    expect(learnedRules(of([]), 'egress')[0]?.held).toEqual(held);
    // where metadata says the same it needs no witness; where it hints at it, it does
    const said = (tier: 'strong' | 'weak') => of([relationship('shop/Deployment/web', 'data/StatefulSet/db', 5432, { tier })]);
    expect([said('strong')?.quarantined.length, said('weak')?.quarantined.length]).toEqual([0, pods === 1 ? 1 : 0]);
    const egress = said('strong')?.proposal.egress;
    expect(egress?.kind === 'closed' ? egress.rules.filter((rule) => evidenceClass(rule) === 'both').length : 0).toBe(1);
  });

  it('scans ports: none of it is believed, the ones that answered neither, and nothing is widened', () => {
    const scan = Array.from({ length: 60 }, (_, at) => observed('shop/Deployment/web', 'data/StatefulSet/db', 5400 + at, at === 32 ? {} : { connections: 1, replied: 0, buckets: 1 }));
    const found = reviewsAfter({ seen: scan }).get('shop/Deployment/web');
    const rules = found?.proposal.egress.kind === 'closed' ? found.proposal.egress.rules : [];
    expect(learnedRules(found, 'egress').filter(({ held }) => !held.some((reason) => reason.includes('trying things out')))).toEqual([]);
    const opened = rules.filter((rule) => evidenceClass(rule) === 'observed');
    expect(opened.flatMap(({ widenings }) => widenings)).toEqual([]);
    expect(opened.map(({ ports }) => ports)).toEqual([[{ kind: 'range', protocol: 'TCP', from: 5400, to: 5459 }]]);
    expect(rules.filter((rule) => evidenceClass(rule) === 'both')).toHaveLength(1);
  });

  it('scans peers: what answered is held as well', () => {
    const scan = Array.from({ length: 30 }, (_, at) => observed('shop/Deployment/web', `198.51.100.${String(at + 1)}`, 22, { connections: 0, replied: 0, denied: 3, buckets: 1 }));
    const [, , ...rules] = learnedRules(reviewsAfter({ seen: [...scan, observed('shop/Deployment/web', '203.0.113.7', 22)] }).get('shop/Deployment/web'), 'egress');
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.filter(({ held }) => held.length === 0)).toEqual([]);
  });

  it('scans where closed ports answer too', () => {
    const scan = Array.from({ length: 15 }, (_, at) => observed('shop/Deployment/web', 'data/StatefulSet/db', 6000 + at, { connections: 1, replied: 1, buckets: 1, clientPods: 32 }));
    const rules = learnedRules(reviewsAfter({ seen: scan }).get('shop/Deployment/web'), 'egress');
    expect(rules).toHaveLength(15);
    expect(rules.every(({ held }) => held.some((reason) => reason.includes('trying things out')))).toBe(true);
  });

  it('does not hold its own direction open by making noise', () => {
    const noise = Array.from({ length: 500 }, (_, at) => observed('shop/Deployment/web', `198.51.${String(at >> 8)}.${String(at & 255)}`, 22, { connections: 1, replied: 0, buckets: 1 }));
    const found = reviewsAfter({ seen: noise, graph: { unknown: ['shop/Deployment/web egress'] } }).get('shop/Deployment/web');
    expect(found?.proposal.egress.kind).toBe('closed');
    expect(found?.directions.egress.seen).toBe(1);
  });

  it('gets nothing out of a new image, nor out of one nobody knows the age of', () => {
    const key = 'shop/Deployment/web';
    const at = (imagesSince: number) => ({ watched: new Map([[key, { since: 0, images: [], imagesSince, running: [], noted: [] }]]) });
    const seen = (firstSeen: number) => [observed(key, 'data/StatefulSet/db', 5432, { firstSeen, buckets: 50 })];
    const held = (attack: Attack) => learnedRules(reviewsAfter(attack).get(key), 'egress')[0]?.held;
    const longer = { ...DEFAULT_THRESHOLDS, newForMs: 72 * HOUR };
    expect(held({ seen: seen(NOW - 71 * HOUR), context: { ...at(NOW - 71 * HOUR), thresholds: longer } })).toContain('the image of shop/Deployment/web is new (less than 72 hours), and it was not seen to do this before');
    expect(held({ seen: seen(NOW - 300 * HOUR), context: at(NOW - HOUR) })).toEqual([]);
    expect(held({ seen: seen(NOW - 300 * HOUR), context: { watched: new Map() } })).toEqual(['nobody knows since when shop/Deployment/web runs its image']);
  });

  it('can not choose a name: what DNS answered is hearsay', () => {
    const [rule] = learnedRules(reviewsAfter({ seen: [observed('shop/Deployment/web', 'updates.example.com', 443)] }).get('shop/Deployment/web'), 'egress');
    expect(rule?.held).toEqual(['the name updates.example.com is hearsay: whoever answered the question for it chose the address']);
  });

  it('can not get to cloud metadata by calling something after it', () => {
    for (const named of ['metadata.google.internal', '169.254.169.254', '169.254.0.0/16', 'fd00:ec2::254']) {
      const address = named.startsWith('meta') ? { addresses: ['169.254.169.254'] } : {};
      const seen = observed('shop/Deployment/web', named, 80);
      const found = reviewsAfter({ seen: [{ ...seen, to: { ...seen.to, ...address } }] }).get('shop/Deployment/web');
      expect(learnedRules(found, 'egress')[0]?.held.some((reason) => reason.includes('which only gets who is told to by name'))).toBe(true);
    }
  });

  it('does not add addresses to a host metadata names', () => {
    const pays = relationship('shop/Deployment/web', 'internet', 443, { host: 'pay.example.com' });
    const seen = observed('shop/Deployment/web', 'pay.example.com', 443);
    const found = reviewsAfter({ seen: [seen], graph: { relationships: [declared, pays] } }).get('shop/Deployment/web');
    const rules = found?.proposal.egress.kind === 'closed' ? found.proposal.egress.rules : [];
    expect(rules.filter(({ why }) => why.includes('pay.example.com')).map(({ peers }) => peers)).toEqual([[{ kind: 'host', host: 'pay.example.com' }]]);
    expect(found?.quarantined).toEqual([]);
  });

  it('does not make a hint of metadata strong, nor a declaration exercised', () => {
    const attack = observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, { clientPods: 1 });
    const of = (tier: 'weak' | 'strong') => reviewsAfter({ seen: [attack], graph: { relationships: [declared, relationship('shop/Deployment/web', 'data/StatefulSet/db', 5432, { tier })] } }).get('data/StatefulSet/db');
    const rule = (found: WorkloadReview | undefined) => (found?.proposal.ingress.kind === 'closed' ? found.proposal.ingress.rules[0] : undefined);
    expect(rule(of('weak'))).toMatchObject({ tier: 'weak' });
    expect(of('weak')?.quarantined).toMatchObject([{ direction: 'ingress', rule: rule(of('weak'))?.id, reasons: [fewPods] }]);
    expect([of('weak'), of('strong')].map((found) => evidenceClass(rule(found) ?? { evidence: [] }))).toEqual(['declared', 'declared']);
    expect(of('strong')?.quarantined).toEqual([]);
    expect(rule(of('strong'))?.why).toContain('not exercised yet but for what is doubted');
  });

  it('opens no mesh port for a peer that is doubted', () => {
    const attack = observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, { clientPods: 1 });
    const ports = (seen: readonly ObservedRelationship[]) => {
      const found = reviewsAfter({ seen, meshed: true }).get('data/StatefulSet/db')?.proposal.ingress;
      return found?.kind === 'closed' ? found.rules.filter((rule) => JSON.stringify(rule.ports).includes('15008') && JSON.stringify(rule.peers).includes('web')).length : 0;
    };
    expect(ports([attack])).toBe(0);
    expect(ports([observed('shop/Deployment/web', 'data/StatefulSet/db', 5432)])).toBe(1);
  });

  it('does not become more believable by what its program calls itself', () => {
    const attack = { clientPods: 1, processes: ['client postgres'] } as const;
    const [rule] = learnedRules(reviewsAfter({ seen: [observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, attack)] }).get('shop/Deployment/web'), 'egress');
    expect(rule?.held).toEqual([fewPods]);
  });

  it('leaves what is held as it is while only counts grow', () => {
    const held = (connections: number) => reviewsAfter({ seen: [observed('shop/Deployment/web', 'data/StatefulSet/db', 5432, { clientPods: 1, connections, buckets: Math.min(WATCHED_HOURS, connections) })] }).get('shop/Deployment/web');
    expect(held(200)).toMatchObject({ hash: held(900)?.hash, evidenceHash: held(900)?.evidenceHash, quarantined: held(900)?.quarantined });
  });
});
