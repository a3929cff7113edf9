import { get as httpGet } from 'node:http';
import { Writable } from 'node:stream';

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';

import { workloadKey, type WorkloadRef } from '#model';
import { type GraphShape, type ProposalShape, problemSchema, routes } from '#operator-api';

import { type EventReader, readEvents } from '../../../../test/support/event-reader.ts';
import { OperatorTwin } from '../../../../test/support/operator-twin.ts';
import { createOperatorApp, type OperatorApp } from './operator-app.ts';
import { createLog } from './log.ts';

/*
 * The REST interface over real connections on both loopbacks, and a controller behind it that
 * decides for real.
 */
// comparing a whole cluster takes a while on a machine that does much else
jest.setTimeout(120_000);

const PRICING = { namespace: 'shop', kind: 'Deployment', name: 'pricing' };
const twin = new OperatorTwin();
let app: OperatorApp;
let urls: readonly string[];
let url = '';

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

async function ask(path: string, init: RequestInit = {}, base = url): Promise<Answered> {
  const response = await fetch(`${base}${path}`, init);
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, body: type.includes('json') ? await response.json() : await response.text() };
}

function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  return ask(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', 'ringfence-actor': 'alice', ...headers } });
}

beforeAll(async () => {
  app = await createOperatorApp(twin, { version: '1.2.3', port: 0, heartbeatMs: 50, log: pino({ level: 'silent' }) });
  urls = await app.listen();
  url = urls[0] ?? '';
});

afterAll(async () => {
  await app.close();
});

describe.each(['IPv4', 'IPv6'])('over %s', (family) => {
  const base = (): string => urls[family === 'IPv4' ? 0 : 1] ?? '';

  it.each([
    ['status', '/api/v1/status'],
    ['graph', '/api/v1/graph?namespace=shop'],
    ['flows', '/api/v1/flows?limit=5'],
    ['proposals', '/api/v1/proposals?limit=5'],
    ['proposal', '/api/v1/proposals/shop/Deployment/storefront'],
    ['revisions', '/api/v1/revisions'], ['nodes', '/api/v1/nodes'],
    ['projects', '/api/v1/projects'],
    ['outputs', '/api/v1/outputs'],
    ['modes', '/api/v1/modes'],
    ['workloadModes', '/api/v1/workload-modes?namespace=shop&limit=5'],
    ['journal', '/api/v1/journal'],
    ['journalVerification', '/api/v1/journal/verification'], ['diff', '/api/v1/diff?before=0&after=proposals'],
    ['why', '/api/v1/why?from=shop/Deployment/storefront&to=shop/Deployment/products'],
    ['healthz', '/healthz'], ['readyz', '/readyz'],
  ] as const)('answers %s as its schema says', async (name, path) => {
    const { status, body } = await ask(path, {}, base());
    expect({ status, body: status === 200 ? '' : body }).toEqual({ status: 200, body: '' });
    expect(routes[name].answer.safeParse(body).error).toBeUndefined();
  });
});

describe('deciding', () => {
  it('simulates, approves, explains who approved, and rolls back', async () => {
    const shown = (await ask('/api/v1/proposals/shop/Deployment/pricing')).body as ProposalShape;
    const simulated = await post('/api/v1/simulate', { what: { kind: 'proposals', workloads: [PRICING] }, days: 7 });
    expect(simulated).toMatchObject({ status: 200, body: { base: 0, proposals: [{ workload: PRICING, hash: shown.hash }], brokenInvariants: [] } });
    expect(routes.simulate.answer.safeParse(simulated.body).error).toBeUndefined();

    const approved = await post('/api/v1/approvals', { proposals: [{ workload: PRICING, hash: shown.hash }], reason: 'looked at it', ticket: 'SEC-7', base: 0 });
    expect(approved).toMatchObject({ status: 200, body: { revision: 1 } });

    const { edges } = (await ask('/api/v1/graph?workload=shop/Deployment/pricing')).body as GraphShape;
    const client = edges.map(({ from }) => from).find((from) => typeof from !== 'string' && from.name !== 'pricing') as WorkloadRef;
    const why = await ask(`/api/v1/why?from=${workloadKey(client)}&to=shop/Deployment/pricing&port=50051`);
    const by = { kind: 'person', name: `alice (claimed, uid ${String(process.getuid?.())})` };
    expect(why.body).toMatchObject({ revision: 1, connections: [{ decision: 'allow', sides: [{ direction: 'egress' }, { direction: 'ingress', rules: [{ approval: { revision: 1, by, reason: 'looked at it' } }], closedBy: { revision: 1, by } }] }] });
    const denied = await ask('/api/v1/why?from=shop/Deployment/mailer&to=shop/Deployment/pricing&port=50051');
    expect(denied.body).toMatchObject({ connections: [{ decision: 'deny', sides: [{}, { isAllowed: false, missing: expect.stringContaining('missing: ingress of shop/Deployment/pricing from shop/Deployment/mailer') as unknown, closedBy: { by }, remedy: { kind: 'add-rule', rule: { peers: [{ workload: { name: 'mailer' } }], ports: [{ from: 50051 }] } } }] }] });
    for (const { body } of [why, denied]) expect(routes.why.answer.safeParse(body).error).toBeUndefined();
    expect(await ask('/api/v1/revisions/1')).toMatchObject({ status: 200, body: { number: 1, reason: 'looked at it', ticket: 'SEC-7', status: 'current', policies: [{ name: 'learned shop/Deployment/pricing' }] } });
    expect(routes.revision.answer.safeParse((await ask('/api/v1/revisions/1')).body).error).toBeUndefined();

    expect(await post('/api/v1/rollbacks', { to: 0, reason: 'not yet', base: 1 })).toMatchObject({ status: 200, body: { revision: 2 } });
    const journal = await ask('/api/v1/journal');
    expect(routes.journal.answer.safeParse(journal.body).error).toBeUndefined();
    expect(journal.body).toMatchObject({ entries: [{ kind: 'approved', text: 'revision 1: approved shop/Deployment/pricing' }, { kind: 'rolled-back' }] });
  });

  it('takes an edit, and the hash of before is a conflict', async () => {
    const path = '/api/v1/proposals/shop/Deployment/basket';
    const workload = { namespace: 'shop', kind: 'Deployment', name: 'basket' };
    const before = (await ask(path)).body as ProposalShape;
    const edit = { kind: 'add-rule', direction: 'egress', rule: { peers: [{ kind: 'cidr', cidr: '2001:db8::/32', except: [] }], ports: [{ kind: 'range', protocol: 'TCP', from: 443, to: 443 }], why: 'the new bank' } };
    expect(await post('/api/v1/edits', { workload, hash: before.hash, edit })).toMatchObject({ status: 200 });
    const after = await ask(path);
    expect(routes.proposal.answer.safeParse(after.body).error).toBeUndefined();
    expect(after.body).toMatchObject({ standing: 'edited', edits: [{ edit }] });
    expect(await post('/api/v1/approvals', { proposals: [{ workload, hash: before.hash }], reason: 'late' })).toMatchObject({ status: 409, type: 'application/problem+json', body: { code: 'proposal-changed', subject: 'shop/Deployment/basket' } });
    expect(await post('/api/v1/edits', { workload, hash: 'any', edit: { kind: 'discard' } })).toMatchObject({ status: 200 });
  });

  it('rejects with a reason, and sets modes, fates and targets', async () => {
    const workload = { namespace: 'shop', kind: 'Deployment', name: 'mailer' };
    const { hash } = (await ask('/api/v1/proposals/shop/Deployment/mailer')).body as ProposalShape;
    expect(await post('/api/v1/rejections', { proposals: [{ workload, hash }], reason: 'too wide' })).toMatchObject({ status: 200 });
    expect((await ask('/api/v1/proposals/shop/Deployment/mailer')).body).toMatchObject({ standing: 'rejected', rejection: { reason: 'too wide' } });
    expect(await post('/api/v1/modes', { scope: { kind: 'namespace', namespace: 'shop' }, mode: 'audit' })).toMatchObject({ status: 200 });
    expect(await post('/api/v1/fates', { scope: { kind: 'cluster' }, fate: { kind: 'drain', seconds: 60 } })).toMatchObject({ status: 200 });
    expect(await post('/api/v1/targets', { namespace: 'shop', target: 'networkpolicy' })).toMatchObject({ status: 200 });
    const { body } = await ask('/api/v1/modes');
    expect(routes.modes.answer.safeParse(body).error).toBeUndefined();
    expect(body).toMatchObject({ modes: [{ mode: 'audit' }], fates: [{ fate: { seconds: 60 } }], targets: [{ target: 'networkpolicy' }] });
    expect(await post('/api/v1/modes', { scope: { kind: 'cluster' }, mode: 'enforce' })).toMatchObject({ status: 422, body: { code: 'ramp-skipped' } });
    expect(await post('/api/v1/mode-previews', { scope: { kind: 'cluster' }, mode: 'enforce' })).toMatchObject({ status: 422, body: { code: 'ramp-skipped' } });
  });

  it('shows what a mode would do, and sets what was shown', async () => {
    const scope = { kind: 'workload', workload: PRICING };
    const shown = await post('/api/v1/mode-previews', { scope, mode: 'enforce' });
    expect(shown).toMatchObject({ status: 200, body: { scope, mode: 'enforce', isLowering: false, changes: [{ workload: PRICING, after: 'enforce' }], open: [PRICING] } });
    const preview = routes.previewMode.answer.parse(shown.body);
    expect(preview.to - preview.from).toBe(7 * 86_400_000);
    expect(await post('/api/v1/modes', { scope, mode: 'enforce', shown: 'something else' })).toMatchObject({ status: 409, body: { code: 'mode-changed' } });
    expect(await post('/api/v1/modes', { scope, mode: 'enforce', shown: preview.shown })).toMatchObject({ status: 200 });
    expect(await post('/api/v1/modes', { scope, mode: 'cleared' })).toMatchObject({ status: 200 });
  });

  it('says where a project may run, and takes it back', async () => {
    expect((await ask('/api/v1/projects')).body).toMatchObject({ decided: [], waiting: [{ project: 'crm', node: 'node-b', containers: 2 }] });
    expect(await post('/api/v1/projects', { project: 'crm', node: 'node-b', admission: 'admitted', reason: 'it moves there' })).toMatchObject({ status: 200 });
    expect((await ask('/api/v1/projects')).body).toMatchObject({ decided: [{ project: 'crm', node: 'node-b', admission: 'admitted', reason: 'it moves there', by: { kind: 'person' } }], waiting: [] });
    for (const [admission, answer] of [['founded', { status: 400 }], ['cleared', { status: 200 }], ['cleared', { status: 422, body: { code: 'admission-missing' } }]] as const) expect(await post('/api/v1/projects', { project: 'crm', node: 'node-b', admission })).toMatchObject(answer);
  });

  it('leaves decisions to the leader', async () => {
    twin.isLeader = false;
    try {
      expect(await post('/api/v1/rollbacks', { to: 0, reason: 'x' })).toMatchObject({ status: 503, body: { code: 'not-leader', message: 'does not decide; replica-2 does' } });
    } finally {
      twin.isLeader = true;
    }
  });
});

describe('what is refused is a problem that says what to do', () => {
  it.each([
    ['an unknown route', () => ask('/api/v1/nothing'), 404, 'no-such-route'],
    ['an unknown workload', () => ask('/api/v1/proposals/shop/Deployment/nobody'), 404, 'proposal-missing'],
    ['an unknown revision', () => ask('/api/v1/revisions/99'), 404, 'no-such-revision'],
    ['a page larger than any', () => ask('/api/v1/flows?limit=501'), 400, 'invalid-request'],
    ['an unknown parameter', () => ask('/api/v1/flows?colour=red'), 400, 'invalid-request'],
    ['a parameter given twice', () => ask('/api/v1/flows?namespace=a&namespace=b'), 400, 'invalid-request'],
    ['a name with a slash in it', () => ask('/api/v1/proposals/shop/Deployment/a%2Fb'), 400, 'invalid-request'],
    ['an end that is nobody', () => ask('/api/v1/why?from=nobody&to=internet&port=80'), 422, 'end-unknown'],
    ['a body that is no JSON', () => post('/api/v1/rollbacks', '{'), 400, 'not-understood'],
    ['a body with more than is known', () => post('/api/v1/rollbacks', { to: 0, reason: 'x', admin: true }), 400, 'invalid-request'],
    ['a body with no reason', () => post('/api/v1/rollbacks', { to: 0 }), 400, 'invalid-request'],
    ['a body that is too large', () => post('/api/v1/rollbacks', { to: 0, reason: 'x'.repeat(1_100_000) }), 413, 'too-large'],
    ['a form', () => post('/api/v1/rollbacks', 'to=0', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'not-json'],
    ['a block that is none', () => post('/api/v1/edits', { workload: PRICING, hash: 'x', edit: { kind: 'add-rule', direction: 'egress', rule: { peers: [{ kind: 'cidr', cidr: '10.0.0.0/33', except: [] }], ports: 'any', why: 'x' } } }), 400, 'edit-unreadable'],
    ['a name that is none', () => post('/api/v1/rollbacks', { to: 0, reason: 'x' }, { 'ringfence-actor': 'a b' }), 400, 'actor-unreadable'],
    ['another site', () => post('/api/v1/rollbacks', { to: 0, reason: 'x' }, { origin: 'http://evil.example' }), 403, 'foreign-origin'],
    ['another port of this host', () => post('/api/v1/rollbacks', { to: 0, reason: 'x' }, { origin: 'http://localhost:1' }), 403, 'foreign-origin'],
    ['a page of another site that only reads', () => ask('/api/v1/status', { headers: { 'sec-fetch-site': 'cross-site' } }), 403, 'foreign-origin'],
  ] as const)('%s', async (_what, send, status, code) => {
    const answer = await send();
    expect(answer).toMatchObject({ status, body: { status, code } });
    expect(answer.type).toBe('application/problem+json');
    const { hint, message } = problemSchema.parse(answer.body);
    expect(hint).not.toBe('');
    expect(message).not.toBe('');
  });

  it('a name that was rebound to this host', async () => {
    const { port } = new URL(url);
    const status = await new Promise((resolve, reject) => {
      httpGet({ host: '127.0.0.1', port, path: '/api/v1/status', headers: { host: 'evil.example' } }, (response) => {
        resolve(response.statusCode);
        response.resume();
      }).on('error', reject);
    });
    expect(status).toBe(403);
  });

  it('an address others can reach', async () => {
    await expect(createOperatorApp(twin, { version: '1', hosts: ['0.0.0.0'] })).rejects.toThrow(/no authentication yet, so only loopback.*port-forward reach that of a pod too, and whoever may use them there is an operator/);
    await expect(createOperatorApp(twin, { version: '1', hosts: ['::'] })).rejects.toThrow(/no authentication yet/);
    await expect(createOperatorApp(twin, { version: '1', hosts: ['127.0.0.1', '192.0.2.1'] })).rejects.toThrow(/192\.0\.2\.1/);
  });

  it('a port that is taken', async () => {
    const second = await createOperatorApp(twin, { version: '1', port: Number(new URL(url).port), log: pino({ level: 'silent' }) });
    await expect(second.listen()).rejects.toThrow(/another controller may be running/);
    await second.close();
  });
});

describe('events', () => {
  it('come as they happen, beat while nothing does, and resume after the last id', async () => {
    const first = await stream({});
    expect(first.type).toContain('text/event-stream');
    const started = await first.until((text) => /^id: \S+$/m.test(text));
    const id = /^id: (\S+)$/m.exec(started)?.[1] ?? '';
    await first.until((text) => text.includes(': still here'));
    await post('/api/v1/modes', { scope: { kind: 'namespace', namespace: 'shop' }, mode: 'observe' });
    await first.until((text) => text.includes('event: journal'));
    first.end();

    const resumed = await stream({ 'last-event-id': id });
    const missed = await resumed.until((text) => text.includes('event: journal'));
    expect(missed).toMatch(/data: \{"at":\d+,"change":\{"kind":"journal","seq":\d+\}\}/);
    resumed.end();
  });

  it('say that everything has to be asked anew where an id is not known', async () => {
    const reader = await stream({ 'last-event-id': 'another-12' });
    await reader.until((text) => text.includes('event: reset'));
    reader.end();
  });

  const stream = (headers: Readonly<Record<string, string>>): Promise<EventReader> => readEvents(`${url}/api/v1/events`, headers);
});

describe('the system', () => {
  it('is not ready before every required source is in sync', async () => {
    twin.trouble = { sources: [{ name: 'kubernetes', state: 'syncing', since: 1, objects: 0, isRequired: true }] };
    try {
      expect(await ask('/readyz')).toMatchObject({ status: 503, body: { code: 'source-not-in-sync', subject: 'source kubernetes' } });
      expect(await ask('/healthz')).toMatchObject({ status: 200 });
    } finally {
      twin.trouble = {};
    }
  });

  it('counts for Prometheus without naming a workload', async () => {
    await ask('/api/v1/status');
    const { status, type, body } = await ask('/metrics');
    expect({ status, type: type.slice(0, 10) }).toEqual({ status: 200, type: 'text/plain' });
    expect(body).toMatch(/^ringfence_revision \d+$/m);
    expect(body).toMatch(/^ringfence_http_requests_total\{route="status",status="200"\} \d+$/m);
    for (const standing of ['realised', 'pending', 'unapproved', 'audited', 'unaudited', 'observed']) expect(body).toMatch(new RegExp(`^ringfence_workload_enforcement\\{standing="${standing}"\\} \\d+$`, 'm'));
    for (const name of ['kinds', 'connections']) expect(body).toMatch(new RegExp(`^ringfence_would_drop_${name} \\d+$`, 'm'));
    expect(body).toMatch(/^ringfence_flow_connections_unattributed\{why="nobody"\} 3$/m);
    expect(body).not.toContain('pricing');
  });

  it('logs no header, no query and nothing that moves a cursor', async () => {
    const lines: string[] = [];
    const log = createLog(new Writable({ write: (chunk: Buffer, _encoding, done) => { lines.push(chunk.toString()); done(); } }));
    log.level = 'debug';
    const logging = await createOperatorApp(new OperatorTwin(), { version: '1', port: 0, log });
    try {
      const [base = ''] = await logging.listen();
      await ask('/api/v1/why?from=secret-from&to=%1b%5b31m', { headers: { authorization: 'Bearer abc', cookie: 'sid=abc' } }, base);
      log.info({ labels: { app: 'web\u001b[31m\n\u202e' }, apiToken: 'abc' }, 'a label \u001b[2J');
    } finally {
      await logging.close();
    }
    const text = lines.join('');
    expect(text).toContain('"path":"/api/v1/why","route":"why","status":422');
    for (const unwanted of ['secret-from', 'Bearer', 'sid=', '"abc"', '\u001b', '\u202e']) expect({ unwanted, isThere: text.includes(unwanted) }).toEqual({ unwanted, isThere: false });
    // also after whoever reads it has parsed it
    // eslint-disable-next-line no-control-regex
    expect(lines.filter((line) => /[\u0000-\u001f]/.test((JSON.parse(line) as { labels?: { app: string } }).labels?.app ?? ''))).toEqual([]);
  });
});
