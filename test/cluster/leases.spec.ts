import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type AskCluster, ClusterLeases } from '#targets';

import { parseAllDocuments } from 'yaml';

import { leaseContract } from '../contract/lease-contract.ts';
import { describeWithCluster } from '../support/needs.ts';
import { repositoryRoot } from '../support/shared.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { ClusterClient } from './cluster-client.ts';

const STARTING_MS = 400_000;

describeWithCluster('Lease objects on a server', () => {
  let cluster: Cluster;
  let client: ClusterClient;
  let ask: AskCluster;
  let count = 0;
  let now = 1_000;

  /** Somebody with the rights of manifests/controller/rbac-replicas.yaml and no others. */
  async function leaderOf({ authority, client: admin, server }: Cluster, namespace: string): Promise<ClusterClient> {
    const [role, binding] = parseAllDocuments(readFileSync(join(repositoryRoot, 'manifests', 'controller', 'rbac-replicas.yaml'), 'utf8')).map((document) => document.toJS() as { readonly metadata: object });
    const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    await admin.create(`${path}/roles`, { ...role, metadata: { ...role?.metadata, namespace } });
    await admin.create(`${path}/rolebindings`, { ...binding, metadata: { ...binding?.metadata, namespace }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'leader' }] });
    const { certificate, key } = await authority.client('leader', []);
    return new ClusterClient(server, { ca: authority.certificate, cert: certificate, key });
  }

  beforeAll(async () => {
    cluster = await startCluster();
    await cluster.client.create('/api/v1/namespaces', { metadata: { name: 'ringfence' } });
    client = await leaderOf(cluster, 'ringfence');
    ask = ({ method, path, body, contentType }) => client.ask(method, path, body as object | undefined, contentType);
  }, STARTING_MS);
  afterAll(async () => {
    client.close();
    await cluster.stop();
  });

  leaseContract('on a server', () => {
    count += 1;
    const prefix = `round-${String(count)}-`;
    let known = 0;
    return Promise.resolve({
      open: () => {
        const leases = new ClusterLeases({ ask, namespace: 'ringfence', now: () => now, wallNow: Date.now, knownFence: () => Promise.resolve(known) });
        // a name of its own for every test
        return Promise.resolve({
          acquire: (name: string, holder: string, ttlMs: number) => leases.acquire(`${prefix}${name}`, holder, ttlMs),
          renew: (name: string, holder: string, fence: number, ttlMs: number) => leases.renew(`${prefix}${name}`, holder, fence, ttlMs),
          release: (name: string, holder: string, fence: number) => leases.release(`${prefix}${name}`, holder, fence),
        });
      },
      know: (fence: number) => {
        known = fence;
        return Promise.resolve();
      },
      passMs: (ms: number) => {
        now += ms;
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  });

  describe('as people and other programs see them', () => {
    const open = (known = 0): ClusterLeases => new ClusterLeases({ ask, namespace: 'ringfence', now: () => now, wallNow: Date.now, knownFence: () => Promise.resolve(known) });
    const path = '/apis/coordination.k8s.io/v1/namespaces/ringfence/leases/ringfence-seen';

    it('say who holds them and since when', async () => {
      const leases = open();
      await leases.acquire('seen', 'controller-0', 15_000);
      const before = (await cluster.client.get(path))['spec'] as Record<string, unknown>;
      expect(before).toMatchObject({ holderIdentity: 'controller-0', leaseDurationSeconds: 15, leaseTransitions: 1 });
      expect(await leases.renew('seen', 'controller-0', 1, 15_000)).toBe(true);
      const after = (await cluster.client.get(path))['spec'] as Record<string, unknown>;
      expect(after['acquireTime']).toBe(before['acquireTime']);
      expect(Date.parse(String(after['renewTime']))).toBeGreaterThanOrEqual(Date.parse(String(before['renewTime'])));
    });

    it('that somebody deletes are lost, and the next holder still has a higher fence than any that wrote', async () => {
      const leases = open();
      const held = await leases.acquire('seen', 'controller-0', 15_000);
      expect(held.kind).toBe('held');
      await cluster.client.remove(path);
      expect(await leases.renew('seen', 'controller-0', 1, 15_000)).toBe(false);
      expect(await open(9).acquire('seen', 'controller-1', 15_000)).toEqual({ kind: 'held', fence: 10 });
    });

    it('are not believed to have run out by a clock of somebody else', async () => {
      await cluster.client.patch(path, { spec: { renewTime: '2001-01-01T00:00:00.000000Z' } });
      expect(await open().acquire('seen', 'controller-2', 15_000)).toMatchObject({ kind: 'taken', by: 'controller-1' });
    });

    it('that may not be written say why', async () => {
      await expect(new ClusterLeases({ ask, namespace: 'default', now: () => now, wallNow: Date.now, knownFence: () => Promise.resolve(0) }).acquire('seen', 'x', 1_000)).rejects.toThrow(/^read lease default\/ringfence-seen: leases\.coordination\.k8s\.io "ringfence-seen" is forbidden/);
    });
  });
});
