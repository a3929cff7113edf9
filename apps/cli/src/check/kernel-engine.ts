import { changesBetween, type NodeBundle, NodeCompiler, renderRuleset } from '#compilers/nftables';
import { EnforcedLab, type EnforcementOptions, labObstacle, type ProbeOutcome } from '#lab';
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

/**
 * Writes the rules of every node into a cluster of network namespaces, as an enforcer would, and
 * sends real packets.
 *
 * One lab serves all worlds, one after another. A world that starts from scratch begins with whole
 * new tables and no connections; moving on changes the tables under the running lab. Close it at the end.
 */
export class KernelEngine implements Engine {
  readonly name = 'kernel';
  readonly #lab: EnforcedLab;

  constructor(options: EnforcementOptions = {}) {
    this.#lab = new EnforcedLab(options);
  }

  prepare(world: World): Prepared {
    return new KernelCluster(this.#lab, new NodeCompiler(world.revision, world.snapshot, digest), world, undefined);
  }

  close(): void {
    this.#lab.close();
  }
}

class KernelCluster implements Prepared {
  /** The rules, as text: equal rules are equal texts. */
  readonly state: string;
  readonly #lab: EnforcedLab;
  readonly #compiler: NodeCompiler;
  readonly #world: World;
  /** What the lab has to have shown before. */
  readonly #before: KernelCluster | undefined;
  readonly #bundles: ReadonlyMap<string, NodeBundle>;
  #outcomes: ReadonlyMap<Connection, ProbeOutcome> | undefined;

  constructor(lab: EnforcedLab, compiler: NodeCompiler, world: World, before: KernelCluster | undefined) {
    this.#lab = lab;
    this.#compiler = compiler;
    this.#world = world;
    this.#before = before;
    this.#bundles = compiler.bundles();
    this.state = [...this.#bundles].map(([node, bundle]) => `# ${node}\n${renderRuleset(bundle)}`).join('\n');
  }

  expect(connections: readonly Connection[]): void {
    this.#show();
    const outcomes = this.#lab.probe(connections);
    this.#outcomes = new Map(connections.flatMap((connection, at) => (outcomes[at] === undefined ? [] : [[connection, outcomes[at]] as const])));
  }

  verdict(connection: Connection): EngineVerdict {
    const outcome = this.#outcomes?.get(connection);
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
    return new KernelCluster(this.#lab, this.#compiler, kept, this);
  }

  // A step nobody asked about is gone through all the same: what it leaves behind is part of the test.
  #show(): void {
    if (this.#outcomes !== undefined) return;
    if (this.#before !== undefined) this.#before.#show();
    this.#lab.show(this.#world.snapshot, this.#bundles, this.#before === undefined ? 'from scratch' : 'by change');
    this.#outcomes = new Map();
  }
}

function endText(end: Endpoint): string {
  return end.kind === 'pod' ? `${podKey(end.pod)} (${end.address.text})` : end.address.text;
}
