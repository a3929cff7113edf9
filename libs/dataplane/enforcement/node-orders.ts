import { isFate } from '#distribution';
import type { ConnectionFate } from '#model';

import type { DriverName } from '../driver.ts';
import { readBundle } from '../bundle-file.ts';
import type { NodeKeeper } from './node-keeper.ts';
import { answerQuestion, type NodeAnswer, type NodeQuestion } from './node-question.ts';
import type { Outcome } from './node-state.ts';
import { type RuleConnections, type RulesView, viewRules } from './node-view.ts';

/** What a person on the node asks of its enforcer. */
export type NodeOrder =
  | { readonly order: 'status' | 'show' | 'panic' | 'resume' | 'confirm' }
  | ({ readonly order: 'why' } & NodeQuestion)
  /** `bundle` as `writeBundle` writes it. */
  | { readonly order: 'apply'; readonly bundle: string; readonly confirmWithinMs?: number; readonly fate?: ConnectionFate };

/** How a node stands; times in milliseconds since 1970. */
export interface NodeStatus {
  readonly state: 'nothing' | 'enforcing' | 'adopted' | 'trial' | 'panic';
  readonly since?: number;
  /** When a bundle on trial goes away by itself. */
  readonly until?: number;
  /** Who opened everything. */
  readonly openedBy?: string;
  readonly node?: string;
  readonly revision?: number;
  readonly hash?: string;
  readonly generation?: number;
  readonly driver: DriverName;
  readonly pods?: number;
  readonly elements?: number;
  /** What the kernel holds otherwise than it should; empty where all is well. */
  readonly differences: readonly string[];
}

export type NodeReply =
  | { readonly kind: 'status'; readonly status: NodeStatus }
  | { readonly kind: 'show'; readonly status: NodeStatus; readonly rules?: RulesView }
  | { readonly kind: 'why'; readonly revision: number; readonly generation: number; readonly differences: readonly string[]; readonly answers: readonly NodeAnswer[] }
  | { readonly kind: 'done'; readonly text: string }
  | { readonly kind: 'refused'; readonly why: string };

const PLAIN = new Set(['status', 'show', 'panic', 'resume', 'confirm']);
const LONGEST_CONFIRM_MS = 24 * 3_600_000;
const LONGEST_NAME = 600;

/** Reads an order; anything else is refused with the reason. */
export function readOrder(value: unknown): NodeOrder | { readonly refused: string } {
  const fields: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const { order, bundle, confirmWithinMs, fate, from, to, port } = fields;
  if (typeof order !== 'string') return { refused: 'it names no order' };
  if (PLAIN.has(order)) return { order } as NodeOrder;
  if (order === 'why') {
    if (![from, to, port].every((each) => typeof each === 'string' && each.length <= LONGEST_NAME)) return { refused: 'why needs from, to and port' };
    return { order, from: String(from), to: String(to), port: String(port) };
  }
  if (order !== 'apply') return { refused: `there is no order ${JSON.stringify(order.slice(0, 40))}` };
  if (typeof bundle !== 'string') return { refused: 'apply needs a bundle' };
  if (fate !== undefined && !isFate(fate)) return { refused: 'the fate of connections is to be cut, drained for some seconds, or kept' };
  const apply = { order, bundle, ...(fate === undefined ? {} : { fate }) } as const;
  if (confirmWithinMs === undefined) return apply;
  if (typeof confirmWithinMs !== 'number' || !(confirmWithinMs >= 1_000 && confirmWithinMs <= LONGEST_CONFIRM_MS)) return { refused: 'the time to confirm in is 1 second to 24 hours' };
  return { ...apply, confirmWithinMs };
}

/** Carries out an order for somebody, who is named in reports. */
export function carryOut(keeper: NodeKeeper, order: NodeOrder, by: string, connections?: RuleConnections): NodeReply {
  switch (order.order) {
    case 'status':
      return { kind: 'status', status: statusOf(keeper) };
    case 'show':
      return { kind: 'show', status: statusOf(keeper), ...(keeper.applied === undefined ? {} : { rules: viewRules(keeper.applied, keeper.layout, keeper.counters(), connections) }) };
    case 'why':
      return answer(keeper, order);
    case 'panic':
      return reply(keeper.panic(by));
    case 'resume':
      return reply(keeper.resume(by));
    case 'confirm':
      return reply(keeper.confirm(by));
    case 'apply': {
      const reading = readBundle(order.bundle);
      if (reading.kind === 'refused') return { kind: 'refused', why: `the bundle is not used: ${reading.why}` };
      return reply(keeper.offer(reading.bundle, { origin: 'command', ...(order.confirmWithinMs === undefined ? {} : { confirmWithinMs: order.confirmWithinMs }), ...(order.fate === undefined ? {} : { fate: order.fate }) }));
    }
  }
}

export function statusOf(keeper: NodeKeeper): NodeStatus {
  const { state, applied, generation, driver, elements } = keeper;
  const note = applied === undefined ? keeper.note() : undefined;
  const told = applied === undefined ? note : { revision: applied.revision, hash: applied.hash, generation };
  return {
    state: state.kind,
    ...(state.kind === 'nothing' ? {} : { since: state.since }),
    ...(state.kind === 'trial' ? { until: state.until } : {}),
    ...(state.kind === 'panic' ? { openedBy: state.by } : {}),
    ...(applied === undefined ? {} : { node: applied.node, pods: applied.pods.length, elements }),
    ...told,
    driver,
    differences: keeper.verify(),
  };
}

function answer(keeper: NodeKeeper, question: NodeQuestion): NodeReply {
  const { applied, generation } = keeper;
  if (applied === undefined) return { kind: 'refused', why: keeper.state.kind === 'adopted' ? 'the bundle behind what the kernel enforces is not on this node' : 'nothing is enforced, so everything passes' };
  const found = answerQuestion({ bundle: applied, generation, layout: keeper.layout }, question);
  if (found.kind === 'problem') return { kind: 'refused', why: found.why };
  return { kind: 'why', revision: applied.revision, generation, differences: keeper.verify(), answers: found.answers };
}

function reply(outcome: Outcome): NodeReply {
  return outcome;
}
