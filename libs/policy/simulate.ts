import { compareText, type Connection, type Decision, type Endpoint, type Flow, type Snapshot, type VerdictReason, workloadKey, type WorkloadRef } from '#model';

import { AllowedPorts } from './allowed-ports.ts';
import { createEvaluator, type Evaluator } from './evaluate.ts';
import { type AttributedEnd, FlowAttribution, isUsablePort, meetings } from './flow-parties.ts';
import type { PoliciesInForce } from './layers.ts';
import { type UnusedPath, UsedPaths } from './unused-paths.ts';
import type { Party } from './party.ts';

/** A flow and what these policies would do to it. */
export interface SimulatedFlow {
  readonly flow: Flow;
  readonly decision: Decision;
  /** Who the ends were taken for. */
  readonly from: string;
  readonly to: string;
  /** One sentence where it is not simply allowed. */
  readonly text: string;
  readonly reasons: readonly VerdictReason[];
}

export interface Simulation {
  /** In the order of the input. */
  readonly flows: readonly SimulatedFlow[];
  /** Flows that got through when they were seen and would not any more (denied first, then unknown), most connections first. */
  readonly lost: readonly SimulatedFlow[];
  /** Paths that are open by a rule, although no flow used them and no evidence asks for them. */
  readonly unused: readonly UnusedPath[];
}

/** `unusedOf`: open paths are told of these workloads alone, as client or server; absent: of all. */
export interface SimulationScope {
  readonly unusedOf?: readonly WorkloadRef[];
}

/**
 * Replays flows against a revision, or layers of one: what each would meet, which real traffic would die, and which
 * open paths nobody has shown a need for.
 *
 * A flow whose ends may be several pods is allowed or denied only if it is for all of them. A flow
 * nobody can attribute is unknown, never quietly allowed.
 */
export function simulate(inForce: PoliciesInForce, snapshot: Snapshot, flows: readonly Flow[], { unusedOf }: SimulationScope = {}): Simulation {
  const attribution = new FlowAttribution(snapshot);
  const evaluator = createEvaluator(inForce, snapshot);
  const used = new UsedPaths();
  const simulated = flows.map((flow): SimulatedFlow => {
    const from = attribution.attribute(flow.from);
    const to = attribution.attribute(flow.to, flow);
    used.add(from, to, flow);
    return replay(flow, from, to, evaluator);
  });
  return {
    flows: simulated,
    lost: simulated.filter(({ flow, decision }) => flow.forwarded && decision !== 'allow').sort(compareLosses),
    unused: used.unusedIn(new AllowedPorts(inForce, snapshot), snapshot, inForce, unusedOf === undefined ? undefined : new Set(unusedOf.map(workloadKey))),
  };
}

function replay(flow: Flow, from: AttributedEnd, to: AttributedEnd, evaluator: Evaluator): SimulatedFlow {
  const ends = { flow, from: from.text, to: to.text };
  const unknown = (text: string): SimulatedFlow => ({ ...ends, decision: 'unknown', text, reasons: [] });
  if (from.parties.length === 0) return unknown(from.text);
  if (to.parties.length === 0) return unknown(to.text);
  if (flow.protocol !== 'ICMP' && !isUsablePort(flow.port)) return unknown('the flow names no port');
  const pairs = meetings(from, to);
  if (pairs.length === 0) return unknown('the ends have no addresses of one family');
  const decisions = new Set<Decision>();
  let reasons: readonly VerdictReason[] = [];
  let worst: Decision = 'allow';
  for (const [sender, receiver] of pairs) {
    const verdict = evaluator.evaluate(connectionOf(flow, sender, receiver));
    decisions.add(verdict.decision);
    if (reasons.length === 0 || (worst === 'allow' && verdict.decision !== 'allow')) {
      ({ reasons } = verdict);
      worst = verdict.decision;
    }
  }
  if (decisions.size > 1) return { ...ends, decision: 'unknown', text: 'allowed for some of the pods or families it may be about, not for all', reasons };
  return { ...ends, decision: worst, text: worst === 'allow' ? '' : textOf(reasons, worst), reasons };
}

function connectionOf({ protocol, port, application }: Flow, from: Party, to: Party): Connection {
  return { from: endpointOf(from), to: endpointOf(to), protocol, port: protocol === 'ICMP' ? 0 : (port ?? 0), ...(application === undefined ? {} : { application }) };
}

function endpointOf({ address, pod, host }: Party): Endpoint {
  const own = pod ?? host;
  return own === undefined ? { kind: 'address', address } : { kind: 'pod', pod: own, address };
}

function textOf(reasons: readonly VerdictReason[], decision: Decision): string {
  const deciding = reasons.find((reason) => reason.effect === 'deny') ?? reasons[0];
  return deciding?.text ?? decision;
}

function compareLosses(a: SimulatedFlow, b: SimulatedFlow): number {
  const rank = (one: SimulatedFlow): number => (one.decision === 'deny' ? 0 : 1);
  return rank(a) - rank(b) || b.flow.count - a.flow.count || (b.flow.bytes ?? 0) - (a.flow.bytes ?? 0) || a.flow.line - b.flow.line || compareText(a.from, b.from);
}

