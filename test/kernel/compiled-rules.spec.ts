import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { compileNodes, type NodeBundle, type NodeSettings, renderRuleset, type RulesetOptions, withNodeSettings } from '#compilers/nftables';
import type { Rule } from '#model';
import { adoptPolicies } from '#policy';

import { LinkCapture, PacketSender } from '../../libs/lab/packet-socket.ts';
import { packetBytes } from '../../libs/lab/probe-packet.ts';
import { describeKernel } from '../support/kernel.ts';
import { namespaced, rule } from '../support/policy-worlds.ts';
import { Traffic } from '../support/traffic.ts';
import { address, namespace, node, podsOf, workload, world } from '../support/worlds.ts';
import { CLIENT, OUTSIDE, Peer, SERVER, STRANGER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 120_000;
const PG_STARTUP = '\u0000\u0000\u0000\u0008\u0004\u00d2\u0016\u002f';

const host = node('node-a', ['10.64.0.1']);
const client = workload('shop/Deployment/client');
const server = workload('shop/Deployment/server');
const snapshot = world({
  namespaces: [namespace('shop')],
  nodes: [host],
  workloads: [client, server],
  pods: [
    ...podsOf(client, 1, host).map((pod) => ({ ...pod, addresses: [CLIENT.four, CLIENT.six].map(address) })),
    ...podsOf(server, 2, host).map((pod) => ({ ...pod, addresses: [SERVER.four, SERVER.six].map(address) })),
  ],
});

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const fromClient = [{ kind: 'workload', workload: client.ref }] as const;

function on(id: string, port: number, fields: Partial<Rule> = {}): Rule {
  return { ...rule(id, fromClient, [{ kind: 'range', protocol: 'TCP', from: port, to: port }]), ...fields };
}

const PINGS = rule('pings', fromClient, [{ kind: 'protocol', protocol: 'ICMP' }]);
const STREAMS = on('streams', 8080);
const DATABASE = on('database', 5432, { application: 'postgresql', enforceApplication: true });

/** What the server takes; nothing is said about the client. */
function taking(rules: readonly Rule[]): NodeBundle {
  const policies = [namespaced('NetworkPolicy shop/server', { kind: 'workload', workload: server.ref }, { ingress: rules })];
  return compileNodes(adoptPolicies(policies), snapshot, { digest }).bundles[0]!;
}

describeKernel('compiled rules in a kernel', () => {
  let lab: VisibilityWorld;
  let generation = 1;
  let tag = 0;
  const traffic: Traffic[] = [];

  beforeAll(async () => {
    lab = new VisibilityWorld();
    await lab.peer('server').do({ do: 'serve', host: '::', port: 5432 });
    const serving = new Traffic(lab.server, ['serve', '8080']);
    await serving.begun();
    traffic.push(serving);
  }, PATIENCE_MS);
  afterEach(() => {
    for (const each of traffic.splice(1)) each.close();
  });
  afterAll(async () => {
    for (const each of traffic) each.close();
    await lab.close();
  });

  /** Another generation each time, as whoever loads rules takes. */
  function enforce(bundle: NodeBundle, options: RulesetOptions = {}, settings: NodeSettings = {}): void {
    generation = (generation % 8) + 1;
    lab.load(renderRuleset(withNodeSettings(bundle, settings, digest), generation, options));
  }

  /** Whether an echo request of the client arrives behind the node; if not, some rule has counted it. */
  function pings(to: string, from = to.includes(':') ? CLIENT.six : CLIENT.four): boolean {
    const capture = new LinkCapture(lab.server);
    const sender = new PacketSender(lab.client);
    tag += 1;
    const before = dropped();
    const destination = address(to);
    expect(sender.send(packetBytes({ source: address(from), destination, protocol: 'ICMP', sourcePort: tag, destinationPort: 0, tag }), destination)).toBe(0);
    const deadline = performance.now() + 20_000;
    const arrived = new Set<number>();
    let isCounted = false;
    while (!arrived.has(tag) && !isCounted && performance.now() < deadline) {
      // asked before looking: what is counted because it arrived has arrived by then
      isCounted = dropped() !== before;
      capture.drain((seen) => {
        arrived.add(seen);
      });
    }
    expect(performance.now()).toBeLessThan(deadline);
    sender.close();
    capture.close();
    return arrived.has(tag);
  }

  /** How many packets came to rules that count, in one chain or in all. */
  function dropped(chain?: string): number {
    const what = chain === undefined ? ['table', 'inet', 'ringfence'] : ['chain', 'inet', 'ringfence', chain];
    const { stdout } = lab.node.run(() => spawnSync('nft', ['list', ...what], { encoding: 'utf8' }));
    return [...stdout.matchAll(/counter packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
  }

  async function listening(): Promise<Traffic> {
    const listener = new Traffic(lab.client, ['listen', CLIENT.four, SERVER.four, '8080']);
    traffic.push(listener);
    await listener.begun();
    return listener;
  }

  async function goesOn(stream: Traffic): Promise<void> {
    const { received } = await stream.counts();
    await stream.until((counts) => counts.received > received + 100);
  }

  /** Nothing comes any more: packets of it are dropped, and then the count stands still. */
  async function ends(stream: Traffic, chain: string): Promise<void> {
    const before = dropped(chain);
    await stream.until(() => dropped(chain) > before + 1);
    const { received } = await stream.counts();
    await stream.until(() => dropped(chain) > before + 2);
    expect((await stream.counts()).received).toBe(received);
  }

  const deniedAnswers = (bundle: NodeBundle): string => `${bundle.profiles[0]!.name}_r_d`;

  it('lets a ping pass, or not, in both families', () => {
    enforce(taking([PINGS]));
    expect([SERVER.four, SERVER.six].map((to) => pings(to))).toEqual([true, true]);
    enforce(taking([STREAMS]));
    expect([SERVER.four, SERVER.six].map((to) => pings(to))).toEqual([false, false]);
  });

  it('lets a ping pass that is only audited or observed', () => {
    for (const mode of ['audit', 'observe'] as const) {
      enforce(taking([STREAMS]), {}, { modeOf: () => mode });
      expect(pings(SERVER.four)).toBe(true);
    }
  });

  it('cuts what the server pushes as soon as it is forbidden, and not what is still allowed', async () => {
    enforce(taking([STREAMS, PINGS]));
    const stream = await listening();
    enforce(taking([STREAMS]));
    await goesOn(stream);
    const closed = taking([PINGS]);
    enforce(closed);
    await ends(stream, deniedAnswers(closed));
  }, PATIENCE_MS);

  it('keeps old connections of who is kept, until that ends, and takes no new ones', async () => {
    enforce(taking([STREAMS]));
    const stream = await listening();
    const closed = taking([PINGS]);
    enforce(closed, { kept: [{ address: address(SERVER.four), forSeconds: 3 }] });
    expect(await lab.peer('client').do({ do: 'talk', host: SERVER.four, port: 8080, text: 'x', waitMs: 500 })).toMatchObject({ outcome: 'nothing' });
    await goesOn(stream);
    await ends(stream, deniedAnswers(closed));
  }, PATIENCE_MS);

  it('forgets a rule that ends, and cuts what it let through', async () => {
    const bundle = taking([{ ...STREAMS, expiresAt: 4_000 }, PINGS]);
    enforce(bundle, { now: 0 });
    const stream = await listening();
    await goesOn(stream);
    await ends(stream, deniedAnswers(bundle));
    expect(await lab.peer('client').do({ do: 'talk', host: SERVER.four, port: 8080, text: 'x', waitMs: 500 })).toMatchObject({ outcome: 'nothing' });
  }, PATIENCE_MS);

  it('refuses SSH where PostgreSQL is expected, in both families', async () => {
    const talker = lab.peer('client');
    const say = async (to: string, text: string): Promise<unknown> => (await talker.do({ do: 'talk', host: to, port: 5432, text })).outcome;
    for (const to of [SERVER.four, SERVER.six]) {
      enforce(taking([DATABASE]));
      expect([await say(to, PG_STARTUP), await say(to, 'SSH-2.0-OpenSSH_9.2\r\n')]).toEqual(['answered', 'failed']);
      enforce(taking([{ ...DATABASE, enforceApplication: false }]));
      expect(await say(to, 'SSH-2.0-OpenSSH_9.2\r\n')).toBe('answered');
    }
  }, PATIENCE_MS);

  it('lets nobody speak in another\'s name from behind a guarded interface', () => {
    enforce(taking([PINGS]));
    expect([pings(OUTSIDE), pings(OUTSIDE, STRANGER)]).toEqual([true, true]);
    enforce(taking([PINGS]), {}, { interfaceOf: ({ pod }) => (pod.startsWith('shop/client') ? 'c' : undefined) });
    expect([pings(OUTSIDE), pings(OUTSIDE, STRANGER), pings(SERVER.six)]).toEqual([true, false, true]);
    expect(dropped('guarded_sender')).toBeGreaterThan(0);
  });

  it('closes the node itself, and keeps it reachable', async () => {
    const listener = new Peer(lab.node);
    for (const port of [2222, 9999]) await listener.do({ do: 'serve', host: '10.64.0.1', port });
    const talker = lab.peer('client');
    const say = async (port: number): Promise<unknown> => (await talker.do({ do: 'talk', host: '10.64.0.1', port, text: 'x', waitMs: 500 })).outcome;
    enforce(taking([PINGS]));
    expect([await say(2222), await say(9999)]).toEqual(['answered', 'answered']);
    const closed = taking([]);
    enforce(closed, {}, { host: { entry: { addresses: [address('10.64.0.1')], ingress: closed.profiles[0]!.name, sshPort: 2222 }, profiles: closed.profiles } });
    expect([await say(2222), await say(9999)]).toEqual(['answered', 'nothing']);
    await listener.close();
  }, PATIENCE_MS);

  it('lets nothing of its own stop what it identifies', async () => {
    enforce(taking([DATABASE, PINGS]), { isIdentifying: true });
    const talker = lab.peer('client');
    expect(await talker.do({ do: 'talk', host: SERVER.four, port: 5432, text: PG_STARTUP })).toMatchObject({ outcome: 'answered' });
    expect(pings(SERVER.four)).toBe(true);
  }, PATIENCE_MS);
});
