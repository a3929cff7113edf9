import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';

import type { JsonObject } from '#model';

import { whyNoCluster } from '../support/control-plane.ts';
import { describeWithCluster } from '../support/needs.ts';
import { type Cluster, startCluster } from './cluster.ts';

const STARTING_MS = 400_000;

describe('the tests of a cluster', () => {
  const isExpected = process.env['CI'] !== undefined && process.env['CI'] !== '';
  (isExpected ? it : it.skip)('have an API server, where everything must be tested', () => {
    expect(whyNoCluster()).toBeUndefined();
  });
});

describeWithCluster('a control plane for tests', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster();
  }, STARTING_MS);

  afterAll(async () => {
    await cluster.stop();
    expect(existsSync(cluster.folder)).toBe(false);
  });

  it('takes pods as a test tells them, and keeps them over a killed server', async () => {
    await cluster.client.create('/api/v1/namespaces', { metadata: { name: 'shop' } });
    await cluster.client.create('/api/v1/namespaces/shop/pods', { metadata: { name: 'web' }, spec: { containers: [{ name: 'main', image: 'registry.example/web:1' }] } });
    await cluster.client.patch('/api/v1/namespaces/shop/pods/web/status', { status: { phase: 'Running', podIP: '10.1.0.7', podIPs: [{ ip: '10.1.0.7' }, { ip: 'fd00:1::7' }] } });
    const before = cluster.pid;
    await cluster.restart();
    expect(cluster.pid).not.toBe(before);
    const pod = await cluster.client.get('/api/v1/namespaces/shop/pods/web');
    expect((pod['status'] as JsonObject)['podIPs']).toEqual([{ ip: '10.1.0.7' }, { ip: 'fd00:1::7' }]);
  }, STARTING_MS);

  it('lets somebody do what roles say and nothing else', async () => {
    expect(await cluster.kubeconfigOf('reader')).toMatch(/reader\.kubeconfig$/);
    const { body } = await cluster.client.ask('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: 'reader', resourceAttributes: { verb: 'list', resource: 'pods' } },
    });
    expect((body['status'] as JsonObject)['allowed']).toBe(false);
  });
});
