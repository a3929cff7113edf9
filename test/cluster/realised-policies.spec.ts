import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { pino } from 'pino';
import { parseAllDocuments } from 'yaml';

import type { NetworkPolicyObject } from '#compilers/kubernetes';
import type { OutputNamespaceView } from '#model';
import { NetworkPolicyTarget } from '#targets';

import { PolicyDesk } from '../../apps/controller/src/outputs/policy-desk.ts';
import { describeWithCluster } from '../support/needs.ts';
import { repositoryRoot } from '../support/shared.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { ClusterClient } from './cluster-client.ts';

const STARTING_MS = 400_000;
const TEST_MS = 60_000;
const PATIENCE_MS = 40_000;
const POLICIES = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

function policy(name: string): NetworkPolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/managed-by': 'ringfence' }, annotations: { 'ringfence.io/why': `because of ${name}` } },
    spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress', 'Egress'], ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }, { ipBlock: { cidr: '2001:db8::/32' } }] }], egress: [] },
  };
}

/** What the controller knows of its policies on a real server, while others do there as they like. */
describeWithCluster('what is realised on a server', () => {
  let cluster: Cluster;
  let writer: ClusterClient;
  let binding: object;
  let desk: PolicyDesk;
  let isLeader = true;
  let changed = Promise.withResolvers<undefined>();

  beforeAll(async () => {
    cluster = await startCluster();
    const { client, authority, server } = cluster;
    await client.create('/api/v1/namespaces', { metadata: { name: 'shop' } });
    const [role, bound] = parseAllDocuments(readFileSync(join(repositoryRoot, 'manifests', 'controller', 'rbac-enforce.yaml'), 'utf8')).map((document) => document.toJS() as object);
    binding = { ...bound, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'writer' }] };
    await client.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', role ?? {});
    await client.create(BINDINGS, binding);
    const { certificate, key } = await authority.client('writer', []);
    writer = new ClusterClient(server, { ca: authority.certificate, cert: certificate, key });
  }, STARTING_MS);

  beforeEach(async () => {
    for (const { metadata } of await cluster.client.list(POLICIES)) await cluster.client.remove(`${POLICIES}/${(metadata as { readonly name: string }).name}`);
    isLeader = true;
    desk = deskThatMay(true);
  });
  afterEach(() => {
    desk.close();
  });
  afterAll(async () => {
    writer.close();
    await cluster.stop();
  }, TEST_MS);

  function deskThatMay(mayWrite: boolean): PolicyDesk {
    const ask: ConstructorParameters<typeof NetworkPolicyTarget>[0]['ask'] = ({ method, path, body, contentType }) => writer.ask(method, path, body as object | undefined, contentType);
    return new PolicyDesk({
      cluster: new NetworkPolicyTarget({ ask, mayWrite }),
      mayWrite,
      places: { networkpolicy: cluster.server },
      isLeader: () => isLeader,
      onChange: () => {
        changed.resolve(undefined);
      },
      now: Date.now,
      againEveryMs: 200,
      log: pino({ level: 'silent' }),
    });
  }

  function desire(revision: number, names: readonly string[]): void {
    desk.desire({ revision, networkPolicies: names.map(policy), folder: [], covers: names.map((name) => ({ workload: `shop/Deployment/${name}`, namespace: 'shop', name })), diagnostics: [] });
  }

  /** When namespace shop stands like this, as the desk tells of its own accord. */
  async function until(wanted: object): Promise<OutputNamespaceView> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      changed = Promise.withResolvers();
      const found = desk.views()[0]?.namespaces.find(({ namespace }) => namespace === 'shop');
      try {
        expect(found).toMatchObject(wanted);
        return found as OutputNamespaceView;
      } catch (error) {
        if (performance.now() > deadline) throw error;
      }
      const timer = setTimeout(() => {
        changed.resolve(undefined);
      }, 1_000);
      await changed.promise;
      clearTimeout(timer);
    }
  }

  it('is told with its revision, and per workload; and what is not desired any more is pruned', async () => {
    desire(1, ['web', 'api']);
    const first = await until({ realisation: { kind: 'realised', revision: 1 }, policies: 2, troubled: [] });
    expect(Date.now() - first.realisation.since).toBeLessThan(PATIENCE_MS);
    expect(desk.written('networkpolicy', { namespace: 'shop', kind: 'Deployment', name: 'web' })).toMatchObject({ policy: 'shop/web', realisation: { kind: 'realised', revision: 1 } });
    expect(desk.written('networkpolicy', { namespace: 'shop', kind: 'Deployment', name: 'db' })).toEqual({ output: 'networkpolicy' });
    desire(2, []);
    await until({ realisation: { kind: 'pruned', revision: 2 }, policies: 0 });
    expect(await cluster.client.list(POLICIES)).toEqual([]);
  }, TEST_MS);

  it('is healed where somebody removed or stripped a policy, and remembered', async () => {
    desire(1, ['web']);
    await until({ realisation: { kind: 'realised' } });
    await cluster.client.remove(`${POLICIES}/web`);
    await until({ realisation: { kind: 'realised' }, drift: { policy: 'web', what: 'somebody removed it', healedAt: expect.any(Number) } });
    expect(await cluster.client.list(POLICIES)).toHaveLength(1);
    await cluster.client.patch(`${POLICIES}/web?fieldManager=kubectl-edit`, { metadata: { annotations: { 'ringfence.io/why': null } } });
    await until({ realisation: { kind: 'realised' }, drift: { what: expect.stringContaining('changed its annotations'), healedAt: expect.any(Number) } });
    expect((await cluster.client.get(`${POLICIES}/web`))['metadata']).toMatchObject({ annotations: { 'ringfence.io/why': 'because of web' } });
    expect(desk.views()[0]?.healed).toBe(2);
    // what somebody adds beside ours is theirs, and no drift
    await cluster.client.patch(`${POLICIES}/web?fieldManager=kubectl-label`, { metadata: { labels: { team: 'shop' } } });
    desire(2, ['web']);
    await until({ realisation: { kind: 'realised', revision: 2 } });
    expect(desk.views()[0]?.healed).toBe(2);
    expect((await cluster.client.get(`${POLICIES}/web`))['metadata']).toMatchObject({ labels: { team: 'shop' } });
  }, TEST_MS);

  it('is in conflict over a field somebody else manages: by whom, which one; never forced, and over when they let go', async () => {
    desire(1, ['web', 'api']);
    await until({ realisation: { kind: 'realised' } });
    await cluster.client.patch(`${POLICIES}/web?fieldManager=kubectl-edit`, { spec: { egress: [{}] } });
    await until({
      realisation: { kind: 'conflict', managers: ['kubectl-edit'], fields: ['.spec.egress'], why: expect.stringContaining('kubectl-edit') },
      troubled: [{ name: 'web' }],
      drift: { policy: 'web', what: expect.stringContaining('kubectl-edit changed its egress') },
    });
    expect(desk.written('networkpolicy', { namespace: 'shop', kind: 'Deployment', name: 'api' })).toMatchObject({ realisation: { kind: 'realised' } });
    expect((await cluster.client.get(`${POLICIES}/web`))['spec']).toMatchObject({ egress: [{}] });
    expect(desk.diagnostics()).toMatchObject([{ code: 'policy-conflict', subject: 'NetworkPolicy shop/web' }]);
    await cluster.client.remove(`${POLICIES}/web`);
    await until({ realisation: { kind: 'realised' }, troubled: [], drift: { healedAt: expect.any(Number) } });
    expect(desk.diagnostics()).toEqual([]);
  }, TEST_MS);

  it('is refused without the right to write, in the words of the server, and realised when it is given back', async () => {
    await cluster.client.remove(`${BINDINGS}/ringfence-policy-writer`);
    desire(1, ['web']);
    await until({ realisation: { kind: 'refused', by: 'access', why: expect.stringContaining('User "writer" cannot list resource "networkpolicies"') } });
    // whoever may look and not write is told of each policy
    await cluster.client.create('/apis/rbac.authorization.k8s.io/v1/clusterroles', { metadata: { name: 'reader' }, rules: [{ apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: ['get', 'list'] }] });
    await cluster.client.create(BINDINGS, { ...binding, metadata: { name: 'reader' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' } });
    await until({ realisation: { kind: 'refused', by: 'access', why: expect.stringContaining('User "writer" cannot patch resource "networkpolicies"') }, troubled: [{ name: 'web' }] });
    await cluster.client.create(BINDINGS, binding);
    await until({ realisation: { kind: 'realised', revision: 1 } });
  }, TEST_MS);

  it('is refused where something at admission says no, or does not answer', async () => {
    const { certificate, key } = await cluster.authority.server();
    const webhook = await listening(createServer({ cert: certificate, key }, (request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => { text += part.toString('utf8'); });
      request.on('end', () => {
        const { request: { uid } } = JSON.parse(text) as { readonly request: { readonly uid: string } };
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: false, status: { code: 403, message: `not on my watch\u001b[2J\n${'x'.repeat(10_000)}` } } }));
      });
    }));
    const url = `https://127.0.0.1:${String((webhook.address() as AddressInfo).port)}/`;
    const rules = [{ apiGroups: ['networking.k8s.io'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['networkpolicies'] }];
    await cluster.client.create(WEBHOOKS, {
      metadata: { name: 'watch' },
      webhooks: [{ name: 'watch.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Fail', timeoutSeconds: 2, clientConfig: { url, caBundle: Buffer.from(cluster.authority.certificate).toString('base64') }, rules }],
    });
    try {
      // it takes a moment until a server asks a new webhook
      await webhookAsked();
      desire(1, ['web']);
      const { realisation } = await until({ realisation: { kind: 'refused', by: 'admission', why: expect.stringMatching(/^admission webhook "watch\.example\.com" denied the request: not on my watch \[2J x+$/) } });
      expect('why' in realisation && realisation.why.length).toBe(500);
      webhook.close();
      webhook.closeAllConnections();
      await until({ realisation: { kind: 'refused', by: 'admission', why: expect.stringContaining('failed calling webhook') } });
    } finally {
      webhook.close();
      await cluster.client.remove(`${WEBHOOKS}/watch`);
    }
    await until({ realisation: { kind: 'realised', revision: 1 } });
  }, TEST_MS);

  async function webhookAsked(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const { status } = await cluster.client.ask('POST', `${POLICIES}?dryRun=All`, { ...policy('probe'), metadata: { name: 'probe', namespace: 'shop' } });
      if (status >= 400) return;
      if (performance.now() > deadline) throw new Error('the webhook is not asked');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('waits where nothing may be written, which says for what, and drift is only told there', async () => {
    desire(1, ['web']);
    await until({ realisation: { kind: 'realised' } });
    isLeader = false;
    await cluster.client.remove(`${POLICIES}/web`);
    await until({ realisation: { kind: 'drifted', why: 'somebody removed it; the replica that leads writes it' } });
    expect(await cluster.client.list(POLICIES)).toEqual([]);
    isLeader = true;
    desk.kick();
    await until({ realisation: { kind: 'realised' }, drift: { what: 'somebody removed it', healedAt: expect.any(Number) } });
    desk.close();
    desk = deskThatMay(false);
    desire(2, ['api']);
    await until({ realisation: { kind: 'waiting', revision: 2 }, troubled: [{ name: 'api', realisation: { why: 'nothing may be written to a cluster without --enforce' } }, { name: 'web', realisation: { why: expect.stringContaining('it is to be removed') } }] });
    expect(await cluster.client.list(POLICIES)).toMatchObject([{ metadata: { name: 'web' } }]);
  }, TEST_MS);

  it('fails while nobody answers, and is found again', async () => {
    desire(1, ['web']);
    await until({ realisation: { kind: 'realised' } });
    await cluster.killServer();
    await until({ realisation: { kind: 'failed', why: expect.stringContaining('ECONNREFUSED') } });
    await cluster.startServer();
    await until({ realisation: { kind: 'realised', revision: 1 } });
  }, TEST_MS * 2);
});

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
