import { describe, expect, it } from '@jest/globals';

import type { Connection, Pod, Revision, Snapshot } from '#model';
import { AllowedPorts, createEvaluator, hasPort, type Party } from '#policy';

import { describeConnection, emitRulesets } from './support/agreement.ts';
import { connectionsOf, outsideAddresses } from './support/agreement-connections.ts';
import { apart, connectionsAt, EMITTED, packetsOf, rulesetMutants, shown, WITNESSES } from './support/mutation.ts';
import { Excuses } from './support/mutation-excuses.ts';
import { learnWorld, readWorld, type Scenario, scenarios } from './support/scenario.ts';

interface Mutated {
  readonly snapshot: Snapshot;
  readonly revision: Revision;
  readonly texts: ReadonlyMap<string, string>;
  readonly connections: readonly Connection[];
  /** The pods whose nodes' rulesets are changed. */
  readonly owners: readonly Pod[];
}

function mutated(scenario: Scenario): Mutated {
  const files = scenario.policies === 'given' ? scenario.files : { ...scenario.files, 'witnesses.yaml': WITNESSES };
  const { snapshot: together } = readWorld(files, 1);
  const { revision, graph } = learnWorld(together, scenario);
  const snapshot = apart(together);
  const owners = [...snapshot.pods.values()].filter(({ hostNetwork, node, name }) => !hostNetwork && node?.startsWith('apart-') === true && !name.startsWith('witness-'));
  return { snapshot, revision, texts: emitRulesets(revision, snapshot), connections: [...connectionsOf(snapshot, revision, graph)], owners };
}

function partiesOf(snapshot: Snapshot, revision: Revision): readonly Party[] {
  const pods = [...snapshot.pods.values()].filter(({ hostNetwork, phase }) => !hostNetwork && phase !== 'finished');
  return [...pods.flatMap((pod) => pod.addresses.map((address): Party => ({ address, pod }))), ...outsideAddresses(snapshot, revision).map((address): Party => ({ address }))];
}

const excused = new Map<string, number>();
let total = 0;

const all = scenarios();

describe.each(all)('$name', (scenario) => {
  const { snapshot, revision, texts, connections, owners } = mutated(scenario);

  it('misses every single thing that is taken out of a ruleset or changed in it', () => {
    expect(owners.length).toBeGreaterThan(0);
    const missed: string[] = [];
    for (const pod of owners) {
      const text = texts.get(pod.node!)!;
      const cases = packetsOf(connectionsAt(snapshot.nodes.get(pod.node!)!, connections), text);
      const excuses = new Excuses(text, pod, partiesOf(snapshot, revision), snapshot, revision);
      for (const mutant of rulesetMutants(text)) {
        if (!EMITTED.test(mutant.inside)) continue;
        total += 1;
        if (shown(mutant, cases) !== undefined) continue;
        const excuse = excuses.excuse(mutant);
        if (excuse === undefined) missed.push(`${pod.name}: ${mutant.inside}: ${mutant.what}`);
        else excused.set(excuse, (excused.get(excuse) ?? 0) + 1);
      }
    }
    expect(missed).toEqual([]);
  }, 60_000);

  it('judges at each end alone as evaluate does', () => {
    expect(differencesAtOneEnd({ snapshot, revision, texts, connections, owners })).toEqual([]);
  });
});

describe('what nothing can show', () => {
  it('is a small part, each for a reason', () => {
    const count = [...excused.values()].reduce((sum, each) => sum + each, 0);
    expect(total).toBeGreaterThan(5000);
    expect(count / total).toBeLessThan(0.08);
  });
});

/** What packets are compared with: each node's ruleset lets through what evaluate says of the end it protects. */
function differencesAtOneEnd({ snapshot, revision, texts, connections, owners }: Mutated): readonly string[] {
  const allowed = new AllowedPorts(revision, snapshot);
  const evaluator = createEvaluator(revision, snapshot);
  const differences: string[] = [];
  for (const pod of owners) {
    const cases = new Map(packetsOf(connectionsAt(snapshot.nodes.get(pod.node!)!, connections), texts.get(pod.node!)!).map((each) => [`${each.packet.source.text} ${each.packet.destination.text} ${each.packet.protocol} ${String(each.packet.destinationPort)} ${each.packet.ctState}`, each]));
    for (const connection of connections) {
      const { from, to, protocol, port } = connection;
      const found = cases.get(`${from.address.text} ${to.address.text} ${protocol} ${String(port)} new`);
      const isSender = from.kind === 'pod' && from.pod === pod;
      const isReceiver = to.kind === 'pod' && to.pod === pod;
      if (found === undefined || isSender === isReceiver) continue;
      const [own, peer] = isSender ? [from, to] : [to, from];
      const party = (end: Connection['from']): Party => (end.kind === 'pod' && !end.pod.hostNetwork ? { address: end.address, pod: end.pod } : { address: end.address });
      const ports = allowed.side(isSender ? 'egress' : 'ingress', party(own), party(peer), party(to).pod, 'any', 'certain');
      if ((found.verdict === 'accept') !== hasPort(ports, protocol, port)) differences.push(`${describeConnection(connection)} at ${pod.name}`);
      if (found.verdict === 'drop' && evaluator.evaluate(connection).decision === 'allow') differences.push(`${describeConnection(connection)} at ${pod.name}, though evaluate allows it`);
    }
  }
  return differences.slice(0, 10);
}
