import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { type Connection, type Policy, type Snapshot } from '#model';
import { adoptPolicies, createEvaluator } from '#policy';

import { random } from '../../../test/support/large-cluster.ts';
import { connectionsOf, namespaced, type Placement, PEERS, PORTS, randomPolicies, rule, smallWorld, SUBJECTS } from '../../../test/support/policy-worlds.ts';
import { compileNodes } from './compile.ts';
import { renderRuleset } from './render-ruleset.ts';
import { type ConnectionTracer, createConnectionTracer } from './trace-connection.ts';
import { createTracer } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

interface Small {
  readonly placement: Placement;
  readonly snapshot: Snapshot;
  readonly connections: readonly Connection[];
}

const WORLDS = (['together', 'apart'] as const).map((placement): Small => {
  const snapshot = smallWorld(placement);
  return { placement, snapshot, connections: connectionsOf(snapshot) };
});

function tracerOf(policies: readonly Policy[], snapshot: Snapshot): ConnectionTracer {
  const { bundles } = compileNodes(adoptPolicies(policies), snapshot, { digest });
  const tracers = new Map(bundles.map((bundle) => [bundle.node, createTracer(renderRuleset(bundle))]));
  return createConnectionTracer(snapshot, (node) => tracers.get(node));
}

/** Connections the emitted rules judge otherwise than `evaluate`, by their first packet or by an answer. */
function disagreements(policies: readonly Policy[], { placement, snapshot, connections }: Small): readonly string[] {
  const evaluator = createEvaluator(adoptPolicies(policies), snapshot);
  const tracer = tracerOf(policies, snapshot);
  const found: string[] = [];
  for (const connection of connections) {
    const expected = evaluator.evaluate(connection).decision === 'allow' ? 'accept' : 'drop';
    const first = tracer.trace(connection).verdict;
    const answer = tracer.trace(connection, 'unstamped answer').verdict;
    if (first === expected && answer === expected) continue;
    const { from, to, protocol, port } = connection;
    found.push(`${placement}: ${from.address.text} to ${to.address.text} ${String(port)}/${protocol}: ${expected} expected, first packet ${first}, answer ${answer}`);
  }
  return found;
}

describe('every small policy says in nftables what it says in evaluate', () => {
  const cases = SUBJECTS.flatMap((subject, at) => (['ingress', 'egress'] as const).map((direction) => [`${direction} of subject ${String(at)}`, subject, direction] as const));

  it.each(cases)('%s', (_name, subject, direction) => {
    for (const peers of PEERS) {
      for (const ports of PORTS) {
        const policies = [namespaced('NetworkPolicy x/p', subject, { [direction]: [rule('r', peers, ports)] })];
        for (const small of WORLDS) expect(disagreements(policies, small)).toEqual([]);
      }
    }
  });
});

describe('random policies in all tiers say in nftables what they say in evaluate', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))('seed %d', (seed) => {
    const policies = randomPolicies(random(seed));
    for (const small of WORLDS) expect(disagreements(policies, small)).toEqual([]);
  });
});

describe('what evaluate does not know', () => {
  // NetworkPolicies name their own namespace; the admin tiers select namespaces by labels
  function isAsWritten({ kind, subject }: Policy): boolean {
    return kind === 'admin' || subject.kind === 'workload' || subject.namespaces.kind === 'name';
  }

  it('is closed, where the labels of a namespace are not in the input', () => {
    const snapshot = smallWorld('apart');
    const y = { ...snapshot.namespaces.get('y')!, labels: { 'kubernetes.io/metadata.name': 'y' }, isDeclared: false };
    const small = { ...WORLDS[1]!, snapshot: { ...snapshot, namespaces: new Map([...snapshot.namespaces, ['y', y]]) } };
    let unknown = 0;
    for (let seed = 0; seed < 80; seed += 1) {
      const policies = randomPolicies(random(seed)).filter(isAsWritten);
      const evaluator = createEvaluator(adoptPolicies(policies), small.snapshot);
      unknown += small.connections.filter((connection) => evaluator.evaluate(connection).decision === 'unknown').length;
      expect(disagreements(policies, small)).toEqual([]);
    }
    expect(unknown).toBeGreaterThan(100);
  });
});

describe('the comparison', () => {
  it('has something to compare: both verdicts are common, in both families', () => {
    const [together] = WORLDS;
    const policies = [namespaced('NetworkPolicy x/p', SUBJECTS[0]!, { ingress: [rule('r', PEERS[2]!, PORTS[2]!)], egress: [rule('r', PEERS[3]!, PORTS[4]!)] })];
    const tracer = tracerOf(policies, together!.snapshot);
    const counts = new Map<string, number>();
    for (const connection of together!.connections) {
      const key = `${String(connection.to.address.family)} ${tracer.trace(connection).verdict}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['4 accept', '4 drop', '6 accept', '6 drop']);
    expect(Math.min(...counts.values())).toBeGreaterThan(20);
  });

  it('says which rules of policies let a connection through', () => {
    const [, apart] = WORLDS;
    const web = { ...rule('in', PEERS[2]!, PORTS[2]!), application: 'http' };
    const policies = [
      namespaced('NetworkPolicy x/b', { kind: 'workload', workload: { namespace: 'x', kind: 'Deployment', name: 'b' } }, { ingress: [web] }),
      namespaced('NetworkPolicy x/a', SUBJECTS[1]!, { egress: [rule('out', 'any', 'any')] }),
    ];
    const { snapshot, connections } = apart!;
    const connection = connections.find(({ from, to, port }) => from.kind === 'pod' && from.pod.name === 'a' && to.kind === 'pod' && to.pod.name === 'b' && port === 80);
    const { nodes, rule: decided } = tracerOf(policies, snapshot).trace(connection!);
    expect(nodes.map(({ node, hook, rules }) => [node, hook, rules.map((each) => each.rule)])).toEqual([
      ['n1', 'forward', ['out']],
      ['n2', 'forward', ['in']],
    ]);
    expect(decided).toMatchObject({ policy: 'NetworkPolicy x/b', rule: 'in', application: 'http' });
  });
});
