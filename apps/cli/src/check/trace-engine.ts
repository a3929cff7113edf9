import { changesBetween, createConnectionTracer, createTracer, NodeCompiler, renderRuleset, type ConnectionTrace, type ConnectionTracer, type Tracer } from '#compilers/nftables';
import type { Connection } from '#model';

import { digest } from '../offline/digest.ts';
import type { Engine, EngineVerdict, Prepared } from './engine.ts';
import { keepEqual } from './keep-equal.ts';
import type { World } from './placement.ts';

/**
 * Compiles one nftables ruleset per node and follows each packet through the texts of the nodes it
 * passes; moving on gives the compiler only what is different now.
 */
export const traceEngine: Engine = {
  name: 'trace',
  prepare: (world) => new TracedCluster(new NodeCompiler(world.revision, world.snapshot, digest), world),
};

class TracedCluster implements Prepared {
  readonly #compiler: NodeCompiler;
  readonly #world: World;
  readonly #texts = new Map<string, string>();
  readonly #tracers = new Map<string, Tracer>();
  readonly #tracer: ConnectionTracer;

  constructor(compiler: NodeCompiler, world: World) {
    this.#compiler = compiler;
    this.#world = world;
    for (const [node, bundle] of compiler.bundles()) this.#texts.set(node, renderRuleset(bundle));
    this.#tracer = createConnectionTracer(world.snapshot, (node) => this.#tracerAt(node));
  }

  get state(): string {
    return [...this.#texts].map(([node, text]) => `# ${node}\n${text}`).join('\n');
  }

  verdict(connection: Connection): EngineVerdict {
    const trace = this.#tracer.trace(connection);
    return { allow: trace.verdict === 'accept', decidedBy: decidingText(trace) };
  }

  update(next: World): Prepared {
    const kept = keepEqual(this.#world, next);
    this.#compiler.apply(changesBetween(this.#world, kept));
    return new TracedCluster(this.#compiler, kept);
  }

  #tracerAt(node: string): Tracer | undefined {
    const known = this.#tracers.get(node);
    if (known !== undefined) return known;
    const text = this.#texts.get(node);
    if (text === undefined) return undefined;
    const tracer = createTracer(text);
    this.#tracers.set(node, tracer);
    return tracer;
  }
}

function decidingText({ nodes, rule }: ConnectionTrace): string {
  const last = nodes.at(-1)?.path.at(-1);
  const named = rule === undefined ? '' : `${rule.policy} ${rule.rule}; `;
  if (last === undefined) return `${named}no rule of the passed nodes matched`;
  return `${named}${nodes.at(-1)?.node ?? ''} line ${String(last.line)}, chain ${last.chain}: ${last.text}`;
}
