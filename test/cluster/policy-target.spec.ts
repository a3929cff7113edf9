import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { NetworkPolicyObject } from '#compilers/kubernetes';
import type { Json, PolicyReport } from '#model';
import { type AskCluster, NetworkPolicyTarget } from '#targets';

import { parseAllDocuments } from 'yaml';

import { describeWithCluster } from '../support/needs.ts';
import { repositoryRoot } from '../support/shared.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { ClusterClient } from './cluster-client.ts';

const STARTING_MS = 400_000;
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';

function policy(name: string, port = 8080): NetworkPolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'ringfence' }, annotations: { 'ringfence.io/why': `because of ${name}` } },
    spec: {
      podSelector: { matchLabels: { app: name } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }, { ipBlock: { cidr: '2001:db8::/32' } }], ports: [{ protocol: 'TCP', port }] }],
      egress: [],
    },
  };
}

/** Somebody with the rights of manifests/controller/rbac-enforce.yaml and no others. */
async function writerOf({ authority, client, server }: Cluster): Promise<ClusterClient> {
  const [role, binding] = parseAllDocuments(readFileSync(join(repositoryRoot, 'manifests', 'controller', 'rbac-enforce.yaml'), 'utf8')).map((document) => document.toJS() as object);
  await client.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', role ?? {});
  await client.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', { ...binding, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'writer' }] });
  const { certificate, key } = await authority.client('writer', []);
  return new ClusterClient(server, { ca: authority.certificate, cert: certificate, key });
}

function nameOf(metadata: Json | undefined): string {
  return (metadata as { readonly name: string }).name;
}

describeWithCluster('NetworkPolicies on a server', () => {
  let cluster: Cluster;
  let ask: AskCluster;
  let writer: ClusterClient | undefined;
  const asked: string[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.client.create('/api/v1/namespaces', { metadata: { name: 'shop' } });
    const client = await writerOf(cluster);
    writer = client;
    ask = ({ method, path, body, contentType }) => {
      asked.push(method);
      return client.ask(method, path, body as object | undefined, contentType);
    };
  }, STARTING_MS);
  afterAll(async () => {
    await cluster.stop();
    writer?.close();
  });
  beforeEach(async () => {
    for (const { metadata } of await cluster.client.list(POLICIES)) await cluster.client.remove(`${POLICIES}/${nameOf(metadata)}`);
    asked.length = 0;
  });

  const target = (mayWrite = true): NetworkPolicyTarget => new NetworkPolicyTarget({ ask, mayWrite });
  const lines = ({ outcomes }: PolicyReport): readonly string[] => outcomes.map(({ kind, name }) => `${kind} ${name}`);
  const onServer = async (): Promise<readonly string[]> => (await cluster.client.list(POLICIES)).map(({ metadata }) => nameOf(metadata)).sort();
  const portOf = async (name: string): Promise<Json | undefined> => {
    const spec = (await cluster.client.get(`${POLICIES}/${name}`))['spec'] as { readonly ingress: readonly { readonly ports: readonly { readonly port: Json }[] }[] };
    return spec.ingress[0]?.ports[0]?.port;
  };

  it('are there as desired, and cost one look where nothing changed', async () => {
    const ours = target();
    const first = await ours.reconcile([policy('web'), policy('api')]);
    expect([lines(first), first.isRealised, await onServer()]).toEqual([['applied api', 'applied web'], true, ['api', 'web']]);
    asked.length = 0;
    expect(lines(await ours.reconcile([policy('web'), policy('api')]))).toEqual(['unchanged api', 'unchanged web']);
    expect(asked).toEqual(['GET']);
    expect(lines(await ours.reconcile([policy('web', 9090), policy('api')]))).toEqual(['unchanged api', 'applied web']);
    expect(await portOf('web')).toBe(9090);
  });

  it('of ours that are not desired are pruned, by a process that made none of them', async () => {
    await target().reconcile([policy('web'), policy('api')]);
    expect(lines(await target().reconcile([policy('api')]))).toEqual(['unchanged api', 'pruned web']);
    expect(await onServer()).toEqual(['api']);
    expect(lines(await target().reconcile([]))).toEqual(['pruned api']);
  });

  it('of somebody else are never touched: by no name, and not for carrying our label', async () => {
    const { metadata, ...rest } = policy('theirs', 1);
    await cluster.client.create(POLICIES, { ...rest, metadata: { name: 'theirs', namespace: 'shop' } });
    await cluster.client.create(POLICIES, { ...rest, metadata: { ...metadata, name: 'labelled' } });
    const before = await cluster.client.list(POLICIES);
    const report = await target().reconcile([policy('theirs'), policy('labelled')]);
    expect([lines(report), report.isRealised]).toEqual([['conflict labelled', 'conflict theirs'], false]);
    expect(lines(await target().reconcile([]))).toEqual([]);
    expect(await cluster.client.list(POLICIES)).toEqual(before);
  });

  it('keep what somebody else took over in one of ours, and say who did', async () => {
    const ours = target();
    await ours.reconcile([policy('web')]);
    const { metadata, ...rest } = policy('web', 1234);
    const forced = await cluster.client.ask('PATCH', `${POLICIES}/web?fieldManager=somebody&force=true`, { ...rest, metadata: { name: metadata.name } }, 'application/apply-patch+yaml');
    expect(forced.status).toBe(200);
    const report = await ours.reconcile([policy('web')]);
    expect(report).toMatchObject({ isRealised: false, outcomes: [{ kind: 'conflict', name: 'web', managers: ['somebody'] }] });
    expect(await portOf('web')).toBe(1234);
  });

  it('that close a direction are a conflict where somebody opens it with an edit', async () => {
    await target().reconcile([policy('web')]);
    await cluster.client.patch(`${POLICIES}/web?fieldManager=kubectl-edit`, { spec: { egress: [{}] } });
    const report = await target().reconcile([policy('web')]);
    expect(report).toMatchObject({ isRealised: false, outcomes: [{ kind: 'conflict', name: 'web', managers: ['kubectl-edit'], fields: ['.spec.egress'] }] });
  });

  it('come back where somebody removed them', async () => {
    const ours = target();
    await ours.reconcile([policy('web')]);
    await cluster.client.remove(`${POLICIES}/web`);
    expect(lines(await ours.reconcile([policy('web')]))).toEqual(['applied web']);
    expect(await onServer()).toEqual(['web']);
  });

  it('are only told of where nothing may be written', async () => {
    await target().reconcile([policy('old')]);
    asked.length = 0;
    const report = await target(false).reconcile([policy('web')]);
    expect([lines(report), report.isRealised]).toEqual([['would-prune old', 'would-apply web'], false]);
    expect(new Set(asked)).toEqual(new Set(['GET']));
    expect(await onServer()).toEqual(['old']);
  });

  it('that the server refuses do not keep the others from it', async () => {
    const broken = policy('broken', 99_999);
    const report = await target().reconcile([broken, policy('web')]);
    expect(report).toMatchObject({ isRealised: false, outcomes: [{ kind: 'refused', name: 'broken', by: 'server', why: expect.stringContaining('65535') }, { kind: 'applied', name: 'web' }] });
  });

  it('are left as they are while nobody answers', async () => {
    await target().reconcile([policy('web')]);
    const away: AskCluster = () => Promise.reject(new Error('fetch failed', { cause: new Error('connect ECONNREFUSED') }));
    expect(await new NetworkPolicyTarget({ ask: away, mayWrite: true }).reconcile([])).toEqual({ outcomes: [], isRealised: false, why: 'fetch failed: connect ECONNREFUSED' });
    expect(await onServer()).toEqual(['web']);
  });

  it('of a long list are all found: more than a page of them', async () => {
    const many = Array.from({ length: 620 }, (_, at) => policy(`p${String(at)}`));
    expect((await target().reconcile(many)).isRealised).toBe(true);
    expect(lines(await target().reconcile([])).filter((line) => line.startsWith('pruned'))).toHaveLength(620);
    expect(await onServer()).toEqual([]);
  }, 120_000);
});
