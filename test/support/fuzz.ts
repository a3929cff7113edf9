import { compileNetworkPolicies, renderYaml } from '#compilers/kubernetes';
import { compileNodes } from '#compilers/nftables';
import { policyReaderOf } from '#inventory';
import { type Address, addressFromBits, type Connection, type Endpoint, type JsonObject, type Policy, podKey, prefixContains, type Protocol, type Revision, type Snapshot } from '#model';
import { adoptPolicies, createEvaluator, type Evaluator } from '#policy';

import { describeConnection, digest, emitRulesets, policiesOf, tracerOf } from './agreement.ts';
import { outsideAddresses, podBlocks } from './agreement-connections.ts';
import { askOracle } from './fuzz-oracle.ts';
import { type PolicySet, randomPolicySet } from './fuzz-policies.ts';
import { randomCluster, snapshotOfCluster } from './fuzz-world.ts';
import { Random } from './random.ts';
import { origin } from './worlds.ts';

export interface FuzzCase {
  readonly seed: number;
  readonly snapshot: Snapshot;
  readonly policies: PolicySet;
  readonly connections: readonly Connection[];
}

/** What came of a case: how often each engine was asked, and where they did not agree. */
export interface FuzzResult {
  readonly asked: number;
  readonly allowed: number;
  readonly unknown: number;
  /** Connections the emitted policies were asked about; none where the compiler said that they can not say it all. */
  readonly askedPolicies: number;
  readonly disagreements: readonly string[];
}

const CONNECTIONS = 60;

export function fuzzCase(seed: number): FuzzCase {
  const random = new Random(seed);
  const cluster = randomCluster(random);
  const snapshot = snapshotOfCluster(cluster);
  const { manifests, learned } = randomPolicySet(cluster.workloads, random);
  const policies = { manifests: manifests.filter((manifest) => readPolicy(manifest) !== undefined), learned };
  return { seed, snapshot, policies, connections: randomConnections(snapshot, revisionOf(policies), random) };
}

/** Reads a policy as a cluster would; undefined where an API server refuses it. */
function readPolicy(body: JsonObject): Policy | undefined {
  const { apiVersion, kind, metadata } = body as { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string } };
  const reader = policyReaderOf(apiVersion, kind);
  if (reader === undefined) throw new Error(`read ${kind}: no policy`);
  return reader({ kind: 'manifest', apiVersion, objectKind: kind, namespace: metadata.namespace ?? '', name: metadata.name, body, origin }).value;
}

export function revisionOf({ manifests, learned }: PolicySet): Revision {
  return adoptPolicies([...manifests.map(readPolicy).filter((policy) => policy !== undefined), ...learned]);
}

export function randomConnections(snapshot: Snapshot, revision: Revision, random: Random): readonly Connection[] {
  const pods = [...snapshot.pods.values()].filter(({ phase }) => phase !== 'finished');
  const inside = pods.flatMap((pod) => pod.addresses.map((address): Endpoint => ({ kind: 'pod', pod, address })));
  const outside = [...outsideAddresses(snapshot, revision), ...strangers(snapshot)].map((address): Endpoint => ({ kind: 'address', address }));
  const found: Connection[] = [];
  if (inside.length === 0) return found;
  for (let tries = 0; found.length < CONNECTIONS && tries < 20 * CONNECTIONS; tries += 1) {
    const pod = random.pick(inside);
    const others = (random.chance(0.7) ? inside : outside).filter(({ address }) => address.family === pod.address.family);
    if (others.length === 0) continue;
    const other = random.pick(others);
    const [from, to] = random.chance(0.5) ? [pod, other] : [other, pod];
    const protocol = random.pick<Protocol>(['TCP', 'TCP', 'TCP', 'UDP', 'UDP', 'SCTP', 'ICMP']);
    const port = protocol === 'ICMP' ? 0 : random.pick([53, 80, 80, 81, 82, 8080, 8080, 9090, 52, 40999]);
    found.push({ from, to, protocol, port, ...(random.chance(0.1) ? { application: random.pick(['http', 'postgresql']) } : {}) });
  }
  return found;
}

/** Addresses finished pods have given back, and neighbours of pods' addresses, that nobody has now. */
function strangers(snapshot: Snapshot): readonly Address[] {
  const pods = [...snapshot.pods.values()].filter(({ hostNetwork }) => !hostNetwork);
  const taken = new Set(pods.filter(({ phase }) => phase !== 'finished').flatMap(({ addresses }) => addresses.map(({ text }) => text)));
  const near = pods.flatMap(({ addresses, phase }) => addresses.map((address) => (phase === 'finished' ? address : addressFromBits(address.family, address.bits + 1n))));
  const blocks = podBlocks(snapshot);
  return near.filter((address) => !taken.has(address.text) && !blocks.some((block) => prefixContains(block, address)));
}

export function runCase({ snapshot, policies, connections }: FuzzCase): FuzzResult {
  const revision = revisionOf(policies);
  const evaluator = createEvaluator(revision, snapshot);
  const tracer = tracerOf(snapshot, emitRulesets(revision, snapshot));
  const { sayable, emitted } = roundTrip(revision, snapshot);
  const isDeclared = [...snapshot.namespaces.values()].every((namespace) => namespace.isDeclared);
  let isUndecided: boolean | undefined;
  const disagreements: string[] = [];
  const count = { asked: 0, allowed: 0, unknown: 0, askedPolicies: 0 };
  for (const connection of connections) {
    const decision = evaluator.evaluate(connection).decision;
    const isAllowed = decision === 'allow';
    count.asked += 1;
    if (isAllowed) count.allowed += 1;
    if (decision === 'unknown') count.unknown += 1;
    const differ = (engine: string, said: string): void => void disagreements.push(`${describeConnection(connection)}${connection.application === undefined ? '' : ` ${connection.application}`}: evaluate ${decision}, ${engine} ${said}`);
    if (isDeclared) {
      const answer = askOracle(policies, snapshot, connection);
      if (answer !== decision && !(decision === 'unknown' && domainsOf(policies) > 1)) differ('oracle', answer);
    }
    // what a connection speaks is nothing a ruleset or a NetworkPolicy can see
    if (connection.application !== undefined) continue;
    // what may be passed on or not, by labels nobody knows, a ruleset cannot ask both ways, and says so
    if (decision === 'unknown') isUndecided ??= compileNodes(revision, snapshot, { digest }).diagnostics.some(({ code }) => code === 'pass-undecided');
    if (decision !== 'unknown' || isUndecided !== true) {
      const first = tracer.trace(connection).verdict;
      if ((first === 'accept') !== isAllowed) differ('ruleset', first);
      const answer = tracer.trace(connection, 'unstamped answer').verdict;
      if ((answer === 'accept') !== isAllowed) differ('ruleset, of an answer,', answer);
    }
    if (emitted === undefined) continue;
    count.askedPolicies += 1;
    const wanted = sayable.evaluate(connection).decision;
    const got = emitted.evaluate(connection).decision;
    if (got !== wanted) disagreements.push(`${describeConnection(connection)}: evaluate ${wanted}, emitted policies ${got}`);
  }
  return { ...count, disagreements };
}

function domainsOf({ manifests }: PolicySet): number {
  return new Set(JSON.stringify(manifests).match(/example\.(?:com|org)/g) ?? []).size;
}

/** What NetworkPolicy can say at all of a revision (all but the admin tiers), and what was emitted for it where the compiler has no reservations. */
function roundTrip({ policies }: Revision, snapshot: Snapshot): { readonly sayable: Evaluator; readonly emitted: Evaluator | undefined } {
  const revision = adoptPolicies(policies.filter(({ kind }) => kind === 'namespaced'));
  const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
  const isSaid = diagnostics.length === 0;
  return { sayable: createEvaluator(revision, snapshot), emitted: isSaid ? createEvaluator(adoptPolicies(policiesOf(renderYaml(objects))), snapshot) : undefined };
}

/** The case with as little of its policies as still makes the engines differ: for whoever reads the failure. */
export function shrink(given: FuzzCase): FuzzCase {
  let smallest = given;
  for (const kind of ['manifests', 'learned'] as const) {
    for (let at = smallest.policies[kind].length - 1; at >= 0; at -= 1) {
      const fewer = { ...smallest, policies: { ...smallest.policies, [kind]: smallest.policies[kind].filter((_, index) => index !== at) } };
      if (runCase(fewer).disagreements.length > 0) smallest = fewer;
    }
  }
  return smallest;
}

/** A failing case in words. */
export function explainCase(given: FuzzCase): string {
  const { seed, snapshot, policies } = shrink(given);
  const pods = [...snapshot.pods.values()].map((pod) => {
    const ports = pod.ports.map(({ name = '', port, protocol }) => `${name}:${String(port)}/${protocol}`);
    return `${podKey(pod)} ${JSON.stringify(pod.labels)} on ${pod.node ?? 'no node'} ${pod.hostNetwork ? 'host ' : ''}${pod.phase} ${pod.workload.name} ${pod.addresses.map(({ text }) => text).join()} [${ports.join()}]`;
  });
  const namespaces = [...snapshot.namespaces.values()].map(({ name, labels, isDeclared }) => `${name} ${isDeclared ? JSON.stringify(labels) : 'not declared'}`);
  const nodes = [...snapshot.nodes.values()].map(({ name, labels, addresses, podCidrs }) => `${name} ${JSON.stringify(labels)} ${addresses.map(({ text }) => text).join()} pods in ${podCidrs.join()}`);
  const texts = [...policies.manifests, ...policies.learned].map((policy) => JSON.stringify(policy, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));
  const found = runCase({ ...given, policies }).disagreements.slice(0, 8);
  return [`seed ${String(seed)}`, ...found, ...namespaces, ...nodes, ...pods, ...texts].join('\n');
}
