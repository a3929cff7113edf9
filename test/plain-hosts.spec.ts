import { describe, expect, it } from '@jest/globals';

import { compileNetworkPolicies, renderYaml } from '#compilers/kubernetes';
import { compileNodes, HostCompiler, renderRuleset, withNodeSettings } from '#compilers/nftables';
import { adoptPolicies, AllowedPorts, createEvaluator, hasPort, type Party } from '#policy';
import type { Endpoint, NamespacedPolicy, Revision, Snapshot } from '#model';

import { describeConnection, digest, policiesOf, tracerOf } from './support/agreement.ts';
import { isLetThrough } from './support/host-oracle.ts';
import { type HostCase, hostCase } from './support/host-worlds.ts';
import { Random } from './support/random.ts';

/* RINGFENCE_FUZZ_SEED and RINGFENCE_FUZZ_CASES as in fuzz.spec.ts. */
const FIRST = Number(process.env['RINGFENCE_FUZZ_SEED'] ?? 1);
const CASES = Math.ceil(Number(process.env['RINGFENCE_FUZZ_CASES'] ?? 5000) / 12);

function rulesetsOf(revision: Revision, snapshot: Snapshot): ReadonlyMap<string, string> {
  const hosts = new HostCompiler({ digest }).compile(revision, snapshot, () => 'enforce');
  return new Map(compileNodes(revision, snapshot, { digest }).bundles.map((bundle) => {
    const host = hosts.get(bundle.node);
    return [bundle.node, renderRuleset(withNodeSettings(bundle, host === undefined ? {} : { host }, digest))];
  }));
}

function partyOf(end: Endpoint, { pods }: Snapshot): Party {
  const { address } = end;
  if (end.kind === 'pod') return end.pod.hostNetwork ? { address, host: end.pod } : { address, pod: end.pod };
  const pod = [...pods.values()].find(({ hostNetwork, addresses }) => !hostNetwork && addresses.some(({ text }) => text === address.text));
  return pod === undefined ? { address } : { address, pod };
}

function disagreementsIn({ snapshot, policies, connections }: HostCase): { readonly allowed: number; readonly texts: readonly string[] } {
  const revision = adoptPolicies(policies);
  const evaluator = createEvaluator(revision, snapshot);
  const ports = new AllowedPorts(revision, snapshot);
  const tracer = tracerOf(snapshot, rulesetsOf(revision, snapshot));
  const texts: string[] = [];
  let allowed = 0;
  for (const connection of connections) {
    const { from, to, protocol, port } = connection;
    const said = {
      oracle: isLetThrough(policies, snapshot, connection),
      evaluate: evaluator.evaluate(connection).decision === 'allow',
      ports: hasPort(ports.between(partyOf(from, snapshot), partyOf(to, snapshot)), protocol, port),
      ruleset: tracer.trace(connection).verdict === 'accept',
      answer: tracer.trace(connection, 'unstamped answer').verdict === 'accept',
    };
    if (said.oracle) allowed += 1;
    if (new Set(Object.values(said)).size > 1) texts.push(`${describeConnection(connection)}: ${JSON.stringify(said)}`);
  }
  return { allowed, texts };
}

describe('plain hosts', () => {
  it(`are let through by evaluate, sets of ports and rulesets what the oracle says, in ${String(CASES)} worlds from seed ${String(FIRST)}`, () => {
    const total = { asked: 0, allowed: 0 };
    for (let seed = FIRST; seed < FIRST + CASES; seed += 1) {
      const given = hostCase(new Random(seed));
      const { allowed, texts } = disagreementsIn(given);
      expect({ seed, texts }).toEqual({ seed, texts: [] });
      total.asked += given.connections.length;
      total.allowed += allowed;
    }
    // a generator that only ever opens or closes would prove nothing
    expect(total.allowed).toBeGreaterThan(total.asked / 10);
    expect(total.asked - total.allowed).toBeGreaterThan(total.asked / 10);
  }, 600_000);

  it('compile change by change to what they compile to from scratch', () => {
    const compiler = new HostCompiler({ digest });
    for (let seed = FIRST; seed < FIRST + 100; seed += 1) {
      const { snapshot, policies } = hostCase(new Random(seed));
      const revision = adoptPolicies(policies);
      const told = (hosts: ReturnType<HostCompiler['compile']>): unknown => [...hosts].map(([name, { entry, profiles }]) => [name, entry.ingress, entry.sshPort, entry.channelPort, entry.addresses.map(({ text }) => text), profiles.map((profile) => profile.digest)]);
      expect({ seed, hosts: told(compiler.compile(revision, snapshot, () => 'enforce')) }).toEqual({ seed, hosts: told(new HostCompiler({ digest }).compile(revision, snapshot, () => 'enforce')) });
    }
  });

  it('are peers of NetworkPolicies by their addresses', () => {
    let asked = 0;
    for (let seed = FIRST; seed < FIRST + 200; seed += 1) {
      const { snapshot: plain, policies, connections } = hostCase(new Random(seed));
      // the same world as a cluster: containers are pods with a label each
      const pods = new Map([...plain.pods].map(([key, pod]) => [key, pod.hostNetwork ? pod : { ...pod, labels: { app: pod.name } }]));
      const workloads = new Map([...plain.workloads].map(([key, each]) => [key, each.hostNetwork ? each : { ...each, platform: 'kubernetes' as const, podLabels: { app: each.ref.name } }]));
      const snapshot = { ...plain, pods, workloads };
      const revision = adoptPolicies(policies.filter(({ subject }) => subject.kind === 'workload' && subject.workload.kind === 'Container'));
      const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
      if (diagnostics.length > 0) continue;
      const [approved, emitted] = [createEvaluator(revision, snapshot), createEvaluator(adoptPolicies(policiesOf(renderYaml(objects))), snapshot)];
      const again = (end: Endpoint): Endpoint => (end.kind === 'pod' ? { ...end, pod: pods.get(`${end.pod.namespace}/${end.pod.name}`)! } : end);
      for (const { from, to, ...rest } of connections) {
        const connection = { from: again(from), to: again(to), ...rest };
        asked += 1;
        expect([seed, describeConnection(connection), emitted.evaluate(connection).decision]).toEqual([seed, describeConnection(connection), approved.evaluate(connection).decision]);
      }
    }
    expect(asked).toBeGreaterThan(1_000);
  });
});

describe('what one program sends', () => {
  it('stays open, and is said to', () => {
    const { snapshot } = hostCase(new Random(1));
    const [pod] = [...snapshot.pods.values()].filter(({ hostNetwork }) => hostNetwork);
    const policy: NamespacedPolicy = { kind: 'namespaced', name: 'learned', subject: { kind: 'workload', workload: pod!.workload }, ingress: [], egress: [], origin: pod!.origin };
    const connection = { from: { kind: 'pod', pod: pod!, address: pod!.addresses[0]! }, to: { kind: 'address', address: { ...pod!.addresses[0]!, bits: pod!.addresses[0]!.bits + 100n, text: 'elsewhere' } }, protocol: 'TCP', port: 80 } as const;
    const { decision, reasons } = createEvaluator(adoptPolicies([policy]), snapshot).evaluate(connection);
    expect([decision, reasons[0]?.text]).toEqual(['allow', expect.stringContaining('shares the addresses of its host')]);
    const compiler = new HostCompiler({ digest });
    compiler.compile(adoptPolicies([policy]), snapshot, () => 'enforce');
    expect(compiler.diagnostics().map(({ code }) => code)).toEqual(['host-egress-undivided']);
  });
});
