import { createServer, connect, type Server } from 'node:net';

import { CommanderError } from 'commander';
import { pino } from 'pino';

import type { LearningThresholds } from '#learning';
import type { Mode, ProposedRule, WorkloadRef } from '#model';

import { commandLine } from '../../apps/cli/src/command-line.ts';
import type { Controller } from '../../apps/controller/src/controller.ts';
import type { ControllerOptions } from '../../apps/controller/src/controller-options.ts';
import { createOperatorApp, type OperatorApp } from '../../apps/controller/src/operator/operator-app.ts';
import type { CommandResult } from '../../apps/controller/src/operator/operator-port.ts';
import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { alice, ControllerWorld, proposalOf, waitFor } from './controller-world.ts';

/** Closes what was seen in the first hour; what is new stays in quarantine until somebody admits it. */
export const HASTY: LearningThresholds = { closeAt: 0, readyAt: 0, leastHours: 1, newForMs: 3_600_000, habitMs: 86_400_000, mostPorts: 20, mostAddresses: 32 };

/**
 * A controller with nothing to watch but its nodes, people's commands for it, and ways into other
 * network namespaces, for real enforcers to reach it by.
 */
export class LiveHosts {
  readonly world: ControllerWorld;
  readonly controller: Controller;
  readonly port: number;
  readonly #app: OperatorApp;
  readonly #url: string;
  readonly #ways: Server[] = [];

  private constructor(world: ControllerWorld, controller: Controller, port: number, app: OperatorApp, url: string) {
    this.world = world;
    this.controller = controller;
    this.port = port;
    this.#app = app;
    this.#url = url;
  }

  static async start(options: Partial<ControllerOptions> = {}): Promise<LiveHosts> {
    const world = await ControllerWorld.make();
    const { controller, port } = await world.start({ required: [], thresholds: HASTY, ...options });
    const app = await createOperatorApp(controller.operator, { version: '0.0.0', port: 0, log: pino({ level: 'silent' }) });
    const [url = ''] = await app.listen();
    return new LiveHosts(world, controller, port, app, url);
  }

  /** What an enforcer is started with: where the controller is, and what it proves itself with. */
  async argumentsOf(node: string, port = this.port): Promise<readonly string[]> {
    const { certificate, key, authority } = await this.world.channel.credentials(node);
    return ['--controller', `127.0.0.1:${String(port)}`, '--cert', certificate, '--key', key, '--ca', authority];
  }

  /** A port in a namespace that leads to the controller, as it would by the network. */
  wayInto(namespace: NetworkNamespace): number {
    const server = createServer((socket) => {
      const there = connect(this.port, '127.0.0.1');
      for (const [one, other] of [[socket, there], [there, socket]] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
        one.pipe(other);
      }
    });
    this.#ways.push(server);
    // without an address it is bound at once, while the thread is inside
    namespace.run(() => server.listen(0));
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  /** Runs a command of the command line against the controller. */
  async run(...args: readonly string[]): Promise<{ readonly code: number | undefined; readonly out: string; readonly err: string }> {
    const said = { code: undefined as number | undefined, out: '', err: '' };
    const terminal = { out: (text: string) => { said.out += text; }, err: (text: string) => { said.err += text; }, progress: () => undefined, readStdin: () => '', ask: () => undefined, columns: 160 };
    try {
      await commandLine('0.0.0', terminal, (result) => { said.code = result; }).parseAsync([...args, '--server', this.#url, '--as', 'alice'], { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      said.code = 2;
    }
    return said;
  }

  /** Approves what is proposed of a workload now, with those rules in quarantine that this admits. */
  async approve(workload: WorkloadRef, admits: (rule: ProposedRule) => boolean = () => true): Promise<CommandResult> {
    const { review, proposal, hash } = await proposalOf(this.controller, workload);
    const rules = [proposal.ingress, proposal.egress].flatMap((direction) => (direction.kind === 'closed' ? direction.rules : []));
    const admit = review.quarantined.map(({ rule }) => rule).filter((id) => rules.some((rule) => rule.id === id && admits(rule)));
    return this.controller.command({ kind: 'approve', items: [{ workload, hash, admit }], reason: 'looked at it' }, alice);
  }

  async setMode(workload: WorkloadRef, mode: Mode): Promise<void> {
    const result = await this.controller.command({ kind: 'set-mode', scope: { kind: 'workload', workload }, mode }, alice);
    if (result.kind !== 'done') throw new Error(`set a mode: ${JSON.stringify(result)}`);
  }

  /** Says of what a node has on trial that nobody is locked out, and waits until it stays. */
  async confirm(node: string): Promise<void> {
    const views = await waitFor(this.controller, () => this.controller.nodes.views(), (all) => all.some((each) => each.node === node && each.realisation.kind === 'trial'), `a trial on ${node}`);
    const { realisation } = views.find((each) => each.node === node)!;
    const hash = realisation.kind === 'trial' ? realisation.hash : '';
    await this.controller.command({ kind: 'confirm-trials', trials: [{ node, hash }], reason: 'still here' }, alice);
    await this.enforced(node);
  }

  /** Until a node enforces what is approved now. */
  async enforced(node: string): Promise<void> {
    const number = this.controller.state.revisions.at(-1)?.number ?? 0;
    await waitFor(this.controller, () => this.controller.nodes.views(), (all) => all.some((each) => each.node === node && each.realisation.kind === 'realised' && each.realisation.revision === number), `revision ${String(number)} on ${node}`);
  }

  async close(): Promise<void> {
    for (const way of this.#ways) way.close();
    await this.#app.close();
    await this.world.close();
  }
}
