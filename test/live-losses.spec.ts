import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';

import type { FlowReport, JsonObject, ObservedFlow, SourceUpdate } from '#model';
import { type ProposalShape, routes } from '#operator-api';

import { ControllerClient } from '../apps/cli/src/live/controller-client.ts';
import { proposalText } from '../apps/cli/src/commands/show.ts';
import type { Controller } from '../apps/controller/src/controller.ts';
import { createOperatorApp, type OperatorApp } from '../apps/controller/src/operator/operator-app.ts';
import type { ControllerClient as NodeClient } from '../apps/enforcer/src/channel/controller-client.ts';
import { ControllerWorld, waitFor } from './support/controller-world.ts';
import { databaseReport, webToDatabase } from './support/database-report.ts';
import { manifest, wireDeployment, wireNamespace, wireNode, wirePod } from './support/wire-objects.ts';

jest.setTimeout(60_000);

/*
 * What a node tells over its channel, mutual TLS and all, and what is shown of it over REST and on the command line.
 */
const K = 'kubernetes';
const HOUR = 3_600_000;
const WEB = { namespace: 'shop', kind: 'Deployment', name: 'web' };

function changed(update: SourceUpdate, spec: JsonObject, status: JsonObject, owner?: { readonly kind: string; readonly name: string }): SourceUpdate {
  if (update.value?.kind !== 'manifest') return update;
  const { body } = update.value;
  const metadata: JsonObject = owner === undefined ? (body['metadata'] as JsonObject) : { ...(body['metadata'] as JsonObject), ownerReferences: [{ apiVersion: 'v1', controller: true, uid: owner.name, ...owner }] };
  return { ...update, value: { ...update.value, body: { ...body, metadata, spec: { ...(body['spec'] as JsonObject), ...spec }, status: { ...(body['status'] as JsonObject), ...status } } } };
}

const startTime = new Date(Date.now() - 40 * 24 * HOUR).toISOString();
const old = (update: SourceUpdate): SourceUpdate => changed(update, {}, { startTime });
const place = (at: number) => ({ node: 'n1', nodeAt: 1, at });
const job = { kind: 'Job', name: 'import-7k2xq' };
const finished = changed(wirePod(K, 'shop', 'import', 'b', place(7)), {}, { startTime, phase: 'Succeeded' }, job);
const template = { metadata: { labels: { app: 'report' } }, spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.example/report:1' }] } };

const cluster = [
  wireNamespace(K, 'shop'),
  wireNode(K, 'n1', 1),
  wireDeployment(K, 'shop', 'web'),
  wireDeployment(K, 'shop', 'db', [5432]),
  manifest(K, 'batch/v1', 'CronJob', 'shop', 'report', { spec: { schedule: '0 3 * * *', timeZone: 'Europe/Berlin', jobTemplate: { spec: { template } } } }),
  old(wirePod(K, 'shop', 'web', 'a', place(2))),
  old(wirePod(K, 'shop', 'db', 'a', place(3), [5432])),
  changed(wirePod(K, 'shop', 'agent', 'a', place(0)), { hostNetwork: true }, { startTime, podIP: '198.18.0.1', podIPs: [{ ip: '198.18.0.1' }, { ip: '2001:db8:ffff::2' }] }, { kind: 'DaemonSet', name: 'agent' }),
  finished,
];

let world: ControllerWorld;
let controller: Controller;
let node: NodeClient;
let app: OperatorApp;
let client: ControllerClient;

beforeEach(async () => {
  world = await ControllerWorld.make();
  const started = await world.start();
  ({ controller } = started);
  world.tell(controller, cluster);
  node = world.channel.connect('n1', started.port, await world.channel.credentials('n1')).client;
  app = await createOperatorApp(controller.operator, { version: '0.0.0', port: 0, log: pino({ level: 'silent' }) });
  client = new ControllerClient((await app.listen())[0] ?? '', 'alice');
});
afterEach(async () => {
  await app.close();
  await world.close();
});

function shown(isIt: (proposal: ProposalShape) => boolean, what: string): Promise<ProposalShape> {
  return waitFor(controller, () => client.ask(routes.proposal, { params: WEB }).catch(() => undefined), (proposal) => proposal !== undefined && isIt(proposal), what) as Promise<ProposalShape>;
}

/** Forty-eight hours of web at its database, up to an hour that is over. */
function watch(end: number, loss: Partial<FlowReport['loss']> = {}): void {
  for (let at = 48; at > 0; at -= 1) {
    const report = webToDatabase(end - at * HOUR, end - (at - 1) * HOUR - 1_000);
    node.flowsSeen({ ...report, loss: { ...report.loss, ...(at === 1 ? loss : {}) } });
  }
}

const begun = (): number => Math.floor(Date.now() / HOUR) * HOUR - HOUR;
const textOf = (proposal: ProposalShape): string => proposalText(proposal, 2_000, Date.now());

describe('what a node admits to have lost', () => {
  it('lowers the coverage of its workloads, and is named', async () => {
    watch(begun());
    const before = await shown(({ coverage }) => coverage.buckets >= 48, 'two days of traffic');
    expect(before.coverage.lowered).toEqual([]);

    node.flowsSeen({ ...databaseReport(begun(), begun() + 1_000, []), loss: { connectionEvents: 100, logRecords: 3, resyncs: 1, unreadable: 20 }, overflowed: [{ pod: 'shop/web-a', connections: 30 }] });
    const after = await shown(({ coverage }) => coverage.lowered.length > 0, 'losses');
    expect(after.coverage.lowered).toEqual([expect.stringMatching(/^n1 lost 120 connection events beside the \d+ connections it saw$/), '30 connections of its pods did not fit into reports']);
    expect(after.coverage.low).toBeLessThan(before.coverage.low - 0.2);
    expect(after.directionCoverage.egress.low).toBeLessThan(before.directionCoverage.egress.low - 0.2);
    expect(after.waitsFor.join()).toContain('lowered because n1 lost 120 connection events');
    expect(textOf(after)).toContain('lowered: n1 lost 120 connection events');
    expect((await client.ask(routes.status, {})).flows).toMatchObject({ lost: { connectionEvents: 100, logRecords: 3, resyncs: 1, unreadable: 20 }, overflowedConnections: 30 });
  });
});

describe('a CronJob', () => {
  it('keeps what it concerns from being ready until it has run, and says when it will', async () => {
    watch(begun());
    const waiting = await shown(({ coverage }) => coverage.buckets >= 48, 'two days of traffic');
    expect(waiting.isReady).toBe(false);
    expect(waiting.awaitedRuns).toMatchObject([{ workload: { kind: 'CronJob', name: 'report' }, schedule: '0 3 * * *', why: 'shop/CronJob/report has not been seen to run yet (0 3 * * * in Europe/Berlin)' }]);
    expect(waiting.awaitedRuns[0]?.next).toBeGreaterThan(Date.now());
    expect(textOf(waiting)).toMatch(/ {2}- shop\/CronJob\/report has not been seen to run yet \(0 3 \* \* \* in Europe\/Berlin\), next \d{4}-\d\d-\d\d 0[12]:00 UTC/);

    // the run comes, is watched from beginning to end, and flows are reported meanwhile
    const run = (status: JsonObject): SourceUpdate => changed(wirePod(K, 'shop', 'report', 'x', place(9)), {}, { startTime: new Date().toISOString(), ...status }, { kind: 'Job', name: 'report-29000000' });
    const owner = manifest(K, 'batch/v1', 'Job', 'shop', 'report-29000000', { spec: { template } });
    world.tell(controller, [changed(owner, {}, {}, { kind: 'CronJob', name: 'report' }), run({})]);
    await shown(() => true, 'the run');
    world.tell(controller, [run({ phase: 'Succeeded' })]);
    await waitFor(controller, async () => {
      const now = Date.now();
      node.flowsSeen(databaseReport(now - 500, now, []));
      return shown(() => true, 'a proposal');
    }, ({ awaitedRuns }) => awaitedRuns.length === 0, 'the run seen');
    expect((await shown(() => true, 'a proposal')).waitsFor.join()).not.toContain('report');
  });
});

describe('ends that are nobody’s alone', () => {
  it('are listed with why, who may be meant, and which node told', async () => {
    const now = Date.now();
    const report = webToDatabase(now - 10_000, now - 5_000);
    const [one] = report.flows;
    if (one === undefined) throw new Error('no flow');
    const flow = (client: string, server: string, fields: Partial<ObservedFlow> = {}): ObservedFlow => ({ ...one, client: { address: client }, server: { address: server }, ...fields });
    node.flowsSeen({
      ...report,
      flows: [
        flow('10.1.1.2', '10.1.1.77'),
        flow('2001:db8:1:1::2', '2001:db8:1:1::77'),
        // its Job is done, and gave the address back before it was watched
        flow('10.1.1.2', '10.1.1.7'),
        flow('10.1.1.2', '198.18.0.1', { port: 9_100 }),
        flow('2001:db8:ffff::2', '2001:db8:1:1::3'),
      ],
    });
    const page = await waitFor(controller, () => client.ask(routes.unattributed, { query: { limit: 2 } }), ({ items }) => items.length === 2, 'a list');
    const rest = await client.ask(routes.unattributed, { query: { limit: 2, cursor: page.next } });
    const listed = [...page.items, ...rest.items];
    expect(listed.map(({ name, why, mayBe, connections, reporters, others }) => ({ name, why, mayBe, connections, reporters, others }))).toEqual([
      { name: '10.1.1.7', why: 'nobody held it', mayBe: [], connections: 3, reporters: ['n1'], others: ['shop/Deployment/web'] },
      { name: '10.1.1.77', why: 'nobody held it', mayBe: [], connections: 3, reporters: ['n1'], others: ['shop/Deployment/web'] },
      { name: '2001:db8:1:1::77', why: 'nobody held it', mayBe: [], connections: 3, reporters: ['n1'], others: ['shop/Deployment/web'] },
      { name: 'n1', why: 'shared by a node', mayBe: ['shop/DaemonSet/agent'], connections: 6, reporters: ['n1'], others: ['shop/Deployment/db', 'shop/Deployment/web'] },
    ]);
    expect(listed.every(({ firstSeen, lastSeen }) => firstSeen === now - 10_000 && lastSeen === now - 5_000)).toBe(true);
    expect((await client.ask(routes.unattributed, { query: { why: 'shared by a node' } })).items).toHaveLength(1);
    // none of it is evidence of the agent
    expect(await controller.operator.review({ namespace: 'shop', kind: 'DaemonSet', name: 'agent' })).toMatchObject({ review: { coverage: { seen: 0 } } });
  });
});
