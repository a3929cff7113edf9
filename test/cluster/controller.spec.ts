import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { pino } from 'pino';

import type { JsonObject, WorkloadRef } from '#model';
import { ClusterConnection, findClusterAccess } from '#sources/kubernetes/watch';
import { NetworkPolicyTarget } from '#targets';

import type { Controller } from '../../apps/controller/src/controller.ts';
import { feedKubernetes } from '../../apps/controller/src/sources/kubernetes-feed.ts';
import { alice, approve, ControllerWorld, proposalOf, waitFor } from '../support/controller-world.ts';
import { describeWithCluster } from '../support/needs.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { addNamespace, addNodes, deploy, running } from './cluster-world.ts';

const STARTING_MS = 400_000;
const TEST_MS = 180_000;
const PATIENCE_MS = 60_000;
/** Sooner than policies are looked at anyway. */
const BACK_MS = 30_000;
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
const WORKLOADS: readonly WorkloadRef[] = ['db', 'web'].map((name) => ({ namespace: 'shop', kind: 'Deployment', name }));
const TO_CLUSTER = { kind: 'set-target', namespace: 'shop', target: 'networkpolicy', reason: 'its network enforces them' } as const;
const ENFORCED = { kind: 'set-mode', scope: { kind: 'namespace', namespace: 'shop' }, mode: 'enforce', skipsRamp: true, reason: 'it is time' } as const;
const OBSERVED = { ...ENFORCED, mode: 'observe', reason: 'not yet' } as const;

describeWithCluster(
  'a controller that joins a cluster',
  () => {
    let cluster: Cluster;
    let world: ControllerWorld;
    let connection: ClusterConnection;
    let end: (() => Promise<void>) | undefined;

    beforeAll(async () => {
      cluster = await startCluster({ controllerManager: true, scheduler: true });
      const { client } = cluster;
      await addNodes(client, ['node-a', 'node-b']);
      await addNamespace(client, 'shop');
      await until('the namespace has its ServiceAccount', async () => (await client.ask('GET', '/api/v1/namespaces/shop/serviceaccounts/default')).status === 200);
      await deploy(client, 'shop', 'db', 1);
      await deploy(client, 'shop', 'web', 2, { DATABASE_URL: 'postgresql://db:80/shop' });
      await until('every pod has a node', async () => {
        const pods = await client.list('/api/v1/namespaces/shop/pods');
        return pods.length === 3 && pods.every(({ spec }) => (spec as JsonObject)['nodeName'] !== undefined);
      });
      for (const [index, { metadata }] of (await client.list('/api/v1/namespaces/shop/pods')).entries()) {
        await client.patch(`/api/v1/namespaces/shop/pods/${(metadata as { readonly name: string }).name}/status`, running(`10.1.0.${String(index + 1)}`, `fd00:1::${String(index + 1)}`));
      }
    }, STARTING_MS);

    beforeEach(async () => {
      world = await ControllerWorld.make();
      const access = await findClusterAccess({ kubeconfig: cluster.kubeconfig });
      if (access === undefined) throw new Error('there is no cluster');
      connection = new ClusterConnection(access);
    });

    afterEach(async () => {
      await end?.();
      end = undefined;
      await world.close();
      connection.close();
    }, TEST_MS);

    afterAll(async () => {
      await cluster.stop();
    }, TEST_MS);

    async function join(mayWrite: boolean): Promise<Controller> {
      const { controller } = await world.start({ outputs: { mayWrite, cluster: new NetworkPolicyTarget({ ask: connection.ask, mayWrite }) } });
      end = feedKubernetes(controller, connection, pino({ level: 'silent' }));
      return controller;
    }

    async function policies(): Promise<readonly string[]> {
      return (await cluster.client.list(POLICIES)).map(({ metadata }) => (metadata as { readonly name: string }).name).sort();
    }

    async function decide(controller: Controller): Promise<void> {
      expect((await controller.command(TO_CLUSTER, alice)).kind).toBe('done');
      for (const workload of WORKLOADS) expect((await approve(controller, workload)).kind).toBe('done');
    }

    it('learns who talks to whom, and what is approved and enforced is there as NetworkPolicies', async () => {
      const controller = await join(true);
      await Promise.all(WORKLOADS.map((workload) => proposalOf(controller, workload)));
      expect(await policies()).toEqual([]);
      await decide(controller);
      // a NetworkPolicy drops from the moment it is there, so observing has none
      expect(await policies()).toEqual([]);
      expect((await controller.command(ENFORCED, alice)).kind).toBe('done');
      await until('there are policies', async () => (await policies()).length > 0);
      const [first] = await cluster.client.list(POLICIES);
      expect(first?.['metadata']).toMatchObject({ labels: { 'app.kubernetes.io/managed-by': 'ringfence' }, managedFields: [{ manager: 'ringfence', operation: 'Apply' }] });

      await waitFor(controller, () => controller.operator.outputs(), ([output]) => output?.policies.realised === 1 && output.namespaces[0]?.realisation.kind === 'realised', 'all of it realised');
      expect((await controller.operator.status()).enforcement).toMatchObject({ realised: 1 });
      const why = await controller.operator.why({ from: 'shop/Deployment/web', to: 'shop/Deployment/db', port: 8080, protocol: 'TCP' });
      if (why.kind !== 'answer') throw new Error(JSON.stringify(why));
      expect(why.value.connections[0]?.sides.map(({ written }) => written)).toEqual([{ output: 'networkpolicy' }, { output: 'networkpolicy', policy: 'shop/ringfence-deployment-db', realisation: { kind: 'realised', revision: 2, since: expect.any(Number) } }]);

      const before = await policies();
      await cluster.client.remove(`${POLICIES}/${before[0] ?? ''}`);
      await until('it is back', async () => JSON.stringify(await policies()) === JSON.stringify(before), BACK_MS);
      await waitFor(controller, () => controller.operator.outputs(), ([output]) => output?.healed === 1 && output.namespaces[0]?.drift?.what === 'somebody removed it', 'that it was healed');

      await cluster.client.create(POLICIES, { metadata: { name: 'theirs' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } });
      expect((await controller.command(OBSERVED, alice)).kind).toBe('done');
      await until('only those of others are left', async () => JSON.stringify(await policies()) === '["theirs"]');
      await waitFor(controller, () => controller.operator.outputs(), ([output]) => output?.namespaces[0]?.realisation.kind === 'pruned', 'that it is pruned');
      await cluster.client.remove(`${POLICIES}/theirs`);
    }, TEST_MS);

    it('writes nothing unless it may, and says what is due', async () => {
      const controller = await join(false);
      await decide(controller);
      expect((await controller.command(ENFORCED, alice)).kind).toBe('done');
      const status = await waitFor(controller, () => controller.operator.status(), (answer) => JSON.stringify(answer).includes('nothing may be written to a cluster'), 'what is due');
      expect(JSON.stringify(status)).toContain('--enforce');
      const [output] = await controller.operator.outputs();
      expect(output).toMatchObject({ output: 'networkpolicy', policies: { waiting: 1 }, namespaces: [{ namespace: 'shop', realisation: { kind: 'waiting' } }] });
      expect(await policies()).toEqual([]);
    }, TEST_MS);
  },
  ['kube-controller-manager', 'kube-scheduler'],
);

/** Asks the server again and again. */
async function until(what: string, holds: () => Promise<boolean>, longestMs = PATIENCE_MS): Promise<void> {
  const deadline = performance.now() + longestMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
