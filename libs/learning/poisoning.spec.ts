import { describe, expect, it } from '@jest/globals';

import type { ObservedRelationship, Snapshot, WorkloadReview } from '#model';
import { workloadKey } from '#model';

import { BEGIN, context, evidence, HOUR, NOW, observed, WATCHED_HOURS } from '../../test/support/observed-worlds.ts';
import { Random } from '../../test/support/random.ts';
import { graph, relationship, workload, world } from '../../test/support/worlds.ts';
import { autoApprovable, type AutoApprovalRule, review } from './index.ts';
import { meaningOf } from './rule-draft.ts';

/** The most careless rule somebody could write: whatever is proposed and not in quarantine. */
const careless: AutoApprovalRule = {
  name: 'careless',
  title: 'Everything',
  why: 'why not',
  namespaces: { requirements: [] },
  workloads: { requirements: [{ key: 'app', operator: 'Exists', values: [] }] },
  kinds: [],
  evidence: ['both', 'declared', 'observed'],
  coverage: { low: 0 },
  closed: [],
  quarantined: 'leave-out',
  widenings: 'allow',
};

const NAMES = ['web', 'api', 'db', 'cache', 'queue', 'mail'].map((name) => `shop/Deployment/${name}`);
const OUTSIDE = ['198.51.100.7', '2001:db8:f00::7', '203.0.0.0/16', '2001:db8::/32', '0.0.0.0/0', 'exfil.example.com', '169.254.169.254', 'node node-1', 'kube-apiserver', 'internet', 'service shop/db'];

function cluster(replicas: number): Snapshot {
  const made = world({ workloads: NAMES.map((name) => workload(name, { replicas })), namespaces: [{ name: 'shop', labels: {}, isDeclared: true }] });
  return { ...made, pods: new Map([...made.pods].map(([key, pod]) => [key, { ...pod, isExample: false }])) };
}

interface Honest {
  readonly relationships: ReturnType<typeof relationship>[];
  readonly seen: readonly ObservedRelationship[];
  readonly unknown: readonly string[];
}

function honestWorld(random: Random): Honest {
  const pairs = new Map(random.several(4, 10, () => ({ from: random.pick(NAMES), to: random.pick(NAMES), port: 8000 + random.below(4) })).map((each) => [JSON.stringify(each), each]));
  const declared = [...pairs.values()].filter(() => random.chance(0.7));
  return {
    relationships: declared.map(({ from, to, port }) => relationship(from, to, port, { tier: random.chance(0.8) ? 'strong' : 'weak', ...(random.chance(0.15) ? { isPortGuessed: true } : {}) })),
    seen: [...pairs.values()].filter(() => random.chance(0.85)).map(({ from, to, port }) => observed(from, to, port, { clientPods: 32 })),
    unknown: NAMES.flatMap((name) => random.some([`${name} ingress`, `${name} egress`], 0.3)),
  };
}

/** Whatever one pod can make the nodes report: it chooses peers, ports, names, how often and since when. */
function attackOf(attacker: string, honest: Honest, mostPods: number, random: Random): readonly ObservedRelationship[] {
  const taken = new Set(honest.seen.map(keyOf));
  const tries = random.chance(0.2) ? 60 : 8;
  const ports = random.chance(0.3) ? 65_535 : 8;
  const made = random.several(1, tries, () => {
    const connections = random.pick([0, 1, 50, 1_000_000]);
    const begun = random.below(WATCHED_HOURS);
    return observed(attacker, random.pick([...NAMES, ...OUTSIDE]), 7998 + (random.below(ports) % 50_000), {
      protocol: random.pick(['TCP', 'UDP']),
      connections,
      buckets: 1 + random.below(WATCHED_HOURS - begun),
      firstSeen: BEGIN + begun * HOUR,
      lastSeen: NOW - random.below(begun + 1) * HOUR,
      replied: random.pick([undefined, 0, connections, Math.floor(connections / 2)]),
      denied: random.pick([0, 0, 7, 5_000]),
      wouldBeDenied: random.pick([0, 0, 3]),
      // its pod, and whatever pods it takes the place of by being started again
      clientPods: 1 + random.below(mostPods),
      processes: ['client postgres'],
      applications: random.some(['postgresql', 'tls', 'http'], 0.5),
    });
  });
  // what others of its workload do as well is not its doing alone: the node reports one for both
  return [...new Map(made.map((each) => [keyOf(each), each])).values()].filter((each) => !taken.has(keyOf(each)));
}

function keyOf({ from, to, port, protocol }: ObservedRelationship): string {
  return JSON.stringify([from, to, port, protocol]);
}

/** Everything that would be approved without a person, as `workload direction meaning`. */
function approvedOf({ relationships, seen, unknown }: Honest, snapshot: Snapshot): ReadonlySet<string> {
  const reviews = review(graph(snapshot, { relationships, unknown }), evidence({ relationships: seen, workloads: Object.fromEntries(NAMES.map((name) => [name, {}])) }), snapshot, context(snapshot));
  return new Set([...reviews.values()].flatMap((each) => allowances(each, snapshot)));
}

function allowances(found: WorkloadReview, snapshot: Snapshot): readonly string[] {
  const approval = autoApprovable({ ...found, isReady: true }, [careless], snapshot);
  if (approval.kind !== 'approved') return [];
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const proposal = found.proposal[direction];
    const rules = proposal.kind === 'closed' ? proposal.rules.filter(({ id }) => !approval.leaveOut.includes(id)) : [];
    return rules.map((rule) => `${workloadKey(found.workload)} ${direction} ${meaningOf(rule)}`);
  });
}

describe.each([
  { replicas: 40, mostPods: 4 },
  { replicas: 4, mostPods: 1 },
  { replicas: 1, mostPods: 1 },
])('a pod of $replicas that makes the nodes report whatever it likes', ({ replicas, mostPods }) => {
  const snapshot = cluster(replicas);

  it('writes no rule that anything but a person would approve', () => {
    let approved = 0;
    for (let seed = 1; seed <= 60; seed += 1) {
      const random = new Random(seed * 1000 + replicas);
      const honest = honestWorld(random);
      const attack = attackOf(random.pick(NAMES), honest, mostPods, random);
      const before = approvedOf(honest, snapshot);
      const after = approvedOf({ ...honest, seen: [...honest.seen, ...attack] }, snapshot);
      // a direction that was open before says nothing of what it needs
      const closedBefore = new Set([...before].map((each) => each.split(' ').slice(0, 2).join(' ')));
      const gained = [...after].filter((each) => !before.has(each) && closedBefore.has(each.split(' ').slice(0, 2).join(' ')));
      expect({ seed, gained }).toEqual({ seed, gained: [] });
      approved += before.size;
    }
    expect(approved).toBeGreaterThan(200);
  });

  it('is kept from it by quarantine: done by every pod, and for long, the same would be approved', () => {
    const honest = { ...honestWorld(new Random(1)), unknown: [] };
    const all = observed(NAMES[0] ?? '', '198.51.100.7', 443, { clientPods: 32 });
    const before = approvedOf(honest, snapshot);
    expect([...approvedOf({ ...honest, seen: [...honest.seen, all] }, snapshot)].filter((each) => !before.has(each))).toHaveLength(1);
  });
});
