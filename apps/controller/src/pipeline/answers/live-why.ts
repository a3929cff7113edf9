import { type Connection, type Decision, type Diagnostic, type Direction, type Endpoint, type GraphPeer, isPortNumber, type NamespacedPolicy, type Policy, type Protocol, type Relationship, type Rule, workloadKey, type WorkloadRef } from '#model';
import { connectionsBetween, createEvaluator, type Evaluator, everyPolicyOf, explain, type ExplainedSide, type Explanation, type PolicyLayers, readEnd } from '#policy';
import { modeOf, policiesDropping, policiesInForce, type Remedy, remedyFor, type ReviewContext, type ReviewState, type RevisionRecord } from '#review';

import type { Answer, ApprovedRule, WhyAnswer, WhyConnection, WhyQuestion, WhySide } from './live-answer.ts';
import { approvalThatClosed, firstApprovalOf } from './rule-history.ts';
import { withStandIns } from './stand-in-pods.ts';

/** Of a workload with more pods the others are taken to be alike. */
const PODS_ASKED = 6;
const PORTS_ASKED = 20;

interface Port {
  readonly protocol: Protocol;
  readonly port: number;
}

/** With what is proposed, an answer can tell what would help where a rule is missing. */
export type WhyContext = Pick<ReviewContext, 'snapshot' | 'now' | 'enforcesExisting'> & Partial<Pick<ReviewContext, 'reviews' | 'digest'>>;

/**
 * Says which rule lets a connection through, which revision brought it in, who approved that and
 * when; or what is missing. Where no port is asked for, every port that the evidence or the server
 * itself names is.
 */
export function whyLive(state: ReviewState, question: WhyQuestion, asked: WhyContext, relationships: readonly Relationship[]): Answer<WhyAnswer> {
  const snapshot = withStandIns(asked.snapshot);
  const context = { ...asked, snapshot };
  const from = readEnd(question.from, snapshot);
  const to = readEnd(question.to, snapshot);
  const problems = [from, to].flatMap((end, at) => (end.kind === 'problem' ? [unanswerable(at === 0 ? question.from : question.to, end.text)] : []));
  if (from.kind !== 'ends' || to.kind !== 'ends') return { kind: 'unanswerable', diagnostics: problems };
  const known = relationships.filter((one) => isEnd(one.from, from.ends) && isEnd(one.to, to.ends));
  const ports = portsAsked(question, known, to.ends);
  if (ports.length === 0) return { kind: 'unanswerable', diagnostics: [unanswerable(`${question.from} and ${question.to}`, 'nothing is known of a port between them, so name one, such as 5432/TCP')] };
  const inForce = policiesInForce(state, context);
  const dropping = createEvaluator(policiesDropping(state, context), snapshot);
  const connections = ports.slice(0, PORTS_ASKED).flatMap((port) => answersOn(port, few(from.ends), few(to.ends), { state, inForce, dropping, context }));
  if (connections.length === 0) return { kind: 'unanswerable', diagnostics: [unanswerable(`${question.from} and ${question.to}`, 'they have no addresses of one family')] };
  return { kind: 'answer', value: { revision: inForce.number, connections, known } };
}

function portsAsked({ port, protocol }: WhyQuestion, known: readonly Relationship[], to: readonly Endpoint[]): readonly Port[] {
  if (port !== undefined) return [{ port, protocol: protocol ?? 'TCP' }];
  if (protocol === 'ICMP') return [{ port: 0, protocol }];
  const declared = to.flatMap((end) => (end.kind === 'pod' ? end.pod.ports : []));
  const found = [...known, ...declared].flatMap((one): readonly Port[] => (isPortNumber(one.port) && (protocol === undefined || one.protocol === protocol) ? [{ port: one.port, protocol: one.protocol }] : []));
  return [...new Map(found.map((one) => [`${one.protocol} ${String(one.port)}`, one])).values()];
}

function few(ends: readonly Endpoint[]): readonly Endpoint[] {
  const kept = { 4: 0, 6: 0 };
  return ends.filter(({ address }) => (kept[address.family] += 1) <= PODS_ASKED);
}

interface World {
  readonly state: ReviewState;
  readonly inForce: PolicyLayers;
  /** What is dropped now. */
  readonly dropping: Evaluator;
  readonly context: WhyContext;
}

function answersOn(port: Port, from: readonly Endpoint[], to: readonly Endpoint[], world: World): readonly WhyConnection[] {
  const alike = new Map<string, { readonly explanation: Explanation; readonly now: Decision; count: number }>();
  for (const connection of connectionsBetween(from, to, port)) {
    const explanation = explain(world.inForce, world.context.snapshot, connection);
    const now = world.dropping.evaluate(connection).decision;
    const key = JSON.stringify([now, explanation.verdict.decision, explanation.verdict.reasons.map(({ direction, effect, policy, rule }) => [direction, effect, policy, rule])]);
    const same = alike.get(key);
    if (same === undefined) alike.set(key, { explanation, now, count: 1 });
    else same.count += 1;
  }
  return [...alike.values()].map(({ explanation, now, count }) => ({
    from: endName(explanation.connection.from),
    to: endName(explanation.connection.to),
    ...port,
    decision: explanation.verdict.decision,
    now,
    alike: count,
    sides: explanation.sides.map((side) => sideOf(side, explanation.connection, world)),
  }));
}

function sideOf(side: ExplainedSide, connection: Connection, { state, inForce, context }: World): WhySide {
  const end = side.direction === 'egress' ? connection.from : connection.to;
  const workload = end.kind === 'pod' ? end.pod.workload : undefined;
  const closedBy = workload === undefined ? undefined : approvalThatClosed(state, workload, side.direction);
  return {
    ...side,
    ...(workload === undefined ? {} : { workload, mode: modeOf(state, workload, context.snapshot).value }),
    rules: side.reasons.flatMap(({ effect, policy, rule }) => (effect === 'allow' && policy !== undefined && rule !== undefined ? rulesCalled(policy, rule, side.direction, inForce, state) : [])),
    ...(closedBy === undefined ? {} : { closedBy }),
    remedies: remediesOf(side, connection, state, context),
  };
}

function remediesOf({ missing }: ExplainedSide, connection: Connection, state: ReviewState, { reviews, digest, ...rest }: WhyContext): readonly Remedy[] {
  if (reviews === undefined || digest === undefined) return [];
  return missing.flatMap((one) => remedyFor(state, one, connection, { ...rest, reviews, digest }) ?? []);
}

function rulesCalled(name: string, id: string, direction: Direction, inForce: PolicyLayers, state: ReviewState): readonly ApprovedRule[] {
  return everyPolicyOf(inForce)
    .filter((policy) => policy.name === name)
    .flatMap((policy) =>
      (policy[direction] ?? [])
        .filter((rule) => rule.id === id)
        .map((rule): ApprovedRule => {
          const approval = approvalOf(policy, rule, direction, state);
          return { policy: name, rule, ...(approval === undefined ? {} : { approval }) };
        }),
    );
}

function approvalOf(policy: Policy, rule: Rule, direction: Direction, state: ReviewState): RevisionRecord | undefined {
  const workload = ownerOf(policy);
  return workload === undefined ? undefined : firstApprovalOf(state, workload, direction, rule.id);
}

// What people approve here is about one workload each; policies found in the cluster select pods.
function ownerOf(policy: Policy): WorkloadRef | undefined {
  return policy.kind === 'namespaced' && isOfWorkload(policy) ? policy.subject.workload : undefined;
}

function isOfWorkload(policy: NamespacedPolicy): policy is NamespacedPolicy & { readonly subject: { readonly kind: 'workload' } } {
  return policy.subject.kind === 'workload';
}

function isEnd(peer: GraphPeer, ends: readonly Endpoint[]): boolean {
  if (typeof peer === 'string') return peer === 'internet' && ends.some(({ kind }) => kind === 'address');
  return ends.some((end) => end.kind === 'pod' && workloadKey(end.pod.workload) === workloadKey(peer));
}

function endName(end: Endpoint): string {
  return end.kind === 'address' ? end.address.text : `${end.pod.namespace}/${end.pod.name} (${end.address.text})`;
}

function unanswerable(subject: string, message: string): Diagnostic {
  return { code: 'end-unknown', severity: 'error', subject, message, hint: 'name ends as namespace/kind/name, namespace/pod, an address or internet' };
}
