import { join } from 'node:path';

import { pino } from 'pino';

import type { NodeView, SourceUpdate, WorkloadRef } from '#model';
import type { Actor, ReviewCommand } from '#review';
import { MemoryStore, openSqliteStore, type Store } from '#store';

import { Controller } from '../../apps/controller/src/controller.ts';
import type { ControllerOptions } from '../../apps/controller/src/controller-options.ts';
import type { CommandResult } from '../../apps/controller/src/operator/operator-port.ts';
import type { ReviewItem } from '../../apps/controller/src/pipeline/answers/live-list.ts';
import { inlinePipelines } from '../../apps/controller/src/workers/pipelines.ts';
import { ChannelWorld, type FakeTaker } from './channel-world.ts';

const PATIENCE_MS = 20_000;

export const alice: Actor = { kind: 'person', name: 'alice' };

export interface WorldOptions extends Partial<ControllerOptions> {
  readonly keeps?: 'memory' | 'sqlite';
}

/** A whole controller in this process, and enforcers with kernels that take everything. */
export class ControllerWorld {
  readonly channel: ChannelWorld;
  readonly #controllers = new Set<Controller>();

  private constructor(channel: ChannelWorld) {
    this.channel = channel;
  }

  static async make(): Promise<ControllerWorld> {
    return new ControllerWorld(await ChannelWorld.make());
  }

  /** Starts a controller that reads one source, `kubernetes`; what it keeps in SQLite the next one finds. */
  async start({ keeps = 'memory', ...more }: WorldOptions = {}): Promise<{ readonly controller: Controller; readonly port: number }> {
    const store: Store = keeps === 'memory' ? new MemoryStore() : openSqliteStore({ folder: join(this.channel.folder, 'store') });
    const controller = new Controller({
      version: '0.0.0',
      store,
      storePlace: keeps,
      authority: this.channel.authority,
      authorityFolder: this.channel.folder,
      pipelines: inlinePipelines(),
      required: ['kubernetes'],
      enforcesExisting: false,
      catalogue: { entries: [] },
      invariants: [],
      workEveryMs: 50,
      listen: [{ host: '127.0.0.1', port: 0 }],
      outputs: { mayWrite: false },
      traffic: 'real',
      holder: `test ${String(this.#controllers.size)}`,
      log: pino({ level: 'silent' }),
      ...more,
    });
    this.#controllers.add(controller);
    const { channelPorts } = await controller.start();
    controller.sources.add('kubernetes', 'kubernetes', true);
    return { controller, port: channelPorts[0] ?? 0 };
  }

  tell(controller: Controller, updates: readonly SourceUpdate[]): void {
    for (const update of updates) controller.update(update);
    controller.sources.setInSync('kubernetes', true);
  }

  async enforcer(node: string, port: number): Promise<FakeTaker> {
    return this.channel.connect(node, port, await this.channel.credentials(node)).taker;
  }

  async stop(controller: Controller): Promise<void> {
    this.#controllers.delete(controller);
    await controller.stop();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#controllers].map((controller) => controller.stop()));
    await this.channel.close();
  }
}

/** Asks until the answer is what is waited for; told of changes it asks at once. */
export async function waitFor<T>(controller: Controller, ask: () => Promise<T> | T, isIt: (answer: T) => boolean, what: string): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const changed = Promise.withResolvers<undefined>();
    const stop = controller.operator.subscribe(() => {
      changed.resolve(undefined);
    });
    const answer = await ask();
    if (isIt(answer)) {
      stop();
      return answer;
    }
    const left = deadline - performance.now();
    if (left <= 0) throw new Error(`waited in vain for ${what}: ${JSON.stringify(answer)}`);
    // what is not told of, such as time that passes, is found by looking
    const timer = setTimeout(() => {
      changed.resolve(undefined);
    }, Math.min(left, 1_000));
    await changed.promise;
    clearTimeout(timer);
    stop();
  }
}

export function proposalOf(controller: Controller, workload: WorkloadRef): Promise<ReviewItem> {
  return waitFor(controller, () => controller.operator.review(workload), (item) => item !== undefined, `a proposal for ${workload.name}`) as Promise<ReviewItem>;
}

export async function approve(controller: Controller, workload: WorkloadRef): Promise<CommandResult> {
  const { hash } = await proposalOf(controller, workload);
  const command: ReviewCommand = { kind: 'approve', items: [{ workload, hash }], reason: 'it is what it needs' };
  return controller.command(command, alice);
}

/** When every one of these nodes has said that this revision is in its kernel. */
export function realised(controller: Controller, revision: number, nodes: number): Promise<readonly NodeView[]> {
  const isRealised = (views: readonly NodeView[]): boolean => views.length === nodes && views.every(({ realisation }) => realisation.kind === 'realised' && realisation.revision === revision);
  return waitFor(controller, () => controller.nodes.views(), isRealised, `revision ${String(revision)} on ${String(nodes)} nodes`);
}
