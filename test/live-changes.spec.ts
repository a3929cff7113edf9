import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';

import { DEFAULT_THRESHOLDS } from '#learning';
import type { FlowReport, JsonObject, ObservedEnd, SourceUpdate } from '#model';
import { type ProposalShape, routes } from '#operator-api';

import { ControllerClient } from '../apps/cli/src/live/controller-client.ts';
import { proposalText } from '../apps/cli/src/commands/show.ts';
import type { Controller } from '../apps/controller/src/controller.ts';
import { createOperatorApp, type OperatorApp } from '../apps/controller/src/operator/operator-app.ts';
import { ControllerWorld, waitFor } from './support/controller-world.ts';
import { databaseReport } from './support/database-report.ts';
import { manifest, wireNamespace, wireNode, wirePod } from './support/wire-objects.ts';

jest.setTimeout(60_000);

/*
 * A controller over manifests and the channel of nodes, asked over REST as the command line asks:
 * three replicas of web on one node, at a database metadata names and at a cache it does not.
 */
const K = 'kubernetes';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const DAYS = 20;
const WEB = { namespace: 'shop', kind: 'Deployment', name: 'web' };
const DB = { namespace: 'shop', kind: 'Deployment', name: 'db' };
const AT = { web: [2, 3, 4], db: [5], cache: [6] } as const;
type Name = keyof typeof AT;

function deployment(name: Name, replicas: number, env: Readonly<Record<string, string>> = {}): SourceUpdate {
  const labels = { app: name };
  const containers = [{ name: 'main', image: `registry.example/${name}:1`, ports: [{ containerPort: 5432, protocol: 'TCP' }], env: Object.entries(env).map(([key, value]) => ({ name: key, value })) }];
  return manifest(K, 'apps/v1', 'Deployment', 'shop', name, { spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } } }, labels);
}

function service(name: Name, at: number): SourceUpdate {
  return manifest(K, 'v1', 'Service', 'shop', name, { spec: { selector: { app: name }, clusterIP: `10.96.0.${String(at)}`, clusterIPs: [`10.96.0.${String(at)}`, `2001:db8:96::${String(at)}`], ports: [{ port: 5432, protocol: 'TCP', targetPort: 5432 }] } });
}

const TO_DB = { DATABASE_URL: 'postgres://db:5432/shop' };
const pods = (Object.keys(AT) as Name[]).flatMap((name) => AT[name].map((at) => oldPod(name, at)));

/** A pod that has been there for weeks. */
function oldPod(name: Name, at: number): SourceUpdate {
  const update = wirePod(K, 'shop', name, String(at), { node: 'n1', nodeAt: 1, at }, [5432]);
  if (update.value?.kind !== 'manifest') return update;
  const { body } = update.value;
  const status = { ...(body['status'] as JsonObject), startTime: new Date(Date.now() - 2 * DAYS * DAY).toISOString() };
  return { ...update, value: { ...update.value, body: { ...body, status } } };
}
const cluster = [wireNamespace(K, 'shop'), wireNode(K, 'n1', 1), deployment('web', 3, TO_DB), deployment('db', 1), deployment('cache', 1), service('db', 5), service('cache', 6), ...pods];

/** What one hour saw of these, over both families. */
function hour(from: number, ...pairs: readonly (readonly [client: readonly number[], server: Name])[]): FlowReport {
  const end = (name: Name, at: number, family: 4 | 6): ObservedEnd => ({ address: family === 4 ? `10.1.1.${String(at)}` : `2001:db8:1:1::${String(at)}`, pod: `shop/${name}-${String(at)}` });
  const ends = pairs.flatMap(([clients, server]) => clients.flatMap((at) => ([4, 6] as const).map((family) => [end('web', at, family), end(server, AT[server][0], family)] as const)));
  return databaseReport(from, from + HOUR - 1_000, ends);
}

let world: ControllerWorld;
let controller: Controller;
let app: OperatorApp;
let client: ControllerClient;
let start = 0;

beforeEach(async () => {
  world = await ControllerWorld.make();
  start = Math.floor(Date.now() / HOUR) * HOUR - DAYS * DAY - HOUR;
  ({ controller } = await world.start({ thresholds: { ...DEFAULT_THRESHOLDS, habitMs: 365 * DAY } }));
  app = await createOperatorApp(controller.operator, { version: '0.0.0', port: 0, log: pino({ level: 'silent' }) });
  client = new ControllerClient((await app.listen())[0] ?? '', 'alice');
});
afterEach(async () => {
  await app.close();
  await world.close();
});

async function watch(what: (at: number) => Parameters<typeof hour>[1][]): Promise<void> {
  for (let at = 0; at < DAYS * 24; at += 1) await controller.report(hour(start + at * HOUR, ...what(at)));
}

function shown(workload: typeof WEB, isIt: (proposal: ProposalShape) => boolean, what: string): Promise<ProposalShape> {
  return waitFor(controller, () => client.ask(routes.proposal, { params: workload }).catch(() => undefined), (proposal) => proposal !== undefined && isIt(proposal), what) as Promise<ProposalShape>;
}

const textOf = (proposal: ProposalShape): string => proposalText(proposal, 2_000, Date.now());
const watched = ({ coverage }: ProposalShape): boolean => coverage.buckets >= DAYS * 24 - 1;

describe('what changed since something was approved', () => {
  it('is shown: what nobody uses any more and since when, what metadata has taken back, and what is new', async () => {
    world.tell(controller, [...cluster, deployment('web', 3, { ...TO_DB, CACHE_URL: 'redis://cache:5432' })]);
    // the cache was used for five days, and that is over
    await watch((at) => (at < 120 ? [[[2, 3, 4], 'db'], [[2, 3, 4], 'cache']] : [[[2, 3, 4], 'db']]));
    const before = await shown(WEB, (one) => watched(one) && one.proposal.egress.kind === 'closed' && one.proposal.egress.rules.length >= 2, 'two rules');
    await client.ask(routes.approve, { body: { proposals: [{ workload: WEB, hash: before.hash }], reason: 'both are needed' } });

    const approved = await shown(WEB, ({ standing }) => standing === 'approved', 'the approval');
    const lastUse = start + 120 * HOUR - 1_000;
    expect(approved.comparison?.egress).toMatchObject({ approved: 'closed', proposed: 'closed', added: [], missing: [], stale: [], unused: [{ lastSeen: lastUse, unusedSince: lastUse, why: 'metadata asks for it, and nobody has used it for 14 days' }] });
    expect(approved.sinceApproval).toEqual({ added: 0, changed: 0, missing: 0, stale: 0, unused: 1 });
    expect(textOf(approved)).toMatch(/\? unused: to shop\/Deployment\/cache, 5432\/TCP: metadata asks for it, and nobody has used it for 14 days, last used \d{4}-\d\d-\d\d \d\d:\d\d UTC \(15 days ago\)/);

    // metadata takes the cache back, and flows of four weeks ago still speak for it
    world.tell(controller, [deployment('web', 3, TO_DB)]);
    const changed = await shown(WEB, ({ sinceApproval }) => sinceApproval?.changed === 1, 'the cache undeclared');
    expect(changed.comparison?.egress.changed).toMatchObject([{ what: ['it was declared and observed, and is observed and not declared', 'nothing says any more that redis is spoken there'] }]);
    expect(textOf(changed)).toContain('~ changed: to shop/Deployment/cache, 5432/TCP: it was declared and observed, and is observed and not declared');

    // metadata takes the database back and names nothing: what is used stays, and is undeclared
    world.tell(controller, [deployment('web', 3)]);
    await controller.report(databaseReport(start + DAYS * DAY, start + DAYS * DAY + HOUR - 1_000, [[{ address: '10.1.1.2', pod: 'shop/web-2' }, { address: '203.0.113.9' }]]));
    const added = await shown(WEB, ({ sinceApproval }) => sinceApproval?.added === 1, 'a new peer');
    const fresh = added.comparison?.egress.added[0];
    expect(added.quarantine.map(({ rule }) => rule)).toContain(fresh);
    expect(textOf(added)).toContain('+ new: to 203.0.113.9/32, 5432/TCP (observed but UNDECLARED)');
    const list = await client.ask(routes.proposals, { query: { namespace: 'shop' } });
    expect(list.items.find(({ workload }) => workload.name === 'web')).toMatchObject({ standing: 'proposed', inForce: { revision: 1 }, sinceApproval: { added: 1, changed: 2, missing: 0, stale: 0 } });
  });

  it('names what is in force for nothing: metadata asked for it, nobody ever used it, and metadata asks no more', async () => {
    world.tell(controller, [...cluster, deployment('web', 3, { ...TO_DB, CACHE_URL: 'redis://cache:5432' })]);
    await watch(() => [[[2, 3, 4], 'db']]);
    const before = await shown(WEB, (one) => watched(one) && one.proposal.egress.kind === 'closed' && one.proposal.egress.rules.length >= 2, 'two rules');
    await client.ask(routes.approve, { body: { proposals: [{ workload: WEB, hash: before.hash }], reason: 'both are needed' } });
    world.tell(controller, [deployment('web', 3, TO_DB)]);
    const stale = await shown(WEB, ({ sinceApproval }) => sinceApproval?.stale === 1, 'a rule for nothing');
    expect(stale.comparison?.egress.stale).toMatchObject([{ rule: { peers: [{ workload: { name: 'cache' } }] }, unusedSince: start, why: 'nothing speaks for it any more: no metadata, and nobody has used it for 14 days' }]);
    expect(stale.comparison?.egress.stale[0]).not.toHaveProperty('lastSeen');
    expect(textOf(stale)).toMatch(/- needed no more: to shop\/Deployment\/cache, 5432\/TCP: nothing speaks for it any more: .*, not once since \d{4}-\d\d-\d\d/);
  });
});

describe('a rejected proposal', () => {
  it('is silent while only counts grow, and says what changed when it is back', async () => {
    world.tell(controller, cluster);
    await watch(() => [[[2, 3, 4], 'db']]);
    const before = await shown(DB, (one) => watched(one) && one.proposal.ingress.kind === 'closed' && one.isReady, 'a proposal');
    await client.ask(routes.reject, { body: { proposals: [{ workload: DB, hash: before.hash }], reason: 'the database moves next week' } });
    await shown(DB, ({ standing }) => standing === 'rejected', 'the rejection');
    await controller.report(hour(start + DAYS * DAY, [[2, 3, 4], 'db']));
    const silent = await shown(DB, ({ coverage }) => coverage.buckets > before.coverage.buckets, 'another hour');
    expect(silent).toMatchObject({ standing: 'rejected', rejection: { reason: 'the database moves next week' } });
    expect(silent).not.toHaveProperty('rejectedBefore');
    expect((await client.ask(routes.status, {})).reviews).toMatchObject({ rejected: 1 });

    // whoever deploys web has taken its address of the database away: only flows speak for the rule
    world.tell(controller, [deployment('web', 3)]);
    const back = await shown(DB, ({ standing }) => standing === 'proposed', 'it back');
    expect(back).not.toHaveProperty('rejection');
    expect(back).toMatchObject({ rejectedBefore: { reason: 'the database moves next week', by: { name: expect.stringContaining('alice') as unknown } } });
    expect(back.sinceRejection?.ingress).toMatchObject({ before: 'closed', now: 'closed', added: [], gone: [], changed: [{ what: ['it was declared and observed, and is observed and not declared', 'nothing says any more that postgresql is spoken there'] }] });
    expect(textOf(back)).toContain('~ changed: from shop/Deployment/web, 5432/TCP: it was declared and observed, and is observed and not declared');
    expect((await client.ask(routes.status, {})).reviews).toMatchObject({ rejected: 0 });
  });
});

describe('a rule that was in quarantine when the rest was approved', () => {
  it('is proposed again when that ends, and told as such', async () => {
    world.tell(controller, cluster);
    // one of three replicas
    await watch(() => [[[2, 3, 4], 'db'], [[2], 'cache']]);
    const before = await shown(WEB, (one) => watched(one) && one.quarantine.length === 1, 'a rule in quarantine');
    const held = before.quarantine[0]?.rule ?? '';
    await client.ask(routes.approve, { body: { proposals: [{ workload: WEB, hash: before.hash }], reason: 'the database' } });
    const approved = await shown(WEB, ({ standing }) => standing === 'approved', 'the approval');
    expect(approved).toMatchObject({ leftOutBefore: [held], quarantineEnded: [] });

    await controller.report(hour(start + DAYS * DAY, [[3, 4], 'cache']));
    const ended = await shown(WEB, ({ standing }) => standing === 'proposed', 'something new');
    expect(ended).toMatchObject({ hash: before.hash, quarantine: [], quarantineEnded: [held], sinceApproval: { added: 1 } });
    expect(textOf(ended)).toContain('+ new: to shop/Deployment/cache, 5432/TCP (was left out for being in quarantine, which it is no more)');
    await client.ask(routes.approve, { body: { proposals: [{ workload: WEB, hash: ended.hash }], reason: 'the cache too' } });
    await shown(WEB, ({ standing, sinceApproval }) => standing === 'approved' && sinceApproval?.added === 0, 'all of it approved');
  });
});

describe('a direction that stays open', () => {
  it('shows the rules that would apply, in JSON and in words', async () => {
    world.tell(controller, cluster);
    for (let at = 0; at < 5; at += 1) await controller.report(hour(start + at * HOUR, [[2, 3, 4], 'cache']));
    const cache = { ...DB, name: 'cache' };
    const open = await shown(cache, ({ proposal, preview }) => proposal.ingress.kind === 'open' && (preview.ingress?.rules.length ?? 0) > 0, 'a preview');
    expect(open.preview.ingress?.rules).toMatchObject([{ peers: [{ kind: 'workload', workload: WEB }], ports: [{ from: 5432, to: 5432, protocol: 'TCP' }] }]);
    expect(textOf(open)).toContain('INGRESS (who may reach it): left open');
    expect(textOf(open)).toContain('not enforced; closed on what is known now, it would be closed but for 1 rule:');
    await expect(client.ask(routes.approve, { body: { proposals: [{ workload: cache, hash: open.hash }], reason: 'as it is' } })).resolves.toBeDefined();
    expect(controller.state.approvals.get('shop/Deployment/cache')?.approved.proposal.ingress.kind).toBe('open');
  });
});
