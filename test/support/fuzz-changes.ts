import { changesBetween, compileNodes, type NodeBundle, NodeCompiler, renderRuleset } from '#compilers/nftables';
import { type Policy, podKey, type Revision, type Snapshot } from '#model';
import { adoptPolicies } from '#policy';

import { digest } from './agreement.ts';
import { revisionOf } from './fuzz.ts';
import { randomPolicySet } from './fuzz-policies.ts';
import { type Cluster, NAMESPACES, randomCluster, randomNamespaceLabels, randomNode, randomPod, randomPodLabels, snapshotOfCluster } from './fuzz-world.ts';
import type { Random } from './random.ts';
import { namespace } from './worlds.ts';

interface Moment {
  readonly cluster: Cluster;
  readonly policies: readonly Policy[];
}

interface Input {
  readonly snapshot: Snapshot;
  readonly revision: Revision;
}

export function firstMoment(random: Random): Moment {
  const cluster = randomCluster(random);
  return { cluster, policies: revisionOf(randomPolicySet(cluster.workloads, random)).policies };
}

/** The next moment and what happened: something to pods, namespaces, nodes or policies, often several at once. */
export function nextMoment(before: Moment, random: Random): { readonly moment: Moment; readonly what: readonly string[] } {
  let moment = before;
  const what: string[] = [];
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    const change = random.pick(CHANGES);
    moment = change(moment, random);
    what.push(change.name);
  }
  return { moment, what };
}

type Change = (moment: Moment, random: Random) => Moment;

const CHANGES: readonly Change[] = [podAdded, podGone, podRelabelled, podMoved, podFinished, podMoved, addressHandedOver, addressClaimedTwice, namespaceRelabelled, namespaceUndeclared, nodeChanged, nodeGone, policiesReplaced, policyAdded, policyGone];

function withPods(moment: Moment, pods: Cluster['pods']): Moment {
  return { ...moment, cluster: { ...moment.cluster, pods } };
}

function podAdded(moment: Moment, random: Random): Moment {
  const { cluster } = moment;
  const owner = random.pick(cluster.workloads);
  const name = `${owner.ref.name}-${String(2 + random.below(4))}`;
  if (cluster.pods.some((pod) => pod.namespace === owner.ref.namespace && pod.name === name)) return moment;
  return withPods(moment, [...cluster.pods, randomPod(owner, name, cluster, random)]);
}

function podGone(moment: Moment, random: Random): Moment {
  const at = random.below(moment.cluster.pods.length + 1);
  return withPods(moment, moment.cluster.pods.filter((_, index) => index !== at));
}

function podRelabelled(moment: Moment, random: Random): Moment {
  return oneOtherPod(moment, random, (pod) => ({ ...pod, labels: randomPodLabels(random) }));
}

function podMoved(moment: Moment, random: Random): Moment {
  return oneOtherPod(moment, random, (pod, others) => {
    const owner = moment.cluster.workloads.find(({ ref }) => ref === pod.workload);
    return owner === undefined ? pod : { ...randomPod(owner, pod.name, { ...moment.cluster, pods: others }, random), labels: pod.labels };
  });
}

function podFinished(moment: Moment, random: Random): Moment {
  return oneOtherPod(moment, random, (pod) => ({ ...pod, phase: 'finished' }));
}

/** A pod takes over the addresses of another, which moves away: the one thing a table of last writers gets wrong. */
function addressHandedOver(moment: Moment, random: Random): Moment {
  const [first, second, ...rest] = moment.cluster.pods;
  if (first === undefined || second === undefined || first.hostNetwork || second.hostNetwork) return moment;
  const [heir, other] = random.chance(0.5) ? [first, second] : [second, first];
  return withPods(moment, [{ ...heir, addresses: other.addresses }, { ...other, addresses: heir.addresses }, ...rest]);
}

/** For a while two pods say they have one address. */
function addressClaimedTwice(moment: Moment, random: Random): Moment {
  return oneOtherPod(moment, random, (pod, others) => {
    const other = others[0];
    return other === undefined || pod.hostNetwork || other.hostNetwork ? pod : { ...pod, addresses: other.addresses };
  });
}

function oneOtherPod(moment: Moment, random: Random, change: (pod: Cluster['pods'][number], others: Cluster['pods']) => Cluster['pods'][number]): Moment {
  const { pods } = moment.cluster;
  const at = random.below(pods.length + 1);
  return withPods(moment, pods.map((pod, index) => (index === at ? change(pod, pods.filter((other) => other !== pod)) : pod)));
}

function namespaceRelabelled(moment: Moment, random: Random): Moment {
  const name = random.pick(NAMESPACES);
  const others = moment.cluster.namespaces.filter((each) => each.name !== name);
  return { ...moment, cluster: { ...moment.cluster, namespaces: [...others, namespace(name, randomNamespaceLabels(random))] } };
}

function namespaceUndeclared(moment: Moment, random: Random): Moment {
  const name = random.pick(NAMESPACES);
  return { ...moment, cluster: { ...moment.cluster, namespaces: moment.cluster.namespaces.filter((each) => each.name !== name) } };
}

function nodeChanged(moment: Moment, random: Random): Moment {
  const name = random.pick(['n1', 'n2', 'n3', 'n4']);
  const others = moment.cluster.nodes.filter((each) => each.name !== name);
  return { ...moment, cluster: { ...moment.cluster, nodes: [...others, randomNode(name, random)] } };
}

function nodeGone(moment: Moment, random: Random): Moment {
  const { nodes } = moment.cluster;
  if (nodes.length < 2) return moment;
  const gone = random.pick(nodes);
  // some of its pods stay behind: their node is then only a name
  const pods = moment.cluster.pods.filter(({ node }) => node !== gone.name || random.chance(0.3));
  return { ...moment, cluster: { ...moment.cluster, nodes: nodes.filter((each) => each !== gone), pods } };
}

function policiesReplaced(moment: Moment, random: Random): Moment {
  return { ...moment, policies: revisionOf(randomPolicySet(moment.cluster.workloads, random)).policies };
}

function policyAdded(moment: Moment, random: Random): Moment {
  const names = new Set(moment.policies.map(({ name }) => name));
  const more = revisionOf(randomPolicySet(moment.cluster.workloads, random)).policies.filter(({ name }) => !names.has(name));
  return { ...moment, policies: [...moment.policies, ...more.slice(0, 1)] };
}

function policyGone(moment: Moment, random: Random): Moment {
  const at = random.below(moment.policies.length + 1);
  return { ...moment, policies: moment.policies.filter((_, index) => index !== at) };
}

/** Follows a random sequence of changes with one compiler; says where it ends in another place than starting from scratch. */
export function followChanges(random: Random, steps: number): readonly string[] {
  let moment = firstMoment(random);
  let input = inputOf(moment);
  const compiler = new NodeCompiler(input.revision, input.snapshot, digest);
  const problems: string[] = [];
  const story: string[] = [];
  for (let step = 1; step <= steps && problems.length === 0; step += 1) {
    const next = nextMoment(moment, random);
    ({ moment } = next);
    story.push(next.what.join('+'));
    const before = new Map([...compiler.bundles()].map(([node, { hash }]) => [node, hash]));
    const after = inputOf(moment);
    const { changed, removed } = compiler.apply(changesBetween(input, after));
    input = after;
    const scratch = compileNodes(input.revision, input.snapshot, { digest });
    const [kept, wanted] = [describe([...compiler.bundles().values()]), describe(scratch.bundles)];
    if (kept !== wanted) problems.push(`${story.join(', ')}: other rulesets than from scratch`);
    if (JSON.stringify(compiler.diagnostics()) !== JSON.stringify(scratch.diagnostics)) problems.push(`${story.join(', ')}: other diagnostics than from scratch`);
    const said = [...changed.map(({ node }) => node), ...removed].sort().join();
    const real = [...new Set([...before.keys(), ...scratch.bundles.map(({ node }) => node)])].filter((node) => before.get(node) !== scratch.bundles.find((each) => each.node === node)?.hash).sort().join();
    if (said !== real) problems.push(`${story.join(', ')}: said that ${said} changed, and ${real} did`);
  }
  return problems;
}

/** A moment as what a compiler takes, its policies as an approved revision of that number. */
export function revisionOfMoment(moment: Moment, number: number): Input {
  const { snapshot, revision } = inputOf(moment);
  return { snapshot, revision: { ...revision, number } };
}

function inputOf({ cluster, policies }: Moment): Input {
  const keys = new Set(cluster.pods.map(podKey));
  if (keys.size !== cluster.pods.length) throw new Error('make a world: two pods of one name');
  return { snapshot: snapshotOfCluster(cluster), revision: adoptPolicies(policies) };
}

function describe(bundles: readonly NodeBundle[]): string {
  return bundles.map((bundle) => `${bundle.node} ${bundle.hash}\n${renderRuleset(bundle)}`).join('\n');
}
