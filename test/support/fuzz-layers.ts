import { compileNetworkPolicies } from '#compilers/kubernetes';
import { compileNodes, renderRuleset, withNodeSettings } from '#compilers/nftables';
import { type Connection, type DirectionProposal, type Endpoint, type JsonObject, type Mode, type NamespacedPolicy, type OutputTarget, type Pod, type Revision, type Rule, type Snapshot, workloadKey } from '#model';
import { adoptPolicies, type ConnectivityChange, connectionsBetween, createEvaluator, diff, hasPort } from '#policy';
import { foldReview, NOTHING_DECIDED, policiesDropping, policiesInForce, type ReviewEvent, type ReviewState } from '#review';

import { nodeSettings } from '../../apps/controller/src/pipeline/node-modes.ts';
import { PolicyWriter } from '../../apps/controller/src/pipeline/policy-writer.ts';
import { enforcementSettings } from '../../apps/controller/src/workers/enforcement-settings.ts';
import { describeConnection, digest, tracerOf } from './agreement.ts';
import { fuzzCase, revisionOf } from './fuzz.ts';
import { askOracle } from './fuzz-oracle.ts';
import { NAMESPACES } from './fuzz-world.ts';
import { Random } from './random.ts';

/** What came of one world: how often what was said could be held against what is enforced, and where it was not so. */
export interface LayersResult {
  readonly asked: number;
  readonly allowed: number;
  /** Dropped by one of two enforcers alone. */
  readonly byOne: number;
  readonly disagreements: readonly string[];
}

const NOTHING: LayersResult = { asked: 0, allowed: 0, byOne: 0, disagreements: [] };

/**
 * Holds what `policiesDropping` and `policiesInForce` say against what really gets written for a
 * random mixture of targets and modes: the rulesets of the nodes, traced, and the objects in the
 * cluster, ours among those of others, asked by the oracle. A connection needs both.
 */
export function runLayers(seed: number): LayersResult {
  const { snapshot: bare, policies, connections } = fuzzCase(seed);
  const others = revisionOf({ manifests: policies.manifests, learned: [] }).policies;
  const snapshot = { ...bare, policies: others };
  const { state, enforcesExisting, isAllEnforced } = randomDecisions(policies.learned, new Random(seed));
  const context = { snapshot, now: 1, enforcesExisting };
  const world = enforcedWorld(state, policies.manifests, { snapshot, enforcesExisting });
  // the oracle wants to know the labels of every namespace
  if (world === undefined || [...snapshot.namespaces.values()].some(({ isDeclared }) => !isDeclared)) return NOTHING;
  const dropping = createEvaluator(policiesDropping(state, context), snapshot);
  const inForce = createEvaluator(policiesInForce(state, context), snapshot);
  const count = { asked: 0, allowed: 0, byOne: 0 };
  const disagreements: string[] = [];
  for (const connection of connections) {
    const said = dropping.evaluate(connection).decision;
    // what a connection speaks nobody here can see, and names of addresses nobody knows
    if (connection.application !== undefined || (said === 'unknown' && enforcesExisting)) continue;
    const [onNodes, inNetwork] = world(connection);
    if (inNetwork === 'unknown') continue;
    const isThrough = onNodes && inNetwork === 'allow';
    count.asked += 1;
    if (isThrough) count.allowed += 1;
    if (onNodes !== (inNetwork === 'allow')) count.byOne += 1;
    const where = `${describeConnection(connection)}: enforcers ${onNodes ? 'accept' : 'drop'}, network ${inNetwork}`;
    if (said !== (isThrough ? 'allow' : 'deny')) disagreements.push(`${where}, dropping says ${said}`);
    const meant = inForce.evaluate(connection).decision;
    if (isAllEnforced && meant !== said) disagreements.push(`${where}, in force says ${meant}`);
  }
  return { ...count, disagreements };
}

/** Who lets a connection through: the nodes, and the network; undefined where objects cannot say what was approved. */
function enforcedWorld(state: ReviewState, manifests: readonly JsonObject[], { snapshot, enforcesExisting }: { readonly snapshot: Snapshot; readonly enforcesExisting: boolean }): ((connection: Connection) => readonly [boolean, 'allow' | 'deny' | 'unknown']) | undefined {
  const settings = enforcementSettings(state);
  const approved = adoptPolicies([...state.approvals.values()].flatMap(({ policy }) => policy ?? []));
  const written = new PolicyWriter(enforcesExisting).write(approved, snapshot, settings);
  const objects = [...written.networkPolicies, ...written.folder];
  if (isUnsayable(approved, snapshot, (namespace) => settings.targetOf(namespace))) return undefined;
  const compiled = compileNodes(enforcesExisting ? adoptPolicies([...approved.policies, ...snapshot.policies]) : approved, snapshot, { digest });
  if (compiled.diagnostics.some(({ code }) => code === 'pass-undecided')) return undefined;
  const own = nodeSettings(snapshot, settings);
  const tracer = tracerOf(snapshot, new Map(compiled.bundles.map((bundle) => [bundle.node, renderRuleset(withNodeSettings(bundle, own, digest))])));
  const inCluster = { manifests: enforcesExisting ? [] : [...manifests, ...objects.map((object) => JSON.parse(JSON.stringify(object)) as JsonObject)], learned: [] };
  return (connection) => [tracer.trace(connection).verdict === 'accept', askOracle(inCluster, snapshot, connection)];
}

function isUnsayable(approved: Revision, snapshot: Snapshot, targetOf: (namespace: string) => OutputTarget): boolean {
  const asObjects = approved.policies.filter(({ subject }) => subject.kind === 'workload' && ['networkpolicy', 'folder'].includes(targetOf(subject.workload.namespace)));
  return compileNetworkPolicies({ ...approved, policies: asObjects }, snapshot).diagnostics.length > 0;
}

interface Decisions {
  readonly state: ReviewState;
  readonly enforcesExisting: boolean;
  /** Nothing approved is only observed, or goes where nobody enforces it. */
  readonly isAllEnforced: boolean;
}

function randomDecisions(learned: readonly NamespacedPolicy[], random: Random): Decisions {
  const enforcesExisting = random.chance(0.2);
  const isAllEnforced = random.chance(0.4);
  const by = { kind: 'person', name: 'somebody' } as const;
  const everywhere: readonly OutputTarget[] = enforcesExisting ? ['nftables'] : ['nftables', 'networkpolicy', 'folder'];
  const targets: readonly OutputTarget[] = isAllEnforced ? everywhere : ['nftables', 'networkpolicy', 'folder', 'none'];
  const modes: readonly Mode[] = isAllEnforced ? ['enforce'] : ['enforce', 'enforce', 'audit', 'observe'];
  const proposals = learned.flatMap(({ subject, ingress, egress }) => (subject.kind === 'workload' ? [{ workload: subject.workload, ingress: direction(ingress), egress: direction(egress) }] : []));
  const events: readonly ReviewEvent[] = [
    ...(proposals.length === 0 ? [] : [{ kind: 'approved', revision: 1, base: 0, workloads: proposals.map((proposal) => ({ workload: proposal.workload, hash: '', proposedHash: '', evidenceHash: '', proposal, leftOut: [] })), by, reason: 'at random' } as const]),
    ...NAMESPACES.filter(() => random.chance(0.8)).map((namespace) => ({ kind: 'target-set', namespace, target: random.pick(targets), by }) as const),
    { kind: 'mode-set', scope: { kind: 'cluster' }, mode: random.pick(modes), by },
    ...proposals.map(({ workload }) => ({ kind: 'mode-set', scope: { kind: 'workload', workload }, mode: random.pick(modes), by }) as const),
  ];
  return { state: events.reduce((state, event, at) => foldReview(state, { seq: at + 1, at: 0, event }), NOTHING_DECIDED), enforcesExisting, isAllEnforced };
}

function direction(rules: readonly Rule[] | undefined): DirectionProposal {
  if (rules === undefined) return { kind: 'open', why: '' };
  return { kind: 'closed', why: '', rules: rules.map((rule) => ({ ...rule, tier: 'strong', confidence: 1, why: '' })) };
}

/** A failing world in words. */
export function explainLayers(seed: number): string {
  const { policies } = fuzzCase(seed);
  const { state, enforcesExisting } = randomDecisions(policies.learned, new Random(seed));
  const { targets, modes } = state;
  const settings = [...targets].map(([namespace, { value }]) => `${namespace} ${value}`);
  return [`seed ${String(seed)}`, ...runLayers(seed).disagreements.slice(0, 8), ...settings, `cluster ${modes.cluster?.value ?? ''}${enforcesExisting ? ', enforcers enforce what exists' : ''}`, ...[...modes.workloads.values()].map(({ workload, value }) => `${workloadKey(workload)} ${value}`)].join('\n');
}

const PROBES = [[53, 'UDP'], [80, 'TCP'], [81, 'TCP'], [8080, 'TCP'], [80, 'SCTP'], [0, 'ICMP']] as const;

/** Where `diff` of one mixture of targets and another says something else than every pair of pods asked one by one. */
export function compareLayers(seed: number): { readonly changes: number; readonly disagreements: readonly string[] } {
  const { snapshot: bare, policies } = fuzzCase(seed);
  const snapshot = { ...bare, policies: revisionOf({ manifests: policies.manifests, learned: [] }).policies };
  const random = new Random(seed);
  const worlds = [policies.learned, policies.learned.filter(() => random.chance(0.7))].map((learned) => policiesInForce(randomDecisions(learned, random).state, { snapshot, now: 1 }));
  const [before, after] = [worlds[0]!, worlds[1]!];
  const { opened, closed } = diff({ revision: before, snapshot }, { revision: after, snapshot });
  const evaluators = worlds.map((inForce) => createEvaluator(inForce, snapshot));
  const pods = [...snapshot.pods.values()].filter(({ phase }) => phase !== 'finished');
  const byWorkload = [...Map.groupBy(pods, ({ workload }) => workloadKey(workload))];
  const disagreements: string[] = [];
  let changes = 0;
  for (const [from, senders] of byWorkload) {
    for (const [to, receivers] of byWorkload) {
      if (from === to) continue;
      for (const [port, protocol] of PROBES) {
        const connections = connectionsBetween(endsOf(senders), endsOf(receivers), { port, protocol });
        const [was, is] = evaluators.map((evaluator) => connections.some((connection) => evaluator.evaluate(connection).decision === 'allow'));
        const isSaid = (list: readonly ConnectivityChange[]): boolean => list.some((change) => change.application === undefined && isEnd(change.from, from) && isEnd(change.to, to) && hasPort(change.ports, protocol, port));
        if (was !== is) changes += 1;
        if (isSaid(opened) !== (was === false && is === true) || isSaid(closed) !== (was === true && is === false)) disagreements.push(`seed ${String(seed)}: ${from} to ${to} ${String(port)}/${protocol}: ${String(was)}, then ${String(is)}`);
      }
    }
  }
  return { changes, disagreements };
}

function endsOf(pods: readonly Pod[]): readonly Endpoint[] {
  return pods.flatMap((pod) => pod.addresses.map((address): Endpoint => ({ kind: 'pod', pod, address })));
}

function isEnd(end: ConnectivityChange['from'], key: string): boolean {
  return end.kind === 'workload' && workloadKey(end.workload) === key;
}
