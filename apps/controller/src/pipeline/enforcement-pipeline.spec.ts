import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { compileNodes, type NodeBundle } from '#compilers/nftables';
import { type Mode, type OutputTarget, type Proposal, type Revision, type SourceUpdate, workloadKey, type WorkloadRef } from '#model';
import { approve } from '#policy';

import { gone, manifest, wireDeployment, wireNamespace, wireNode, wirePod } from '../../../../test/support/wire-objects.ts';
import { EnforcementPipeline } from './enforcement-pipeline.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const SOURCE = 'kubernetes';
const ALL = { nodes: 100 };
const web: WorkloadRef = { namespace: 'shop', kind: 'Deployment', name: 'web' };
const db: WorkloadRef = { namespace: 'shop', kind: 'Deployment', name: 'db' };

const cluster: readonly SourceUpdate[] = [
  wireNamespace(SOURCE, 'shop'),
  wireNode(SOURCE, 'n1', 1),
  wireNode(SOURCE, 'n2', 2),
  wireDeployment(SOURCE, 'shop', 'web'),
  wireDeployment(SOURCE, 'shop', 'db', [5432]),
  wirePod(SOURCE, 'shop', 'web', 'a', { node: 'n1', nodeAt: 1, at: 2 }),
  wirePod(SOURCE, 'shop', 'db', 'a', { node: 'n2', nodeAt: 2, at: 2 }, [5432]),
];

/** Only web may reach the database. */
function databaseProposal(): Proposal {
  return {
    workload: db,
    ingress: {
      kind: 'closed',
      why: 'everybody who calls it is known',
      rules: [{ id: 'in-web', peers: [{ kind: 'workload', workload: web }], ports: [{ kind: 'range', protocol: 'TCP', from: 5432, to: 5432 }], evidence: [], widenings: [], tier: 'strong', confidence: 1, why: 'web calls it' }],
    },
    egress: { kind: 'open', why: 'not known well enough' },
  };
}

function revision(number = 1): Revision {
  return approve([databaseProposal()], { number, approvedBy: 'test', reason: 'test' });
}

function pipeline(updates: readonly SourceUpdate[] = cluster): EnforcementPipeline {
  const made = new EnforcementPipeline({ digest, required: [SOURCE] });
  for (const update of updates) made.accept(update);
  return made;
}

function settings(modes: Readonly<Record<string, Mode>>, targets: Readonly<Record<string, OutputTarget>> = {}): Parameters<EnforcementPipeline['setSettings']>[0] {
  return {
    modeOf: (workload, { namespaces }) => modes[workloadKey(workload)] ?? (namespaces.get(workload.namespace)?.labels['ringfence.io/mode'] as Mode | undefined) ?? 'observe',
    targetOf: (namespace) => targets[namespace] ?? 'nftables',
  };
}

function dbEntry(bundles: readonly NodeBundle[]): NodeBundle['pods'][number] | undefined {
  return bundles.flatMap(({ pods }) => pods).find(({ pod }) => pod === 'shop/db-a');
}

describe('the enforcement pipeline', () => {
  it('hands nothing over before every required source has been in sync, and says what it waits for', () => {
    const made = pipeline();
    expect(made.turn(0, ALL)).toEqual({ nodes: [], removed: [], waitsFor: [SOURCE], hasMore: false });
    made.setInSync(SOURCE, true);
    expect(made.turn(1, ALL).nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
  });

  it('takes nothing away when a source loses its connection, and says so', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.turn(0, ALL);
    made.setInSync(SOURCE, false);
    const turn = made.turn(10_000, ALL);
    expect([turn.nodes, turn.removed, turn.waitsFor]).toEqual([[], [], []]);
    expect(turn.diagnostics?.map(({ code }) => code)).toContain('source-behind');
  });

  it('drops nothing of what is approved until a mode says so', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.setRevision(revision());
    expect(dbEntry(made.turn(0, ALL).nodes)).toMatchObject({ ingressMode: 'observe' });
    made.setSettings(settings({ [workloadKey(db)]: 'audit' }));
    expect(dbEntry(made.turn(1, ALL).nodes)).toMatchObject({ ingressMode: 'audit' });
    made.setSettings(settings({ [workloadKey(db)]: 'enforce' }));
    const enforced = dbEntry(made.turn(2, ALL).nodes);
    expect(enforced?.ingress).toBeDefined();
    expect(enforced?.ingressMode).toBeUndefined();
  });

  it('follows what a namespace says of itself', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.setRevision(revision());
    made.setSettings(settings({}));
    made.turn(0, ALL);
    made.accept(wireNamespace(SOURCE, 'shop', { 'ringfence.io/mode': 'enforce' }));
    expect(dbEntry(made.turn(1, ALL).nodes)).not.toHaveProperty('ingressMode');
  });

  it('hands over only the nodes that a change touches, and no more than the budget at once', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.setRevision(revision());
    expect(made.turn(0, { nodes: 1 })).toMatchObject({ nodes: [{ node: 'n1' }], hasMore: true });
    expect(made.turn(0, { nodes: 1 })).toMatchObject({ nodes: [{ node: 'n2' }], hasMore: false });
    // a second web on n1 is a peer of the database on n2, and one more pod of n1
    const second = wirePod(SOURCE, 'shop', 'web', 'b', { node: 'n1', nodeAt: 1, at: 3 });
    made.accept(second);
    expect(made.turn(1, ALL).nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
    // a second database is nobody's peer
    made.accept(wirePod(SOURCE, 'shop', 'db', 'b', { node: 'n2', nodeAt: 2, at: 3 }, [5432]));
    expect(made.turn(2, ALL).nodes.map(({ node }) => node)).toEqual(['n2']);
  });

  it('is not woken by what means nothing here', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.turn(0, ALL);
    const snapshot = made.snapshot;
    const deployment = wireDeployment(SOURCE, 'shop', 'web');
    if (deployment.value?.kind !== 'manifest') throw new Error('a deployment is a manifest');
    made.accept({ ...deployment, value: { ...deployment.value, body: { ...deployment.value.body, status: { readyReplicas: 1 } } } });
    made.accept(manifest(SOURCE, 'v1', 'Secret', 'shop', 'key', { data: { key: 'c2VjcmV0' } }));
    made.turn(1, ALL);
    expect(made.snapshot).toBe(snapshot);
  });

  it('ends where a compile from scratch does', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.setSettings(settings({ [workloadKey(db)]: 'enforce' }));
    made.turn(0, ALL);
    made.setRevision(revision(1));
    made.turn(1, ALL);
    made.accept(gone(cluster[5]!));
    made.turn(2, ALL);
    made.accept(cluster[5]!);
    made.setRevision(revision(2));
    made.turn(3, ALL);
    const scratch = compileNodes(revision(2), made.snapshot!, { digest });
    expect(scratch.bundles.map(({ hash, revision: number }) => ({ hash, number }))).toEqual(['n1', 'n2'].map((node) => ({ hash: made.bundleOf(node)!.hash, number: made.bundleOf(node)!.revision })));
  });

  it('says which nodes are no more', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.turn(0, ALL);
    made.accept(gone(cluster[6]!));
    made.accept(gone(cluster[2]!));
    expect(made.turn(1, ALL).removed).toEqual(['n2']);
    expect(made.bundleOf('n2')).toBeUndefined();
  });
});

describe('policies as objects', () => {
  it.each([
    ['enforce', 'networkpolicy', 1, 0],
    ['audit', 'networkpolicy', 0, 0],
    ['observe', 'networkpolicy', 0, 0],
    ['enforce', 'folder', 0, 1],
    ['enforce', 'nftables', 0, 0],
    ['enforce', 'none', 0, 0],
  ] as const)('%s, target %s', (mode, target, inCluster, inFolder) => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.setRevision(revision());
    made.setSettings(settings({ [workloadKey(db)]: mode }, { shop: target }));
    const turn = made.turn(0, ALL);
    expect([turn.outputs?.networkPolicies.length, turn.outputs?.folder.length]).toEqual([inCluster, inFolder]);
    // whoever else enforces it, the enforcers do not do so a second time
    if (target !== 'nftables') expect(dbEntry(turn.nodes)).toMatchObject({ ingressMode: 'observe' });
  });

  it('are written without a rule that has ended, when it ends', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    const [policy] = revision().policies;
    if (policy?.kind !== 'namespaced') throw new Error('a learned policy is a namespaced one');
    made.setRevision({ ...revision(), policies: [{ ...policy, ingress: (policy.ingress ?? []).map((rule) => ({ ...rule, expiresAt: 50_000 })) }] });
    made.setSettings(settings({ [workloadKey(db)]: 'enforce' }, { shop: 'networkpolicy' }));
    const rulesAt = (now: number): number | undefined => made.turn(now, ALL).outputs?.networkPolicies[0]?.spec.ingress?.length;
    expect(rulesAt(0)).toBe(1);
    expect(made.turn(10_000, ALL)).toMatchObject({ dueAt: 50_000 });
    // closed still, and for everybody
    expect(rulesAt(50_000)).toBe(0);
    expect(made.turn(60_000, ALL).dueAt).toBeUndefined();
  });

  it.each([
    ['folder', 'enforce', [{}], ['policy-widens']],
    ['networkpolicy', 'enforce', [{}], ['policy-widens']],
    ['networkpolicy', 'observe', [{}], []],
    ['networkpolicy', 'enforce', [], []],
    ['nftables', 'enforce', [{}], []],
    ['nftables', 'enforce', [], ['policy-narrows']],
    ['nftables', 'observe', [], ['policy-narrows']],
  ] as const)('a policy of somebody else about the same pods is reported where it undoes what is approved: policies go to %s, mode %s, it lets in %j', (target, mode, ingress, codes) => {
    const other = manifest(SOURCE, 'networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'other', { spec: { podSelector: {}, policyTypes: ['Ingress'], ingress } });
    const made = pipeline([...cluster, other]);
    made.setRevision(revision());
    made.setSettings(settings({ [workloadKey(db)]: mode }, { shop: target }));
    made.setInSync(SOURCE, true);
    const found = made.turn(0, ALL).diagnostics?.filter(({ subject }) => subject === 'NetworkPolicy shop/other') ?? [];
    expect(found.map(({ code }) => code).filter((code) => code === 'policy-widens' || code === 'policy-narrows')).toEqual(codes);
  });

  it.each([
    ['observe', false],
    ['audit', true],
    ['enforce', true],
  ] as const)('says of a workload on the network of its node that it stays open, in mode %s', (mode, isSaid) => {
    const labels = { app: 'agent' };
    const agent = manifest(SOURCE, 'apps/v1', 'DaemonSet', 'shop', 'agent', { spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { hostNetwork: true, containers: [{ name: 'agent', image: 'agent' }] } } } }, labels);
    const made = pipeline([...cluster, agent]);
    made.setInSync(SOURCE, true);
    made.setSettings(settings({ 'shop/DaemonSet/agent': mode }, { shop: 'networkpolicy' }));
    expect(made.turn(0, ALL).diagnostics?.some(({ code, subject }) => code === 'subject-on-host-network' && subject === 'shop/DaemonSet/agent')).toBe(isSaid);
  });

  it.each([
    ['networkpolicy', true, true],
    ['folder', true, true],
    ['nftables', true, false],
    ['networkpolicy', false, false],
  ] as const)('says of policies for a network that enforces none that nobody enforces them: target %s, enforcers that enforce what exists %s', (target, enforcesExisting, isSaid) => {
    const made = new EnforcementPipeline({ digest, required: [], enforcesExisting });
    for (const update of cluster) made.accept(update);
    made.setRevision(revision());
    made.setSettings(settings({ [workloadKey(db)]: 'enforce' }, { shop: target }));
    expect(made.turn(0, ALL).diagnostics?.some(({ code, subject }) => code === 'target-not-enforced' && subject === workloadKey(db))).toBe(isSaid);
  });

  it('says that a NetworkPolicy cannot audit, and that policies which go nowhere are not enforced', () => {
    const made = pipeline();
    made.setInSync(SOURCE, true);
    made.setRevision(revision());
    made.setSettings(settings({ [workloadKey(db)]: 'audit' }, { shop: 'networkpolicy' }));
    expect(made.turn(0, ALL).diagnostics?.map(({ code }) => code)).toContain('audit-not-sayable');
    made.setSettings(settings({ [workloadKey(db)]: 'enforce' }, { shop: 'none' }));
    expect(made.turn(10_000, ALL).diagnostics?.map(({ code }) => code)).toContain('no-target');
  });
});

describe('NetworkPolicies that are in the cluster', () => {
  const spec = { spec: { podSelector: {}, policyTypes: ['Ingress'] } };
  const existing = manifest(SOURCE, 'networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'deny', spec);
  const ours = manifest(SOURCE, 'networking.k8s.io/v1', 'NetworkPolicy', 'shop', 'ringfence-db', spec, { 'app.kubernetes.io/managed-by': 'ringfence' });

  it.each([
    ['left to whoever enforces them', false, existing, 1, undefined],
    ['enforced here where that is asked for', true, existing, 1, expect.any(String)],
    ['left out where they are our own', true, ours, 0, undefined],
  ] as const)('are %s', (_what, enforcesExisting, policy, known, ingress) => {
    const made = new EnforcementPipeline({ digest, required: [], enforcesExisting });
    for (const update of [...cluster, policy]) made.accept(update);
    const turn = made.turn(0, ALL);
    expect(made.snapshot?.policies.length).toBe(known);
    expect(dbEntry(turn.nodes)?.ingress).toEqual(ingress);
  });
});
