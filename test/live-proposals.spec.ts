import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { inferGraph } from '#graph';
import { snapshotOf } from '#inventory';
import { evidenceClass, propose, review } from '#learning';
import { type ObservedRelationship, type Proposal, workloadKey, type WorkloadReviews } from '#model';
import { approve } from '#policy';
import { readPaths } from '#sources/files';

import { shippedCatalogue } from './support/catalogue.ts';
import { type Harm, harm } from './support/harm.ts';
import { BEGIN, context, evidence, observed } from './support/observed-worlds.ts';
import { repositoryRoot } from './support/shared.ts';
import { readTruth, type TrueEdge, truthKey } from './support/truth.ts';

/** The example shop, of which metadata shows a part; what really talks is known, so it can be watched. */
describe.each(['kubernetes', 'compose'])('the shop as %s, watched for two weeks', (form) => {
  const truth = readTruth(join(repositoryRoot, 'test', 'scenarios', 'shop', `truth-${form}.json`));
  const { updates } = readPaths([join(repositoryRoot, 'policies', 'examples', 'shop', form)], { readStdin: () => '' });
  const snapshot = snapshotOf(updates);
  const graph = inferGraph(snapshot);
  const real = truth.edges.filter(({ status, port }) => status === 'true' && port !== null);
  const seen = real.map((edge) => see(edge as TrueEdge & { readonly host?: string }));
  const watched = (relationships: readonly ObservedRelationship[]): WorkloadReviews => review(graph, evidence({ relationships, workloads: Object.fromEntries([...snapshot.workloads.keys()].map((key) => [key, {}])) }), snapshot, context(snapshot));
  const reviews = watched(seen);
  const proposals = [...reviews.values()].map(({ proposal }) => proposal);

  function see({ from, to, port, protocol, host }: TrueEdge & { readonly host?: string }): ObservedRelationship {
    const end = (peer: TrueEdge['to'], outside: string) => (peer === 'internet' ? outside : truthKey(peer, truth));
    return observed(end(from, '203.0.113.7'), end(to, host ?? '203.0.113.9'), port, { protocol, firstSeen: BEGIN });
  }

  function harmOf(each: readonly Proposal[]): Harm {
    return harm(truth, approve(each, { number: 1, approvedBy: 'test', reason: 'watched' }), snapshot);
  }

  it('closes far more than metadata alone, and cuts nothing that is real', () => {
    const before = harmOf(propose(graph, snapshot, { tier: 'strong', catalogue: shippedCatalogue() }).proposals);
    const after = harmOf(proposals);
    // the address of one server is built from data, which no metadata shows
    expect(before.cut).toEqual(form === 'kubernetes' ? ['shop/Deployment/mailer -> shop/Deployment/media 8080/TCP'] : []);
    expect(after.cut).toEqual([]);
    expect(after.trueEdges).toBeGreaterThan(30);
    expect(after.closedShare).toBeGreaterThan(0.95);
    expect(after.closedShare).toBeGreaterThan(before.closedShare);
  });

  it('says of every rule whether metadata, flows or both speak for it', () => {
    const rules = proposals.flatMap(({ ingress, egress }) => [ingress, egress]).flatMap((direction) => (direction.kind === 'closed' ? direction.rules : []));
    const classes = Map.groupBy(rules, evidenceClass);
    expect(classes.get('both')?.length).toBeGreaterThan(40);
    expect(classes.get('both')?.every(({ tier }) => tier === 'strong')).toBe(true);
    expect((classes.get('observed') ?? []).every(({ tier, why }) => tier === 'weak' && why.startsWith('undeclared: '))).toBe(true);
    expect(classes.get('declared') ?? []).toEqual((classes.get('declared') ?? []).filter(({ why }) => why.endsWith('not exercised yet')));
  });

  it('holds back the one connection that nobody who runs the shop made', () => {
    const [client, server] = [truthKey({ namespace: form === 'compose' ? '' : 'shop', kind: form === 'compose' ? 'ComposeService' : 'Deployment', name: 'edge' }, truth), real.flatMap(({ to }) => (typeof to === 'string' || to.name !== 'sales-db' ? [] : [truthKey(to, truth)]))[0] ?? ''];
    const reviewsWith = watched([...seen, observed(client, server, 5432, { connections: 1, replied: 1, buckets: 1, clientPods: 1, firstSeen: BEGIN + 300 * 3_600_000 })]);
    const held = [...reviewsWith.values()].flatMap(({ workload, quarantined }) => quarantined.map(({ direction }) => `${workloadKey(workload)} ${direction}`));
    const before = [...reviews.values()].flatMap(({ workload, quarantined }) => quarantined.map(({ direction }) => `${workloadKey(workload)} ${direction}`));
    expect(held.filter((each) => !before.includes(each)).sort()).toEqual([`${client} egress`, `${server} ingress`].sort());
  });
});
