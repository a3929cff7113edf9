import { changesBetween, NodeCompiler, renderRuleset } from '#compilers/nftables';
import { EnforcedLab, labObstacle, type ProbeOutcome } from '#lab';
import { type Connection, type Endpoint, podKey } from '#model';

import { digest } from '../offline/digest.ts';
import type { Terminal } from '../terminal.ts';
import type { Engine, EngineVerdict, Prepared } from './engine.ts';
import { keepEqual } from './keep-equal.ts';
import type { World } from './placement.ts';

/** The engine, or nothing and a message where packets can not be sent here. */
export function openKernelEngine(terminal: Terminal): Engine | undefined {
  const obstacle = labObstacle();
  if (obstacle === undefined) return new KernelEngine();
  terminal.err(`ringfence check: the kernel engine sends packets through network namespaces of its own: ${obstacle}\n`);
  return undefined;
}

/** How many generations a ruleset can be stamped with. */
const GENERATIONS = 8;

/**
 * Loads the rules of every node into a cluster of network namespaces and sends real packets.
 *
 * One lab serves all worlds, one after another. Moving on replaces the rules under the running lab;
 * a world that starts from scratch forgets the connections of the one before. Close it at the end.
 */
export class KernelEngine implements Engine {
  readonly name = 'kernel';
  readonly #lab = new EnforcedLab();

  prepare(world: World): Prepared {
    return new KernelCluster(this, new NodeCompiler(world.revision, world.snapshot, digest), world, 1);
  }

  /** Brings the lab to a world, its rules to these texts, and sends the first packet of each connection. */
  run({ snapshot }: World, texts: ReadonlyMap<string, string>, isFresh: boolean, connections: readonly Connection[]): readonly ProbeOutcome[] {
    this.#lab.show(snapshot, texts);
    if (isFresh) this.#lab.forgetConnections();
    return this.#lab.probe(connections);
  }

  close(): void {
    this.#lab.close();
  }
}

class KernelCluster implements Prepared {
  /** The rules, as stamped with the first generation: equal rules are equal texts. */
  readonly state: string;
  readonly #engine: KernelEngine;
  readonly #compiler: NodeCompiler;
  readonly #world: World;
  readonly #generation: number;
  readonly #texts: ReadonlyMap<string, string>;
  readonly #outcomes = new Map<Connection, ProbeOutcome>();

  constructor(engine: KernelEngine, compiler: NodeCompiler, world: World, generation: number) {
    this.#engine = engine;
    this.#compiler = compiler;
    this.#world = world;
    this.#generation = generation;
    const bundles = [...compiler.bundles()];
    this.#texts = new Map(bundles.map(([node, bundle]) => [node, renderRuleset(bundle, 1 + (generation % GENERATIONS))]));
    this.state = bundles.map(([node, bundle]) => `# ${node}\n${renderRuleset(bundle)}`).join('\n');
  }

  expect(connections: readonly Connection[]): void {
    const outcomes = this.#engine.run(this.#world, this.#texts, this.#generation === 1, connections);
    for (const [at, outcome] of outcomes.entries()) {
      const connection = connections[at];
      if (connection !== undefined) this.#outcomes.set(connection, outcome);
    }
  }

  verdict(connection: Connection): EngineVerdict {
    const outcome = this.#outcomes.get(connection);
    if (outcome === undefined) throw new Error('kernel: asked about a connection it was not told of');
    const what = `${endText(connection.from)} to ${endText(connection.to)}`;
    switch (outcome.kind) {
      case 'arrived':
        return { allow: true, decidedBy: `the packet from ${what} arrived` };
      case 'dropped':
        return { allow: false, decidedBy: `the packet from ${what} was dropped on its way` };
      case 'not sent':
        throw new Error(`the packet from ${what} could not be sent: ${outcome.why}`);
    }
  }

  update(next: World): Prepared {
    const kept = keepEqual(this.#world, next);
    this.#compiler.apply(changesBetween(this.#world, kept));
    return new KernelCluster(this.#engine, this.#compiler, kept, this.#generation + 1);
  }
}

function endText(end: Endpoint): string {
  return end.kind === 'pod' ? `${podKey(end.pod)} (${end.address.text})` : end.address.text;
}
