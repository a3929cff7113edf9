import { describe, expect, it } from '@jest/globals';

import { compileNetworkPolicies, type NetworkPolicyObject, renderYaml } from '#compilers/kubernetes';
import { type Labels, type Pod, podKey, type Policy, type Snapshot } from '#model';
import { adoptPolicies, AllowedPorts, type Party, type PortSet, samePorts } from '#policy';

import { policiesOf } from './support/agreement.ts';
import { outsideAddresses } from './support/agreement-connections.ts';
import { WITNESSES } from './support/mutation.ts';
import { policyMutants } from './support/mutation-policies.ts';
import { pod } from './support/policies.ts';
import { learnWorld, readWorld, scenarios } from './support/scenario.ts';
import { namespace } from './support/worlds.ts';

let total = 0;
let missedForAReason = 0;

describe.each(scenarios())('$name', (scenario) => {
  it('misses every single thing that is taken out of the emitted policies or changed in them', () => {
    const files = scenario.policies === 'given' ? scenario.files : { ...scenario.files, 'witnesses.yaml': WITNESSES };
    const { snapshot } = readWorld(files, 1);
    const { revision } = learnWorld(snapshot, scenario);
    const { objects } = compileNetworkPolicies(revision, snapshot);
    const world = withStrangers(snapshot);
    const pods = [...world.pods.values()].filter(({ hostNetwork, phase }) => !hostNetwork && phase !== 'finished');
    const ends = [...pods.flatMap((each) => each.addresses.map((address): Party => ({ address, pod: each }))), ...outsideAddresses(world, revision).map((address): Party => ({ address }))];
    const whole = [...sidesOf(objects, world, pods, ends)];
    const missed: string[] = [];
    for (const mutant of policyMutants(objects)) {
      if (mutant.what.includes('witness-')) continue;
      total += 1;
      if (isDifferent(whole, sidesOf(mutant.objects, world, pods, ends))) continue;
      if ((SAID_TWICE[scenario.name] ?? []).some((reason) => mutant.what.includes(reason))) missedForAReason += 1;
      else missed.push(mutant.what);
    }
    expect(missed).toEqual([]);
  }, 60_000);
});

describe('what nothing can show', () => {
  it('is a small part', () => {
    expect(total).toBeGreaterThan(1000);
    expect(missedForAReason / total).toBeLessThan(0.03);
  });
});

/** Parts of emitted policies that say what another part says as well, by scenario. */
const SAID_TWICE: Readonly<Record<string, readonly string[]>> = {
  // a LoadBalancer lets anyone in on that port, its one client in the cluster too
  'clients-from-outside': ['deployment-edge: ingress[1]'],
  // it is there to select nobody
  'given-isolation': ['networkpolicy-data-nobody'],
  // the resolver may ask anybody on port 53, other resolvers too
  'name-resolution': ['deployment-coredns: egress[1]'],
  // a peer without labels is every pod of its namespace
  'pods-without-labels': ['deployment-api: ingress[0]'],
};

/**
 * The world with somebody whom no policy means beside everybody one does: a pod without labels in
 * every namespace, pods with all labels but one of somebody, and pods with everybody's labels in a
 * namespace of their own. A selector that lost a part takes one of them too.
 */
function withStrangers(snapshot: Snapshot): Snapshot {
  const wanted = new Map<string, readonly [string, Labels]>();
  const add = (where: string, labels: Labels): void => void wanted.set(JSON.stringify([where, Object.entries(labels).sort()]), [where, labels]);
  for (const { namespace: where, labels } of snapshot.pods.values()) {
    add(where, {});
    add('elsewhere', labels);
    const keys = Object.keys(labels);
    if (keys.length > 1) for (const gone of keys) add(where, Object.fromEntries(Object.entries(labels).filter(([key]) => key !== gone)));
  }
  const strangers = [...wanted.values()].map(([where, labels], at): Pod => pod(`${where}/stranger-${String(at)}`, [`10.251.0.${String(at + 1)}`, `fd00:251::${(at + 1).toString(16)}`], { labels }));
  return {
    ...snapshot,
    namespaces: new Map([...snapshot.namespaces, ['elsewhere', namespace('elsewhere')]]),
    pods: new Map([...snapshot.pods, ...strangers.map((each) => [podKey(each), each] as const)]),
  };
}

function isDifferent(whole: readonly PortSet[], others: Iterable<PortSet>): boolean {
  let at = 0;
  for (const ports of others) {
    if (!samePorts(ports, whole[at]!)) return true;
    at += 1;
  }
  return false;
}

const known = new WeakMap<NetworkPolicyObject, readonly Policy[]>();

/** What a cluster reads of one object's text. */
function readBack(object: NetworkPolicyObject): readonly Policy[] {
  const policies = known.get(object) ?? policiesOf(renderYaml([object]));
  known.set(object, policies);
  return policies;
}

/** Everything each pod may send to each end and receive from it, as a cluster has it that reads these policies. */
function* sidesOf(objects: readonly NetworkPolicyObject[], snapshot: Snapshot, pods: readonly Pod[], ends: readonly Party[]): Generator<PortSet> {
  const allowed = new AllowedPorts(adoptPolicies(objects.flatMap(readBack)), snapshot);
  for (const each of pods) {
    for (const address of each.addresses) {
      for (const end of ends) {
        if (end.pod === each || end.address.family !== address.family) continue;
        yield allowed.side('ingress', { address, pod: each }, end, each, 'any', 'certain');
        yield allowed.side('egress', { address, pod: each }, end, end.pod, 'any', 'certain');
      }
    }
  }
}
