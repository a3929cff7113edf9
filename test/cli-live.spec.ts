import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';

import { pino } from 'pino';
import { CommanderError } from 'commander';

import { commandLine } from '../apps/cli/src/command-line.ts';
import { schemas } from '../apps/cli/src/schemas/published.ts';
import { createOperatorApp, type OperatorApp } from '../apps/controller/src/operator/operator-app.ts';
import { OperatorTwin } from './support/operator-twin.ts';

/*
 * The commands that ask a controller, against a real one on a real port: both loopbacks.
 */
// comparing a whole cluster takes a while on a machine that does much else
jest.setTimeout(120_000);

const NOW = Date.now();
const PRICING = 'shop/Deployment/pricing';
const HOSTILE = '\u001b[2J\u001b]0;x\u0007';

let twin: OperatorTwin;
let app: OperatorApp;
let urls: readonly string[];
const servers: OperatorApp[] = [];

interface Ran {
  readonly code: number | undefined;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], { answers = [], columns = 100, server = urls[0] ?? '' }: { readonly answers?: readonly (string | (() => string))[]; readonly columns?: number; readonly server?: string } = {}): Promise<Ran> {
  let code: number | undefined;
  let out = '';
  let err = '';
  const waiting = [...answers];
  const terminal = {
    out: (text: string) => { out += text; },
    err: (text: string) => { err += text; },
    progress: () => undefined,
    readStdin: () => '',
    ask: (question: string) => {
      err += question;
      const next = waiting.shift();
      return typeof next === 'function' ? next() : next;
    },
    columns,
  };
  try {
    await commandLine('0.0.0', terminal, (result) => { code = result; }).parseAsync([...args, '--server', server, '--as', 'alice'], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    code = 2;
  }
  return { code, out, err };
}

async function started(one: OperatorTwin): Promise<OperatorApp> {
  const made = await createOperatorApp(one, { version: '0.0.0', port: 0, log: pino({ level: 'silent' }) });
  servers.push(made);
  return made;
}

beforeAll(async () => {
  twin = new OperatorTwin({ now: () => NOW, undeclared: [{ from: workload('mailer'), to: workload('pricing'), port: 50051, denied: 4 }, { from: workload('label-guard'), to: workload('pricing'), port: 50051, wouldBeDenied: 6 }] });
  app = await started(twin);
  urls = await app.listen();
});

afterAll(async () => {
  for (const server of servers) await server.close();
});

function workload(name: string): { readonly namespace: string; readonly kind: string; readonly name: string } {
  return { namespace: 'shop', kind: 'Deployment', name };
}

const QUESTIONS: readonly (readonly [string, readonly string[]])[] = [
  ['status', ['status']],
  ['graph', ['graph', '--namespace', 'shop']],
  ['flows', ['flows', '--namespace', 'shop', '--since', '24h']],
  ['flows', ['flows', '--unattributed']],
  ['proposals', ['proposals']],
  ['show', ['show', PRICING]],
  ['simulate', ['simulate', '--workload', PRICING]],
  ['diff', ['diff']],
  ['why', ['why', 'shop/Deployment/basket', PRICING, '50051/TCP']],
  ['revisions', ['revisions']],
  ['nodes', ['nodes']],
  ['outputs', ['outputs']],
  ['journal', ['journal']],
  ['mode', ['mode']],
  ['mode', ['mode', 'shop']],
  ['mode', ['mode', PRICING, 'enforce', '--dry-run']],
];

describe.each([['IPv4', 0], ['IPv6', 1]] as const)('over %s', (_family, at) => {
  it.each(QUESTIONS)('%s prints what its published schema says', async (command, args) => {
    const { code, out, err } = await run([...args, '-o', 'json'], { server: urls[at] ?? '' });
    expect([0, 1]).toContain(code);
    expect({ err, issues: schemas[command]!.safeParse(JSON.parse(out)).error?.issues.slice(0, 3) ?? [] }).toEqual({ err: '', issues: [] });
  });
});

describe.each([60, 100, 160])('in %i columns', (columns) => {
  it.each(QUESTIONS)('%s fits and holds no control character', async (_command, args) => {
    const { out } = await run(args, { columns });
    // eslint-disable-next-line no-control-regex
    expect(out.split('\n').filter((line) => /[\u0000-\u0009\u000b-\u001f\u007f]/.test(line))).toEqual([]);
    expect(out).not.toBe('');
  });
});

it('outputs says who manages which field, what was undone, and ends with 1 where a policy is kept out', async () => {
  const { code, out } = await run(['outputs'], { columns: 250 });
  expect(code).toBe(1);
  expect(out).toMatch(/^NetworkPolicies on the API server \(https:\/\/192\.0\.2\.1:6443\): looked at just now, 1 change of others undone\n/);
  expect(out).toMatch(/\nshop\/ringfence-deployment-web +in conflict +1 +just now +\S*kubectl-edit manages \.spec\.egress: Apply failed/);
  expect(out).toMatch(/\npay +1 +realised +1 +just now +ringfence-deployment-db: somebody removed it just now, healed just now\n/);
  expect((await run(['status'])).out).toContain('NetworkPolicies on the API server: 2 realised, 1 in conflict (ringfence outputs)\n');
});

describe('what a node has on trial', () => {
  it('is shown with the time that is left, and confirmed by whoever says that nobody is locked out', async () => {
    const shown = await run(['nodes'], { columns: 200 });
    expect(shown).toMatchObject({ code: 1 });
    expect(shown.out).toMatch(/\nnode-3 +connected +on trial +1 .*goes back (?:in \d+ min|within a minute) unless confirmed: ringfence nodes confirm node-3\n/);
    expect((await run(['status'])).out).toContain('1 on trial (ringfence nodes), ');
    expect(await run(['nodes', 'confirm'])).toMatchObject({ code: 2, err: expect.stringContaining('name nodes, or say --all') as unknown });
    expect(await run(['nodes', 'confirm', 'node-1', '--yes'])).toMatchObject({ code: 1, err: expect.stringContaining('node-1: nothing is on trial there') as unknown });
    expect(await run(['nodes', 'confirm', 'node-3', '--hash', 'another', '--yes'])).toMatchObject({ code: 1, err: expect.stringContaining('node node-3: has another bundle on trial by now') as unknown });
    expect(await run(['nodes', 'confirm', '--all'], { answers: ['n'] })).toMatchObject({ code: 2, err: expect.stringContaining('nothing was changed') as unknown });
    const { code, out } = await run(['nodes', 'confirm', '--all', '--yes', '--reason', 'still logged in', '-o', 'json']);
    expect({ code, issues: schemas['nodes confirm']!.safeParse(JSON.parse(out)).error?.issues }).toEqual({ code: 0, issues: undefined });
    expect((await run(['journal'], { columns: 200 })).out).toMatch(/alice \(claimed, uid \d+\) .*confirmed what is on trial on node node-3 \(bundle tried\)/);
    expect((await run(['nodes'])).out).not.toContain('on trial');
    expect(await run(['nodes', 'confirm', '--all', '--yes'])).toMatchObject({ code: 1, err: expect.stringContaining('nothing is on trial on any node') as unknown });
    expect(await run(['nodes', 'retry', 'node-2', '--hash', 'refused', '--yes'])).toMatchObject({ code: 0, out: 'node-2: revision 1 since just now: nft exited 1: \\u001b[31mno such file\nto be tried again on node-2; ringfence nodes shows whether it was taken\n' });
    expect(await run(['nodes', 'retry', 'node-1', '--yes'])).toMatchObject({ code: 1, err: expect.stringContaining('node-1: nothing has failed there') as unknown });
  });
});

it('nodes and status tell a recording, where there are no enforcers, from nodes whose enforcers are missing', async () => {
  const recorded = new OperatorTwin({ now: () => NOW });
  recorded.views = ['node-1', 'node-2'].map((node) => ({ node, isConnected: false, realisation: { kind: 'silent', since: NOW }, lostEvents: 0 }));
  recorded.trouble = { traffic: 'real', nodes: { realised: 0, pending: 0, trial: 0, drifted: 0, failed: 0, silent: 2 } };
  const server = (await (await started(recorded)).listen())[0] ?? '';
  const missing = await run(['nodes'], { server, columns: 200 });
  expect(missing).toMatchObject({ code: 1, out: expect.stringContaining('no enforcer has ever connected; waits since just now') as unknown });
  expect(missing.out).not.toContain('played back');
  expect((await run(['status'], { server })).out).toContain('Nodes: 0 realised, 0 pending, 0 drifted, 0 failed, 2 silent\n');
  recorded.trouble = { ...recorded.trouble, traffic: 'recorded' };
  expect(await run(['nodes'], { server })).toMatchObject({ code: 0, out: expect.stringContaining('no enforcer runs: flows are played back, and no node enforces anything\n') as unknown });
  expect((await run(['status'], { server })).out).toContain('Nodes: 2, and no enforcer on any: what is approved decides what of the recording gets through\n');
});

describe('deciding', () => {
  beforeEach(async () => {
    await twin.command({ kind: 'roll-back', to: 0, reason: 'a fresh start' }, { kind: 'person', name: 'test' });
  });

  it('shows first what would die, and approves only on a yes', async () => {
    const no = await run(['approve', PRICING], { answers: ['n'] });
    expect(no).toMatchObject({ code: 2 });
    expect(no.out).toMatch(/against revision \d+: \d+ kinds of flow of the last 7 days replayed/);
    expect(no.err).toContain(`approve ${PRICING}? [y/N] nothing was changed`);
    expect(twin.state.approvals.size).toBe(0);

    const yes = await run(['approve', PRICING, '--ticket', 'SEC-7'], { answers: ['y', 'looked at it'] });
    expect(yes).toMatchObject({ code: 0 });
    expect(yes.out).toMatch(/approved as revision \d+/);
    expect(twin.state.revisions.at(-1)).toMatchObject({ reason: 'looked at it', ticket: 'SEC-7', decided: { by: { name: `alice (claimed, uid ${String(process.getuid?.())})` } } });
  });

  it.each([
    ['nftables', 'ringfence nodes shows which nodes enforce it'],
    ['networkpolicy', 'ringfence outputs shows which NetworkPolicies are on the API server'],
    ['folder', 'ringfence outputs shows which NetworkPolicies are in the folder'],
    ['none', 'policies of target none are written nowhere (ringfence mode NAMESPACE --target)'],
  ] as const)('says where target %s can be watched', async (target, where) => {
    await twin.command({ kind: 'set-target', namespace: 'shop', target, reason: 'a test' }, { kind: 'person', name: 'test' });
    const { out } = await run(['approve', PRICING, '--yes', '--reason', 'seen']);
    expect(out.trimEnd().split('\n').at(-1)).toMatch(/^approved as revision \d+; /);
    expect(out.trimEnd().split('; ').slice(-1)).toEqual([where]);
    await twin.command({ kind: 'set-target', namespace: 'shop', target: 'cleared', reason: 'a test' }, { kind: 'person', name: 'test' });
  });

  it('names the flow that dies with the rule it lacks', async () => {
    const { code, out } = await run(['simulate', '--workload', PRICING], { columns: 200 });
    expect(code).toBe(1);
    expect(out).toMatch(/2 kinds of flow would die: 20 connections/);
    expect(out.replace(/\s+/g, ' ')).toContain('10 shop/Deployment/mailer shop/Deployment/pricing 50051/TCP deny');
  });

  it('goes on without asking only where told to, with a reason', async () => {
    expect(await run(['approve', PRICING, '--yes'])).toMatchObject({ code: 2, err: expect.stringContaining('say why: it stays in the journal') as unknown });
    expect(await run(['approve', PRICING])).toMatchObject({ code: 2, err: expect.stringContaining('nobody is there to be asked') as unknown });
    const { code, out } = await run(['approve', PRICING, '--yes', '--reason', 'by script', '-o', 'json']);
    expect(code).toBe(0);
    expect(schemas['approve']!.safeParse(JSON.parse(out)).error).toBeUndefined();
  });

  it('refuses where the proposal is another one than was looked at', async () => {
    const shown = JSON.parse((await run(['show', PRICING, '-o', 'json'])).out) as { hash: string };
    twin.relearn(workload('pricing'), (proposal) => ({ ...proposal, egress: { kind: 'open', why: 'something new was seen' } }));
    const { code, err } = await run(['approve', PRICING, '--yes', '--reason', 'late', '--hash', shown.hash]);
    expect({ code, approvals: twin.state.approvals.size }).toEqual({ code: 1, approvals: 0 });
    expect(err).toContain('is not proposed any more as it was when you looked');
  });

  it('names stay whole in a narrow terminal, with the rest beneath them', async () => {
    for (const args of [['flows'], ['proposals']]) {
      const lines = (await run(args, { columns: 80 })).out.split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
      expect(lines.filter((line) => /^shop\/Deployment\/[a-z-]+$/.test(line))).not.toEqual([]);
    }
  });

  it('approves everything that is ready in one revision, and rolls back', async () => {
    const { code, out } = await run(['approve', '--all-ready', '--yes', '--reason', 'all of it']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/approving \d+ workloads/) as unknown });
    const revision = twin.state.revisions.length;
    expect(twin.state.approvals.size).toBeGreaterThan(5);
    expect(await run(['approve', '--all-ready', '--yes', '--reason', 'again'])).toMatchObject({ code: 1, err: expect.stringContaining('nothing is ready to approve') as unknown });

    const why = await run(['why', 'shop/Deployment/basket', PRICING, '50051/TCP']);
    expect(why.out).toContain('ALLOWED: shop/basket-example-1');
    expect(why.out).toMatch(new RegExp(`approved in revision ${String(revision)} by alice \\(claimed, uid \\d+\\), \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC \\(.*\\): all of it`));
    const denied = await run(['why', 'shop/Deployment/mailer', PRICING, '50051/TCP']);
    expect(denied.out).toContain('WOULD BE DENIED (observe: let through)');
    expect(denied.out).toContain('missing: ingress of shop/Deployment/pricing from shop/Deployment/mailer on 50051/TCP');
    expect(denied.out).toContain(`ringfence edit ${PRICING} --add ingress --peer shop/Deployment/mailer --port 50051/TCP --why`);
    expect((await run(['flows', '--verdict', 'denied'])).out.replace(/\s+/g, ' ')).toContain('4 denied');
    expect((await run(['revisions', String(revision)])).out).toContain(`learned ${PRICING}, from revision ${String(revision)}`);
    expect((await run(['diff', '0', String(revision)])).out).toMatch(/^from revision 0, where nothing is approved\n {2}to revision \d+\n\n[^]*\n0 opened, \d+ closed/);
    const nothingNew = await run(['diff']);
    expect(nothingNew.out).toContain(`from revision ${String(revision)}\n  to what would be in force if everything proposed now were approved\n`);
    expect(JSON.parse((await run(['diff', '-o', 'json'])).out)).toMatchObject({ compared: { before: `revision ${String(revision)}` } });

    expect(await run(['rollback', '0', '--yes', '--reason', 'too early'])).toMatchObject({ code: 0 });
    expect(twin.state.approvals.size).toBe(0);
    expect((await run(['journal'], { columns: 200 })).out).toContain('rolled back to nothing approved');
  }, 60_000);

  it('says of a mode alone that it closes nothing', async () => {
    await twin.command({ kind: 'set-mode', scope: { kind: 'cluster' }, mode: 'enforce', skipsRamp: true }, { kind: 'person', name: 'test' });
    expect((await run(['status'])).out).toMatch(/\n\d+ workloads\n {2}\d+ set to enforce with nothing approved: open\nReviews/);
    await run(['approve', PRICING, '--yes', '--reason', 'only this one']);
    const { out } = await run(['status']);
    expect(out).toMatch(/\n {2}1 enforced, (?:in force wherever they run|of which 0 are known to be in force wherever they run)\n {2}\d+ set to enforce with nothing approved: open\n/);
    await twin.command({ kind: 'set-mode', scope: { kind: 'cluster' }, mode: 'cleared' }, { kind: 'person', name: 'test' });
  });

  it('edits: adds, drops, and takes back', async () => {
    const added = await run(['edit', 'shop/Deployment/basket', '--add', 'egress', '--peer', '2001:db8::/32', 'bank.example', '--port', '443/TCP', '--why', 'the new bank']);
    expect(added).toMatchObject({ code: 0 });
    expect(added.out).toContain('to 2001:db8::/32, bank.example, 443/TCP');
    const rule = /id (egress-[0-9a-f]+)/.exec(added.out)?.[1] ?? '';
    expect(await run(['edit', 'shop/Deployment/basket', '--drop', rule])).toMatchObject({ code: 0, out: expect.stringContaining('edited by alice') as unknown });
    expect(await run(['edit', 'shop/Deployment/basket', '--drop', 'no-such-rule'])).toMatchObject({ code: 2, err: expect.stringContaining('no rule that is proposed') as unknown });
    expect(await run(['edit', 'shop/Deployment/basket', '--discard'])).toMatchObject({ code: 0, out: expect.not.stringContaining('edited by') as unknown });
  });

  it('rejects with a reason, and sets modes', async () => {
    expect(await run(['reject', 'shop/Deployment/payments', '--reason', 'wait for the audit'])).toMatchObject({ code: 0 });
    expect((await run(['show', 'shop/Deployment/payments'])).out).toContain('wait for the audit');
    const set = await run(['mode', 'shop', 'audit', '--fate', 'drain:60', '--target', 'networkpolicy', '--reason', 'first step', '--yes']);
    expect(set.code).toBe(0);
    const { out } = await run(['mode'], { columns: 200 });
    for (const text of ['namespace shop', 'mode audit', 'drained within 60 s', 'policies go to networkpolicy', 'first step']) expect(out).toContain(text);
    expect(await run(['mode', 'cluster', 'enforce'])).toMatchObject({ code: 1, err: expect.stringContaining('ramp one namespace at a time') as unknown });
  });
});

describe('the journal', () => {
  it('is followed from its first entry, and held against what was kept elsewhere', async () => {
    expect(await run(['mode', 'shop', 'audit'])).toMatchObject({ code: 0 });
    const { code, out } = await run(['journal', '--verify']);
    const kept = /^ {2}(\d+:[0-9a-f]+)$/m.exec(out)?.[1] ?? '';
    expect([code, out]).toEqual([0, expect.stringContaining('the journal is whole')]);
    expect(await run(['mode', 'shop', 'clear'])).toMatchObject({ code: 0 });
    expect(await run(['journal', '--expect', kept])).toMatchObject({ code: 0, out: expect.stringContaining('is the one that was kept') as unknown });
    expect(await run(['journal', '--expect', `${kept}0`])).toMatchObject({ code: 1, out: expect.stringContaining('is NOT the one that was kept') as unknown });
    expect(await run(['journal', '--expect', '99999:a'])).toMatchObject({ code: 1 });
    expect(schemas['journal']?.parse(JSON.parse((await run(['journal', '--expect', kept, '-o', 'json'])).out))).toMatchObject({ verification: { kind: 'whole' }, isExpected: true });
    expect(await run(['journal', '--expect', 'a'])).toMatchObject({ code: 2, err: expect.stringContaining('give ENTRY:DIGEST') as unknown });
  });
});

describe('where a project may run', () => {
  it('waits for a person, and is said by nodes', async () => {
    expect((await run(['nodes'])).out).toContain('node node-b has 2 containers of project crm, left out until somebody says: ringfence admit');
    expect(await run(['admit'])).toMatchObject({ code: 1, out: expect.stringMatching(/crm +node-b +waits/) as unknown });
    const refused = await run(['admit', 'crm', 'node-b', '--refuse', '--reason', 'not ours'], { columns: 200 });
    expect(refused).toMatchObject({ code: 0, out: expect.stringMatching(/crm +node-b +refused .*not ours/) as unknown });
    expect((await run(['nodes'])).out).not.toContain('crm');
    expect(await run(['admit', 'crm', 'node-b', '--clear'])).toMatchObject({ code: 0, out: expect.stringContaining('waits') as unknown });
    expect(await run(['admit', 'crm'])).toMatchObject({ code: 2, err: expect.stringContaining('name the node') as unknown });
  });
});

describe('setting a mode', () => {
  beforeEach(async () => {
    const person = { kind: 'person', name: 'test' } as const;
    await twin.command({ kind: 'roll-back', to: 0, reason: 'a fresh start' }, person);
    for (const scope of [{ kind: 'namespace', namespace: 'shop' }, { kind: 'workload', workload: workload('pricing') }] as const) await twin.command({ kind: 'set-mode', scope, mode: 'cleared' }, person);
    await twin.command({ kind: 'set-target', namespace: 'shop', target: 'cleared' }, person);
    await run(['approve', PRICING, '--yes', '--reason', 'only this one']);
  });

  it('shows first what would die, what it lacks and what helps, and sets it only on a yes', async () => {
    const no = await run(['mode', 'shop', 'enforce'], { answers: ['n'] });
    expect(no).toMatchObject({ code: 2 });
    expect(no.out).toMatch(/^namespace shop to enforce, with revision \d+: \d+ kinds of flow of the last 7 days replayed, \d+ connections\n\d+ workloads change mode\n/);
    expect(no.out.replace(/\s+/g, ' ')).toMatch(new RegExp(`${PRICING} observe enforce revision \\d+: ingress `));
    expect(no.out).toMatch(/shop\/Deployment\/label-guard -> shop\/Deployment\/pricing 50051\/TCP\n {4}6 counted in audit since \d{4}-\d\d-\d\d \d\d:\d\d UTC \(3 h ago\), last \d+ (?:h|min) ago; 10 connections in 7 days\n {4}missing: ingress of shop\/Deployment\/pricing from shop\/Deployment\/label-guard on 50051\/TCP\n {4}smallest change: add a rule/);
    expect(no.out).toContain(`ringfence edit ${PRICING} --add ingress --peer shop/Deployment/label-guard --port 50051/TCP --why`);
    // what audit has counted stands before what was only seen
    expect(no.out.indexOf('label-guard ->')).toBeLessThan(no.out.indexOf('mailer ->'));
    expect(no.out).toContain('Stay open, for nothing is approved for them: shop/');
    expect(no.err).toContain('set namespace shop to enforce? [y/N] nothing was changed');
    expect(twin.state.modes.namespaces.size).toBe(0);

    expect(await run(['mode', 'shop', 'enforce'])).toMatchObject({ code: 2, err: expect.stringContaining('nobody is there to be asked') as unknown });
    expect(await run(['mode', 'shop', 'enforce', '--reason', 'ramp'], { answers: ['y'] })).toMatchObject({ code: 0, out: expect.stringContaining('namespace shop is set') as unknown });
    expect(twin.state.modes.namespaces.get('shop')).toMatchObject({ value: 'enforce', reason: 'ramp' });
  });

  it('lowers without anybody to ask, and says what opens', async () => {
    await run(['mode', PRICING, 'enforce', '--yes']);
    const no = await run(['mode', PRICING, 'observe'], { answers: ['n'] });
    expect(no).toMatchObject({ code: 2, err: expect.stringContaining('nothing was changed') as unknown });
    const { code, out } = await run(['mode', PRICING, 'observe']);
    expect(code).toBe(0);
    expect(out).toContain('Nothing that gets through now would be dropped.');
    expect(out.replace(/\s+/g, ' ')).toMatch(/Would open: FROM TO PORTS SPEAKS .*shop\/Deployment\/mailer shop\/Deployment\/pricing/);
    expect(out).toMatch(/\n0 paths would close, \d+ would open\./);
  });

  it('gives machines the preview, and the result', async () => {
    const dry = await run(['mode', PRICING, 'enforce', '--dry-run', '-o', 'json']);
    const { preview } = JSON.parse(dry.out) as { preview: { shown: string; lost: readonly { wouldBeDenied: number }[] } };
    expect([dry.code, preview.lost.map(({ wouldBeDenied }) => wouldBeDenied)]).toEqual([1, [6, 0]]);
    expect(twin.state.modes.workloads.size).toBe(0);
    const set = await run(['mode', PRICING, 'enforce', '--yes', '-o', 'json']);
    expect(JSON.parse(set.out)).toMatchObject({ preview: { shown: preview.shown }, modes: [{ mode: 'enforce' }] });
    for (const { out } of [dry, set]) expect(schemas['mode']!.safeParse(JSON.parse(out)).error).toBeUndefined();
    expect(await run(['mode', PRICING, 'audit', '--dry-run'])).toMatchObject({ code: 0 });
    expect(await run(['mode', PRICING, '--dry-run', '--fate', 'cut'])).toMatchObject({ code: 2, err: expect.stringContaining('name one') as unknown });
  });

  it('shows what each scope and each workload is in, from where, and what audit has counted', async () => {
    await run(['mode', 'shop', 'audit', '--yes']);
    await run(['mode', 'shop/Deployment/mailer', 'observe', '--yes']);
    const scopes = (await run(['mode'], { columns: 200 })).out.replace(/ +/g, ' ');
    expect(scopes).toMatch(/\nnamespace shop audit its namespace 1 17 16 would drop 6 connections of 1 kind, first 3 h ago, last \d+ (?:h|min) ago\n/);
    expect(scopes).toContain('\nshop/Deployment/mailer observe it alone 1');
    expect(scopes).toMatch(/\nnamespace shop-data observe nobody: default \d+\n/);
    const workloads = (await run(['mode', 'shop'], { columns: 200 })).out.replace(/ +/g, ' ');
    expect(workloads).toMatch(new RegExp(`\\n${PRICING} audit its namespace revision \\d+ would drop 6 connections of 1 kind`));
    expect(workloads).toContain('\nshop/Deployment/mailer observe it alone nothing: open\n');
    expect(workloads).not.toContain('shop-data/');
    const { out } = await run(['status']);
    expect(out).toMatch(/\n {2}1 audited: what would be denied is counted\n {2}16 set to audit with nothing approved: nothing is counted\n {2}\d+ observed\n {2}would drop 6 connections of 1 kind, first 3 h ago, last \d+ (?:h|min) ago \(ringfence flows --verdict would-be-denied\)\n/);
    await run(['mode', 'shop/Deployment/mailer', 'clear', '--yes']);
  });

  it('refuses what would do something else by then', async () => {
    const afterAnother = (): string => {
      void twin.command({ kind: 'roll-back', to: 0, reason: 'meanwhile' }, { kind: 'person', name: 'bob' });
      return 'y';
    };
    expect(await run(['mode', PRICING, 'enforce'], { answers: [afterAnother] })).toMatchObject({ code: 1, err: expect.stringContaining('would be changed in another way than it was shown') as unknown });
    expect(twin.state.modes.workloads.size).toBe(0);
  });
});

describe('a node that is no more', () => {
  it('is removed by name, which the journal tells', async () => {
    expect(await run(['nodes', 'remove', 'node-2', '--reason', 'scrapped'])).toMatchObject({ code: 0, out: expect.stringMatching(/^node node-2 is removed: what it said does not count any more \(entry \d+\)\n$/) as unknown });
    expect((await run(['journal'], { columns: 200 })).out).toMatch(/removed node node-2.*scrapped/);
    expect(schemas['nodes remove']?.parse(JSON.parse((await run(['nodes', 'remove', 'node-2', '-o', 'json'])).out))).toMatchObject({ node: 'node-2' });
    expect(await run(['nodes', 'remove'])).toMatchObject({ code: 2, err: expect.stringContaining('name the node') as unknown });
  });
});

describe('what goes wrong is said with what to do', () => {
  it('no controller', async () => {
    const gone = await started(twin);
    const before = await gone.listen();
    await gone.close();
    for (const server of before) {
      const { code, err } = await run(['status'], { server });
      expect({ code, err }).toEqual({ code: 2, err: `ringfence status: no controller answers at ${server}: nothing listens there\n  start one with npm start, or name another with --server or RINGFENCE_SERVER\n` });
    }
  });

  const page = (status: number, headers: Readonly<Record<string, string>> = {}, body = '<html>') => (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, headers).end(body);
  };
  const document = (version: string): string => JSON.stringify({ openapi: '3.1.0', info: { title: 'Ringfence controller', version } });
  const controllerOf = (version: string, status: number, body: object) => (request: IncomingMessage, response: ServerResponse): void => {
    if (request.url === '/openapi.json') response.writeHead(200, { 'content-type': 'application/json' }).end(document(version));
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const noSuchRoute = { type: 'urn:ringfence:problem:no-such-route', title: 'Not Found', status: 404, detail: 'x', code: 'no-such-route', subject: 'the request', message: 'cannot GET', hint: '' };

  it.each<readonly [string, Server | ReturnType<typeof createTcpServer>, string, string]>([
    ['a web server', createServer(page(404)), 'is no Ringfence controller (status 404)', 'name the controller'],
    ['another program that answers in JSON', createServer(page(200, { 'content-type': 'application/json' }, '{"status":"ok"}')), 'is no Ringfence controller (status 200)', 'name the controller'],
    ['a proxy that wants credentials', createServer(page(401)), 'asks who you are (status 401)', 'a controller asks for no credentials'],
    ['a proxy with nothing behind it', createServer(page(503)), 'for a controller it does not reach (status 503)', 'look whether the controller runs'],
    ['one that sends elsewhere', createServer(page(302, { location: `http://127.0.0.1:1/${encodeURIComponent(HOSTILE)}` })), 'sends elsewhere (status 302, to http://127.0.0.1:1/', 'name the controller'],
    ['a newer controller', createServer(controllerOf('9.9.9', 200, { version: '9.9.9' })), 'is release 9.9.9, and this is 0.1.0: it gives another status (', 'bring the older of both up to date'],
    ['an older controller', createServer(controllerOf('0.0.1', 404, noSuchRoute)), 'is release 0.0.1, and this is 0.1.0: it does not know GET /api/v1/status', 'bring the older of both up to date'],
    ['something that speaks no HTTP', createTcpServer((socket) => socket.end('SSH-2.0-x\r\n')), 'it does not speak HTTP', 'name the controller'],
    ['something that hangs up', createTcpServer((socket) => socket.destroy()), 'it closes the connection without an answer', 'people to another: 8470'],
  ])('instead of a controller: %s', async (_what, other, text, hint) => {
    await new Promise<void>((resolve) => other.listen(0, '::1', resolve));
    try {
      const { code, err } = await run(['status'], { server: `http://[::1]:${String((other.address() as AddressInfo).port)}` });
      expect({ code, lines: err.split('\n').length }).toEqual({ code: 2, lines: 3 });
      expect(err).toContain(text);
      expect(err).toContain(hint);
      // eslint-disable-next-line no-control-regex
      expect(err).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    } finally {
      other.close();
    }
  });

  it('https where plain HTTP is spoken', async () => {
    expect(await run(['status'], { server: (urls[0] ?? '').replace('http:', 'https:') })).toMatchObject({ code: 2, err: expect.stringMatching(/it does not speak TLS\n {2}a controller speaks plain HTTP on loopback: say http:\/\//) as unknown });
  });

  it.each<readonly [string, readonly string[], number, string]>([
    ['a workload that is none', ['show', 'pricing'], 2, 'name the workload as namespace/kind/name'],
    ['a workload that is not there', ['show', 'shop/Deployment/nobody'], 2, 'has no proposal'],
    ['an end that is nobody', ['why', 'nobody', PRICING, '80'], 1, 'is no workload, pod or address'],
    ['a port that is none', ['why', 'a', 'b', '80/QUIC'], 2, 'such as 5432/TCP'],
    ['a revision that was never made', ['diff', '0', '99'], 1, 'was never made'],
    ['a span that is none', ['flows', '--since', 'yesterday'], 2, 'give a span'],
    ['whose the unattributed are', ['flows', '--unattributed', '--namespace', 'shop'], 2, 'nobody knows whose they are'],
    ['a path beside a revision', ['diff', '1', '/no/such/path'], 2, 'two revision numbers, or nothing'],
    ['two edits at once', ['edit', PRICING, '--drop', 'a', '--discard'], 2, 'one change at a time'],
    ['a peer that is none', ['edit', PRICING, '--add', 'ingress', '--peer', 'a b', '--port', 'any', '--why', 'x'], 2, 'give namespace/kind/name'],
  ])('%s', async (_what, args, code, text) => {
    const ran = await run(args);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(text);
  });

  it('text of other people cannot move the cursor', async () => {
    const hostile = new OperatorTwin();
    hostile.trouble = { sources: [{ name: `files ${HOSTILE}`, state: 'failed', since: NOW, objects: 0, why: HOSTILE, isRequired: true }], store: { kind: 'sqlite', place: HOSTILE, lastSeq: 0, lastDigest: HOSTILE, problem: HOSTILE }, diagnostics: [{ code: 'x', severity: 'warning', subject: HOSTILE, message: HOSTILE, hint: HOSTILE }] };
    hostile.relearn(workload('pricing'), (proposal) => ({ ...proposal, ingress: { kind: 'open', why: HOSTILE } }));
    const server = (await (await started(hostile)).listen())[0] ?? '';
    for (const args of [['status'], ['show', PRICING], ['nodes'], ['outputs'], ['proposals']]) {
      const { out, err } = await run(args, { server });
      // eslint-disable-next-line no-control-regex
      expect(`${out}${err}`.match(/[\u0000-\u0009\u000b-\u001f]/)).toBeNull();
    }
    const { code, err } = await run(['status'], { server });
    expect(code).toBe(1);
    expect(err).toContain('\\u001b[2J');
  });
});
