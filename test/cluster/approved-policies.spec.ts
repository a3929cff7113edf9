import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { compileNetworkPolicies, type NetworkPolicyObject } from '#compilers/kubernetes';
import { inferGraph } from '#graph';
import { propose } from '#learning';
import type { JsonObject, PolicyReport } from '#model';
import { approve } from '#policy';
import { ClusterConnection, findClusterAccess } from '#sources/kubernetes/watch';
import { NetworkPolicyTarget } from '#targets';

import { shippedCatalogue } from '../support/catalogue.ts';
import { describeWithCluster } from '../support/needs.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { addNamespace, addNodes, deploy } from './cluster-world.ts';
import { WatchedCluster } from './watched-cluster.ts';

const STARTING_MS = 400_000;
const TEST_MS = 60_000;
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';

describeWithCluster('what a cluster tells, approved and written to it', () => {
  let cluster: Cluster;
  let connection: ClusterConnection;
  let desired: readonly NetworkPolicyObject[];
  let target: NetworkPolicyTarget;

  beforeAll(async () => {
    cluster = await startCluster();
    await addNodes(cluster.client, ['node-a']);
    await addNamespace(cluster.client, 'shop');
    await deploy(cluster.client, 'shop', 'db', 1);
    await deploy(cluster.client, 'shop', 'cache', 1);
    await deploy(cluster.client, 'shop', 'api', 2, { DATABASE_URL: 'postgresql://db:80/shop', REDIS_URL: 'redis://cache:80' });
    await deploy(cluster.client, 'shop', 'web', 2, { API_URL: 'http://api:80' });
    connection = await connect(cluster.kubeconfig);
    desired = await approved();
  }, STARTING_MS);

  beforeEach(async () => {
    for (const { metadata } of await cluster.client.list(POLICIES)) await cluster.client.remove(`${POLICIES}/${(metadata as { readonly name: string }).name}`);
    target = new NetworkPolicyTarget({ ask: connection.ask, mayWrite: true });
  });

  afterAll(async () => {
    connection.close();
    await cluster.stop();
  }, TEST_MS);

  async function connect(kubeconfig: string): Promise<ClusterConnection> {
    const access = await findClusterAccess({ kubeconfig });
    if (access === undefined) throw new Error('there is no cluster');
    return new ClusterConnection(access);
  }

  /** What the cluster needs as far as it tells, approved. */
  async function approved(): Promise<readonly NetworkPolicyObject[]> {
    const source = await WatchedCluster.start(cluster.kubeconfig);
    await source.untilInSync();
    const { snapshot } = source;
    await source.stop();
    const { proposals } = propose(inferGraph(snapshot), snapshot, { tier: 'strong', catalogue: shippedCatalogue() });
    const { objects } = compileNetworkPolicies(approve(proposals, { number: 1, approvedBy: 'ada', reason: 'a test' }), snapshot);
    return objects;
  }

  function counts({ outcomes }: PolicyReport): Readonly<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { kind } of outcomes) found[kind] = (found[kind] ?? 0) + 1;
    return found;
  }

  function first(): NetworkPolicyObject {
    const [object] = desired;
    if (object === undefined) throw new Error('nothing is desired');
    return object;
  }

  it('comes from what the cluster itself tells', () => {
    expect(desired.length).toBeGreaterThanOrEqual(2);
    expect(desired.every(({ metadata }) => metadata.namespace === 'shop' && metadata.labels['app.kubernetes.io/managed-by'] === 'ringfence')).toBe(true);
  });

  it('appears as ours, word for word, and is left alone from then on', async () => {
    const report = await target.reconcile(desired);
    expect(report.outcomes.filter(({ kind }) => kind !== 'applied')).toEqual([]);
    expect(report.isRealised).toBe(true);
    for (const object of desired) {
      const { metadata, spec } = await cluster.client.get(`${POLICIES}/${object.metadata.name}`);
      // a server leaves an empty list out, which says the same
      expect({ ingress: [], egress: [], ...(spec as object) }).toEqual({ ingress: [], egress: [], ...object.spec });
      expect(metadata).toMatchObject({ labels: object.metadata.labels, managedFields: [{ manager: 'ringfence', operation: 'Apply' }] });
    }
    const versions = async (): Promise<readonly unknown[]> => (await cluster.client.list(POLICIES)).map(({ metadata }) => (metadata as JsonObject)['resourceVersion']);
    const before = await versions();
    expect(counts(await target.reconcile(desired))).toEqual({ unchanged: desired.length });
    // a process that starts anew knows them again
    expect(counts(await new NetworkPolicyTarget({ ask: connection.ask, mayWrite: true }).reconcile(desired))).toEqual({ unchanged: desired.length });
    expect(await versions()).toEqual(before);
  }, TEST_MS);

  it('says of each why it could not be written', async () => {
    const elsewhere = { ...first(), metadata: { ...first().metadata, namespace: 'nowhere' } };
    const report = await target.reconcile([...desired, elsewhere]);
    expect(counts(report)).toEqual({ applied: desired.length, refused: 1 });
    expect(report.outcomes.find(({ namespace }) => namespace === 'nowhere')).toMatchObject({ kind: 'refused', by: 'server', why: expect.stringContaining('namespaces "nowhere" not found') });

    const stranger = await connect(await cluster.kubeconfigOf('stranger'));
    const refused = await new NetworkPolicyTarget({ ask: stranger.ask, mayWrite: true }).reconcile(desired);
    stranger.close();
    expect(refused).toMatchObject({ isRealised: false, outcomes: [], refusedBy: 'access', why: expect.stringContaining('cannot list resource "networkpolicies"') });
  }, TEST_MS);
});
