import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { inferGraph } from '#graph';
import type { JsonObject } from '#model';

import { describeWithCluster } from '../support/needs.ts';
import { repositoryRoot } from '../support/shared.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { addNamespace, addNodes, deploy, running } from './cluster-world.ts';
import { WatchedCluster } from './watched-cluster.ts';

const STARTING_MS = 400_000;
const TEST_MS = 120_000;

describeWithCluster(
  'a cluster with its controllers, watched',
  () => {
    let cluster: Cluster;
    const watched: WatchedCluster[] = [];

    async function watch(kubeconfig: string, options: Parameters<typeof WatchedCluster.start>[1] = {}): Promise<WatchedCluster> {
      const started = await WatchedCluster.start(kubeconfig, options);
      watched.push(started);
      return started;
    }

    beforeAll(async () => {
      cluster = await startCluster({ controllerManager: true, scheduler: true });
      await addNodes(cluster.client, ['node-a', 'node-b']);
    }, STARTING_MS);

    afterEach(async () => {
      await Promise.all(watched.splice(0).map((each) => each.stop()));
    });

    afterAll(async () => {
      await cluster.stop();
    }, TEST_MS);

    it('is told from Deployment to EndpointSlice, and makes a graph', async () => {
      const source = await watch(cluster.kubeconfig);
      await source.untilInSync();
      await addNamespace(cluster.client, 'shop', { 'pod-security.kubernetes.io/enforce': 'baseline' });
      await source.until('the namespace has its ServiceAccount', () => source.objects.has('/ServiceAccount/shop/default'));
      await deploy(cluster.client, 'shop', 'db', 1);
      await deploy(cluster.client, 'shop', 'web', 2, { DATABASE_URL: 'postgresql://db:80/shop' });

      const pods = (): readonly string[] => [...source.objects.keys()].filter((key) => key.startsWith('/Pod/shop/'));
      const isPlaced = (key: string): boolean => typeof (source.body(key)?.['spec'] as JsonObject)['nodeName'] === 'string';
      await source.until('every pod has a node', () => pods().length === 3 && pods().every(isPlaced));
      for (const [index, key] of pods().entries()) {
        await cluster.client.patch(`/api/v1/namespaces/shop/pods/${key.split('/')[3] ?? ''}/status`, running(`10.1.0.${String(index + 1)}`, `fd00:1::${String(index + 1)}`));
      }
      await source.until('the slices hold every address', () => source.snapshot.endpointSlices.filter(({ service }) => service === 'web').flatMap(({ endpoints }) => endpoints).length >= 2);

      const { snapshot } = source;
      const web = [...snapshot.pods.values()].filter(({ name }) => name.startsWith('web-'));
      expect(web.map(({ workload }) => `${workload.kind} ${workload.namespace}/${workload.name}`)).toEqual(['Deployment shop/web', 'Deployment shop/web']);
      expect(web.every(({ addresses, node }) => addresses.length === 2 && (node === 'node-a' || node === 'node-b'))).toBe(true);
      expect([...snapshot.nodes.values()].map(({ name, addresses }) => [name, addresses.map(({ text }) => text)])).toEqual([
        ['node-a', ['172.20.0.1', 'fd00:20::1']],
        ['node-b', ['172.20.0.2', 'fd00:20::2']],
      ]);
      const service = [...snapshot.services.values()].find(({ name }) => name === 'db');
      expect(service?.clusterAddresses.map(({ family }) => family).sort()).toEqual([4, 6]);
      const { relationships } = inferGraph(snapshot);
      expect(relationships.map(({ from, to }) => JSON.stringify([from, to])).some((text) => text.includes('"web"') && text.includes('"db"'))).toBe(true);
      expect(snapshot.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    }, TEST_MS);

    it('is told with the rights its manifests give, but for Secrets', async () => {
      const files = ['rbac.yaml', 'rbac-secrets.yaml'].map((file) => parseAllDocuments(readFileSync(join(repositoryRoot, 'manifests', 'controller', file), 'utf8')).map((document) => document.toJS() as JsonObject));
      const give = async (documents: readonly JsonObject[]): Promise<void> => {
        for (const document of documents.filter(({ kind }) => kind !== 'ServiceAccount')) {
          const isBinding = document['kind'] === 'ClusterRoleBinding';
          const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'controller' }];
          await cluster.client.create(`/apis/rbac.authorization.k8s.io/v1/${isBinding ? 'clusterrolebindings' : 'clusterroles'}`, isBinding ? { ...document, subjects } : document);
        }
      };
      await give(files[0] ?? []);
      const source = await watch(await cluster.kubeconfigOf('controller'));
      await source.untilInSync();
      const denied = (): readonly string[] => source.kinds().filter(({ state }) => state === 'denied').map(({ kind }) => kind);
      expect(denied()).toEqual(['/Secret']);
      await give(files[1] ?? []);
      await source.until('Secrets are read too', () => denied().length === 0);
      expect(source.kinds().filter(({ state }) => state !== 'in sync' && state !== 'absent')).toEqual([]);
    }, TEST_MS);

    it('says of every kind how it stands', async () => {
      const source = await watch(cluster.kubeconfig);
      await source.untilInSync();
      expect(source.status('/Namespace')).toMatchObject({ state: 'in sync', lists: 1 });
      expect(source.status('gateway.networking.k8s.io/HTTPRoute')).toMatchObject({ state: 'absent', objects: 0 });
      // what the slices say already
      expect(source.kinds().map(({ kind }) => kind)).not.toContain('/Endpoints');
      expect(source.problems).toEqual([]);
    }, TEST_MS);

    it('forgets what is deleted, and is silent about what only the server notes', async () => {
      const source = await watch(cluster.kubeconfig);
      await cluster.client.create('/api/v1/namespaces/default/configmaps', { metadata: { name: 'passing' }, data: { ADDRESS: 'db.shop:80' } });
      await source.until('it is told', () => source.objects.has('/ConfigMap/default/passing'));
      await source.untilInSync();
      const before = source.updates.length;
      await cluster.client.patch('/api/v1/nodes/node-a/status', { status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: '2026-02-02T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' }] } }, 'application/strategic-merge-patch+json');
      await cluster.client.remove('/api/v1/namespaces/default/configmaps/passing');
      await source.until('it is gone', () => !source.objects.has('/ConfigMap/default/passing'));
      expect(source.updates.slice(before).map(({ key }) => key)).toEqual(['/ConfigMap/default/passing']);
    }, TEST_MS);

    it('takes up a kind that is defined later, and lets go of it with its definition', async () => {
      const source = await watch(cluster.kubeconfig);
      await source.untilInSync();
      const definition = {
        metadata: { name: 'httproutes.gateway.networking.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' } },
        spec: {
          group: 'gateway.networking.k8s.io',
          scope: 'Namespaced',
          names: { plural: 'httproutes', singular: 'httproute', kind: 'HTTPRoute', listKind: 'HTTPRouteList' },
          versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
        },
      };
      const routes = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes';
      await cluster.client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
      await source.until('routes are read', () => source.status('gateway.networking.k8s.io/HTTPRoute').state === 'in sync');
      await cluster.client.create(routes, { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: 'edge' }, spec: { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] } });
      await source.until('the route is told', () => source.snapshot.routes.some(({ name }) => name === 'edge'));

      await cluster.client.remove('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/httproutes.gateway.networking.k8s.io');
      await source.until('the route is gone', () => source.snapshot.routes.length === 0);
      await source.until('the kind is absent', () => source.status('gateway.networking.k8s.io/HTTPRoute').state === 'absent');
      expect(source.turns).toEqual(['in sync']);
    }, TEST_MS);

    it('goes on without a kind it may not read, says so, and reads it when it may', async () => {
      const rules = (resources: readonly string[]): JsonObject => ({ rules: [{ apiGroups: ['*'], resources, verbs: ['list', 'watch'] }] });
      const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/reader';
      const all = ['namespaces', 'nodes', 'pods', 'services', 'networkpolicies'];
      await cluster.client.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: 'reader' }, ...rules(all) });
      await cluster.client.create('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
        metadata: { name: 'reader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'reader' }],
      });
      const source = await watch(await cluster.kubeconfigOf('reader'), { watchMs: 1_000 });
      await source.untilInSync();
      expect(source.status('/Secret')).toMatchObject({ state: 'denied', why: expect.stringContaining('cannot list resource "secrets"') });
      expect(source.problems).toContainEqual(expect.objectContaining({ code: 'kind-denied', severity: 'warning', subject: expect.stringContaining('Secret of Kubernetes at') }));

      await cluster.client.patch(role, rules(all.filter((each) => each !== 'services')));
      await source.until('services are denied', () => source.status('/Service').state === 'denied');
      // what was told of them stands
      expect(source.objects.has('/Service/default/kubernetes')).toBe(true);
      expect(source.status('/Pod').state).toBe('in sync');
      expect(source.turns).toEqual(['in sync']);

      await cluster.client.create('/api/v1/namespaces/default/services', { metadata: { name: 'unseen' }, spec: { ports: [{ port: 80 }] } });
      await cluster.client.patch(role, rules([...all, 'secrets']));
      await source.until('services are read again', () => source.objects.has('/Service/default/unseen'));
      await source.until('secrets are read', () => source.status('/Secret').state === 'in sync');
      expect(source.problems).toContainEqual(expect.objectContaining({ code: 'kind-allowed' }));

      await cluster.client.patch(role, rules(['namespaces', 'nodes', 'services']));
      await source.until('it is behind without pods', () => source.turns.at(-1) === 'behind');
      expect(source.problems).toContainEqual(expect.objectContaining({ code: 'kind-denied', severity: 'error', subject: expect.stringContaining('Pod of') }));
    }, TEST_MS);
  },
  ['kube-controller-manager', 'kube-scheduler'],
);
