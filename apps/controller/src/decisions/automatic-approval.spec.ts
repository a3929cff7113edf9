import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { FlowReport, JsonObject, SourceUpdate, WorkloadRef } from '#model';

import { webToDatabase } from '../../../../test/support/database-report.ts';
import { shippedAutoApprovals } from '../../../../test/support/auto-approval.ts';
import { alice, ControllerWorld, proposalOf, waitFor } from '../../../../test/support/controller-world.ts';
import { manifest, wireNamespace, wireNode, wirePod } from '../../../../test/support/wire-objects.ts';
import type { Controller } from '../controller.ts';

jest.setTimeout(60_000);

const K = 'kubernetes';
const HOUR = 3_600_000;
const HOURS = 240;
const db: WorkloadRef = { namespace: 'shop', kind: 'Deployment', name: 'db' };
const web: WorkloadRef = { namespace: 'shop', kind: 'Deployment', name: 'web' };
const place = { web: { node: 'n1', nodeAt: 1, at: 2 }, db: { node: 'n1', nodeAt: 1, at: 3 } };

function deployment(name: string, port: number, env: readonly { readonly name: string; readonly value: string }[] = []): SourceUpdate {
  const labels = { app: name };
  const containers = [{ name: 'main', image: `registry.example/${name}:1`, ports: [{ containerPort: port, protocol: 'TCP' }], env: [...env] }];
  return manifest(K, 'apps/v1', 'Deployment', 'shop', name, { spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } } }, labels);
}

/** A pod that has been there for weeks. */
function oldPod(owner: 'web' | 'db', port: number): SourceUpdate {
  const update = wirePod(K, 'shop', owner, 'a', place[owner], [port]);
  if (update.value?.kind !== 'manifest') return update;
  const { body } = update.value;
  const status = { ...(body['status'] as JsonObject), startTime: new Date(Date.now() - 20 * 24 * HOUR).toISOString() };
  return { ...update, value: { ...update.value, body: { ...body, status } } };
}

function cluster(labels: Readonly<Record<string, string>>): readonly SourceUpdate[] {
  return [
    wireNamespace(K, 'shop', labels),
    wireNode(K, 'n1', 1),
    deployment('web', 8080, [{ name: 'DATABASE_URL', value: 'postgres://db:5432/shop' }]),
    deployment('db', 5432),
    manifest(K, 'v1', 'Service', 'shop', 'db', { spec: { selector: { app: 'db' }, clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', '2001:db8:96::7'], ports: [{ port: 5432, protocol: 'TCP', targetPort: 5432 }] } }),
    oldPod('web', 8080),
    oldPod('db', 5432),
  ];
}

/** What one hour saw: web at its database, over both families. */
function report(from: number): FlowReport {
  return webToDatabase(from, from + HOUR - 1_000);
}

async function watch(controller: Controller, hours = HOURS): Promise<void> {
  const now = Date.now();
  for (let at = hours; at > 0; at -= 1) await controller.report(report(now - at * HOUR));
}

let world: ControllerWorld;

beforeEach(async () => {
  world = await ControllerWorld.make();
});
afterEach(() => world.close());

const autoApprovals = shippedAutoApprovals().map(({ rule }) => rule);
const isApproved = (controller: Controller): boolean => controller.state.revisions.length > 0;

describe('a controller with a rule that approves', () => {
  it('approves what metadata and ten days of flows speak for, in the name of the rule', async () => {
    const { controller } = await world.start({ autoApprovals });
    world.tell(controller, cluster({ 'ringfence.io/auto-approval': 'allowed' }));
    await watch(controller);
    await waitFor(controller, () => controller.state.revisions, (revisions) => revisions.length > 0, 'a revision nobody asked for');
    const [revision] = controller.state.revisions;
    expect(revision).toMatchObject({ decided: { by: { kind: 'rule', name: 'proven-by-both' } }, reason: autoApprovals[0]?.why });
    const approved = controller.state.approvals.get('shop/Deployment/db')?.approved.proposal.ingress;
    expect(approved).toMatchObject({ kind: 'closed', rules: [{ peers: [{ kind: 'workload', workload: web }], tier: 'strong' }] });
    // nothing is enforced by that: modes are for people
    expect((await proposalOf(controller, db)).mode).toBe('observe');
  });

  it('does not do again what a person rolls back', async () => {
    const { controller } = await world.start({ autoApprovals });
    world.tell(controller, cluster({ 'ringfence.io/auto-approval': 'allowed' }));
    await watch(controller);
    await waitFor(controller, () => controller.state.revisions, (revisions) => revisions.length > 0, 'a revision nobody asked for');
    expect(await controller.command({ kind: 'roll-back', to: 0, reason: 'I want to look first' }, alice)).toMatchObject({ kind: 'done' });
    const undone = controller.state.revisions.length;
    const item = await waitFor(controller, () => proposalOf(controller, db), ({ standing, autoApproval }) => standing === 'proposed' && autoApproval !== undefined && 'why' in autoApproval, 'the proposal again');
    expect(item.autoApproval).toMatchObject({ why: [expect.stringContaining('was rolled back')] });
    await controller.report(report(Date.now() - HOUR / 2));
    await waitFor(controller, () => controller.operator.flows({}, { limit: 1 }), ({ items }) => items.length > 0, 'another view');
    expect(controller.state.revisions).toHaveLength(undone);
  });

  it.each([
    { name: 'the namespace does not ask for it', labels: {}, hours: HOURS, why: 'namespace shop is not one with' },
    { name: 'the namespace is regulated', labels: { 'ringfence.io/auto-approval': 'allowed', 'ringfence.io/regulated': 'true' }, hours: HOURS, why: 'namespace shop is not one with' },
    { name: 'it was watched for ten hours', labels: { 'ringfence.io/auto-approval': 'allowed' }, hours: 10, why: 'it is not ready' },
  ])('leaves it to people where $name, and says so', async ({ labels, hours, why }) => {
    const { controller } = await world.start({ autoApprovals });
    world.tell(controller, cluster(labels));
    await watch(controller, hours);
    const item = await waitFor(controller, () => proposalOf(controller, db), ({ review }) => review.coverage.buckets >= hours - 1, 'all hours counted');
    expect(item.autoApproval).toMatchObject({ why: expect.arrayContaining([expect.stringContaining(why)]) as unknown });
    expect(isApproved(controller)).toBe(false);
  });
});
