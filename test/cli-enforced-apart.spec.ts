import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';

import { commandLine } from '../apps/cli/src/command-line.ts';
import { schemas } from '../apps/cli/src/schemas/published.ts';
import { createOperatorApp, type OperatorApp } from '../apps/controller/src/operator/operator-app.ts';
import type { Mode, OutputTarget } from '#model';

import { OperatorTwin } from './support/operator-twin.ts';
import { networkPolicy } from './support/policies.ts';
import { ref } from './support/worlds.ts';

/*
 * What people read where the cluster's network enforces policies of others and the nodes what is
 * approved: the example shop, with a NetworkPolicy that lets nobody but one workload in.
 */
const PRICING = 'shop/Deployment/pricing';
const THEIRS = 'NetworkPolicy shop/theirs';

let twin: OperatorTwin;
let app: OperatorApp;
let server: string;

async function run(...args: readonly string[]): Promise<string> {
  let out = '';
  const terminal = { out: (text: string) => { out += text; }, err: (text: string) => { out += text; }, progress: () => undefined, readStdin: () => '', ask: () => undefined, columns: 100 };
  await commandLine('0.0.0', terminal, () => undefined).parseAsync([...args, '--server', server, '--as', 'alice'], { from: 'user' });
  return out;
}

async function set(target: OutputTarget, mode: Mode): Promise<void> {
  const by = { kind: 'person', name: 'test' } as const;
  await twin.command({ kind: 'set-target', namespace: 'shop', target }, by);
  await twin.command({ kind: 'set-mode', scope: { kind: 'workload', workload: ref(PRICING) }, mode }, by);
}

beforeAll(async () => {
  const { snapshot } = new OperatorTwin();
  const pods = [...snapshot.pods.values()].filter(({ workload }) => workload.name === 'pricing');
  const theirs = networkPolicy('shop/theirs', { podSelector: { matchLabels: pods[0]?.labels ?? {} }, policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'nobody' } } }] }] });
  twin = new OperatorTwin({ snapshot: { ...snapshot, policies: [theirs] } });
  app = await createOperatorApp(twin, { version: '0.0.0', port: 0, log: pino({ level: 'silent' }) });
  [server = ''] = await app.listen();
}, 60_000);

afterAll(() => app.close());

describe('policies of others, enforced by the network', () => {
  const ask = (): Promise<string> => run('why', 'shop/Deployment/basket', PRICING, '50051/TCP');

  it('show in what an approval would do', async () => {
    const shown = new RegExp(`no flow would die 3 kinds of flow would stay denied, by what is in force already: 30 connections Denied by what is in force already: .* deny the cluster's network: ${THEIRS} isolates`);
    expect((await run('simulate', '--workload', PRICING)).replace(/\s+/g, ' ')).toMatch(shown);
    expect(JSON.parse(await run('simulate', '--workload', PRICING, '-o', 'json'))).toMatchObject({ lost: [{ deniedBefore: true }, { deniedBefore: true }, { deniedBefore: true }] });
    expect((await run('approve', PRICING, '--yes', '--reason', 'known')).replace(/\s+/g, ' ')).toMatch(shown);
  }, 60_000);

  it.each(['observe', 'audit', 'enforce'] as const)('deny what is approved, in mode %s', async (mode) => {
    await set('nftables', mode);
    const text = await ask();
    expect(text).toMatch(/^DENIED: shop\/basket-example-1/);
    expect(text).toMatch(new RegExp(`\\n    the enforcers: learned ${PRICING} allows it by [^\\n]*\\n    the cluster's network: ${THEIRS} isolates`));
    expect(text).toContain(`    missing in ${THEIRS}: ingress of ${PRICING} from shop/Deployment/basket on 50051/TCP\n`);
    expect(text).toContain(`      smallest change: whoever manages ${THEIRS} adds a rule to it, for the cluster's network enforces it whatever is approved here: `);
    expect(text).not.toContain('ringfence approve');
  });

  it('add up with what is approved where that is written as NetworkPolicies, once it is', async () => {
    await set('networkpolicy', 'enforce');
    expect(await ask()).toMatch(/^ALLOWED: /);
    await set('folder', 'observe');
    expect(await ask()).toMatch(/^DENIED \(until what is approved is enforced\): /);
  });

  it('are told apart in JSON, by the published schema', async () => {
    await set('nftables', 'observe');
    const answer = JSON.parse(await run('why', 'shop/Deployment/basket', PRICING, '50051/TCP', '-o', 'json')) as unknown;
    expect(schemas['why']?.safeParse(answer).error).toBeUndefined();
    expect(answer).toMatchObject({
      connections: [
        {
          decision: 'deny',
          now: 'deny',
          sides: [
            { isAllowed: true, remedies: [] },
            { isAllowed: false, reasons: [{ effect: 'allow', enforcedBy: 'enforcers' }, { effect: 'deny', policy: THEIRS, enforcedBy: 'network' }], remedy: { kind: 'change-others' }, remedies: [{ kind: 'change-others' }] },
          ],
        },
      ],
    });
  });

  it('leave open, in observe and where its policies go nowhere, what only the approved denies', async () => {
    const nobody = (): Promise<string> => run('why', 'shop/Deployment/basket', 'shop/Deployment/media', '1/TCP');
    await run('approve', 'shop/Deployment/basket', '--yes', '--reason', 'known');
    expect(await nobody()).toMatch(/^WOULD BE DENIED \(observe: let through\): /);
    await twin.command({ kind: 'set-mode', scope: { kind: 'namespace', namespace: 'shop' }, mode: 'enforce' }, { kind: 'person', name: 'test' });
    await set('none', 'enforce');
    expect(await nobody()).toMatch(/^WOULD BE DENIED \(its policies go nowhere: let through\): /);
  }, 60_000);
});
