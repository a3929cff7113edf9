import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { NetlinkDriver, NodeTable } from '#dataplane';
import type { ObservedFlow } from '#model';

import { FlowThread, type FlowThreadOptions } from '../../libs/dataplane/visibility/flow-thread.ts';
import { countConnections } from '../../libs/dataplane/visibility/flow-watcher.ts';
import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { describeKernel } from '../support/kernel.ts';
import { makeBundle } from '../support/node-bundles.ts';
import { NODE_RULES } from './visibility-rules.ts';
import { PODS, Reports, SERVER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 30_000;
const PORT = 8080;

describeKernel('flows watched in a thread of their own', () => {
  let world: VisibilityWorld;
  let reports: Reports;
  const threads: FlowThread[] = [];

  beforeEach(() => {
    world = new VisibilityWorld();
    world.load(NODE_RULES);
    countConnections(world.node.path);
    reports = new Reports();
  });
  afterEach(async () => {
    await Promise.all(threads.splice(0).map((thread) => thread.close()));
    await world.close();
  });

  const watch = async (options: Partial<FlowThreadOptions> = {}): Promise<FlowThread> => {
    const thread = new FlowThread({
      reporter: 'node-a',
      namespacePath: world.node.path,
      bucketMs: 250,
      onReport: reports.add,
      onTrouble: (why) => {
        throw new Error(why);
      },
      ...options,
    });
    threads.push(thread);
    await thread.begun;
    thread.replacePods(PODS);
    return thread;
  };
  const sum = (flows: readonly ObservedFlow[], of: (flow: ObservedFlow) => number): number => flows.reduce((all, flow) => all + of(flow), 0);
  const serve = async (): Promise<void> => {
    const server = world.peer('server');
    await server.do({ do: 'serve', host: '::', port: PORT });
  };

  it.each(['four', 'six'] as const)('say which connections were answered, and by and to which programs: IPv%s', async (family) => {
    await serve();
    await watch({ findsProcesses: true });
    const client = world.peer('client');
    expect((await client.do({ do: 'talk', host: SERVER[family], port: PORT, text: 'x', keep: true })).outcome).toBe('answered');
    const programs = (): readonly string[] => reports.all.flatMap(({ flows }) => flows).filter(({ port }) => port === PORT).flatMap(({ processes = [] }) => processes.map(({ end, name }) => `${end} ${name}`));
    await reports.until(() => programs().length >= 2);
    expect(programs()).toEqual([expect.stringMatching(/^client (?:node|MainThread)/), expect.stringMatching(/^server (?:node|MainThread)/)]);
    // one that goes on may well be answered: nobody says it is not
    for (const { flows } of reports.all) for (const flow of flows) expect(flow).not.toHaveProperty('replied');
    world.forgetConnections();
    const [ended] = await reports.some(({ port, ended: count }) => port === PORT && count > 0);
    expect(ended).toMatchObject({ ended: 1, replied: 1 });
  }, PATIENCE_MS);

  it('say which were not', async () => {
    world.swallow();
    await watch();
    const client = world.peer('client');
    await client.do({ do: 'spray', host: SERVER.four, port: 5555, from: 30_000, count: 5 });
    await reports.some(({ port }) => port === 5555);
    world.forgetConnections();
    await reports.until(() => sum(reports.all.flatMap(({ flows }) => flows).filter(({ port }) => port === 5555), ({ ended }) => ended) === 5);
    expect(sum(reports.all.flatMap(({ flows }) => flows), ({ replied = 0 }) => replied)).toBe(0);
  }, PATIENCE_MS);

  it('are a sample where there are more than a node looks at, and say so as a loss', async () => {
    world.swallow();
    await watch({ mostEventsASecond: 100 });
    const client = world.peer('client');
    await client.do({ do: 'spray', host: SERVER.four, port: 5555, from: 31_000, count: 400 });
    const seen = (): number => sum(reports.all.flatMap(({ flows }) => flows), ({ connections }) => connections);
    const left = (): number => reports.all.reduce((all, { loss }) => all + (loss.sampledOut ?? 0), 0);
    await reports.until(() => seen() + left() >= 400);
    expect(left()).toBeGreaterThan(100);
    expect(seen()).toBeGreaterThan(20);
    for (const { loss } of reports.all) expect(loss.connectionEvents).toBe(loss.sampledOut ?? 0);
  }, PATIENCE_MS);

  it('go on while the rules of a large node are written, which keeps the other thread for seconds', async () => {
    world.swallow();
    await watch();
    const elsewhere = new NetworkNamespace();
    const driver = new NetlinkDriver({ namespacePath: elsewhere.path });
    const client = world.peer('client');
    const spraying = client.do({ do: 'spray', host: SERVER.four, port: 5555, from: 32_000, count: 3_000 });
    await reports.some(({ port }) => port === 5555);
    const from = Date.now();
    while (Date.now() < from + 1_500) expect(new NodeTable({ driver }).apply(makeBundle({ pods: 100, peers: 60_000, profiles: 20 }))).toMatchObject({ kind: 'applied' });
    const until = Date.now();
    driver.remove();
    driver.close();
    elsewhere.close();
    const meanwhile = (): number => reports.all.filter((report) => report.from >= from && report.to < until).length;
    await reports.until(() => reports.all.some(({ to }) => to >= until));
    expect(meanwhile()).toBeGreaterThanOrEqual(3);
    await spraying;
    expect(reports.all.reduce((all, { loss }) => all + loss.connectionEvents, 0)).toBe(0);
  }, PATIENCE_MS);

  it('end with a last report, and say why where they cannot be watched', async () => {
    await serve();
    const thread = await watch({ bucketMs: 3_600_000 });
    const client = world.peer('client');
    await client.do({ do: 'talk', host: SERVER.four, port: PORT, text: 'x' });
    const trouble = await new Promise<string>((resolve) => {
      threads.push(new FlowThread({ reporter: 'other', namespacePath: world.node.path, onReport: () => undefined, onTrouble: resolve }));
    });
    expect(trouble).toMatch(/group 7/);
    expect(reports.all).toEqual([]);
    await thread.close();
    expect(reports.all.flatMap(({ flows }) => flows).some(({ port }) => port === PORT)).toBe(true);
  }, PATIENCE_MS);
});
