import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { compileNetworkPolicies, renderYaml } from '#compilers/kubernetes';
import { placeExamplePods, snapshotOf } from '#inventory';
import { type Catalogue, propose } from '#learning';
import { type Decision, type Endpoint, type Json, parseAddress, podKey, type Proposal, type ProposedRule, type Protocol, type Revision, type Snapshot, workloadKey } from '#model';
import { adoptPolicies, approve, evaluate } from '#policy';
import { readManifests } from '#sources/kubernetes';

import { shippedCatalogue, shippedEntries } from './support/catalogue.ts';
import { policiesIn } from './support/policy-sets.ts';
import { repositoryRoot } from './support/shared.ts';
import { graph, relationship } from './support/worlds.ts';

interface Scenario {
  readonly entry: string;
  readonly objects: readonly Json[];
  readonly relationships?: readonly { readonly from: string; readonly to: string; readonly port: number; readonly host?: string }[];
  readonly open?: readonly string[];
  readonly outsideOpen?: readonly string[];
  readonly probes: readonly Probe[];
}

interface Probe {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly expected: Decision;
  readonly without?: Decision;
}

const folder = join(repositoryRoot, 'test', 'scenarios', 'catalogue');
const scenarios = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => ({ name, scenario: parse(readFileSync(join(folder, name), 'utf8')) as Scenario }));

function snapshotFor({ objects }: Scenario): Snapshot {
  const { manifests, diagnostics } = readManifests(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }), 'scenario.yaml');
  const snapshot = snapshotOf(manifests.map((value, index) => ({ source: 'scenario', key: String(index), value })));
  expect([...diagnostics, ...snapshot.diagnostics]).toEqual([]);
  return placeExamplePods(snapshot, { nodes: 1 });
}

function learn(scenario: Scenario, snapshot: Snapshot, catalogue: Catalogue): readonly Proposal[] {
  const relationships = (scenario.relationships ?? []).map(({ from, to, port, host }) => relationship(from, to, port, host === undefined ? {} : { host }));
  const known = graph(snapshot, { relationships, unknown: scenario.open ?? [], outsideOpen: scenario.outsideOpen ?? [] });
  return propose(known, snapshot, { tier: 'strong', catalogue }).proposals;
}

function approved(proposals: readonly Proposal[]): Revision {
  return approve(proposals, { number: 1, approvedBy: 'test', reason: 'scenario' });
}

function rulesOf(proposals: readonly Proposal[]): readonly ProposedRule[] {
  return proposals.flatMap(({ ingress, egress }) => [ingress, egress]).flatMap((direction) => (direction.kind === 'closed' ? direction.rules : []));
}

function widenings(proposals: readonly Proposal[]): readonly string[] {
  return rulesOf(proposals).flatMap((rule) => rule.widenings);
}

/** `shop/Deployment/web` is its first pod, `shop/Deployment/web#1` the second; one endpoint for each address. */
function endpoints(text: string, snapshot: Snapshot): readonly Endpoint[] {
  const address = parseAddress(text);
  if (address !== undefined) return [{ kind: 'address', address }];
  const [key = '', index = '0'] = text.split('#');
  const pods = [...snapshot.pods.values()].filter((pod) => workloadKey(pod.workload) === key).sort((a, b) => (podKey(a) < podKey(b) ? -1 : 1));
  const pod = pods[Number(index)];
  if (pod === undefined) throw new Error(`find ${text}: no such pod`);
  return pod.addresses.map((each) => ({ kind: 'pod', pod, address: each }));
}

function decisions({ from, to, port }: Probe, revision: Revision, snapshot: Snapshot): readonly Decision[] {
  const [number = '', protocol = 'TCP'] = port.split('/');
  const pairs = endpoints(from, snapshot).flatMap((source) => endpoints(to, snapshot).map((target) => ({ from: source, to: target })));
  return pairs
    .filter((pair) => pair.from.address.family === pair.to.address.family)
    .map((pair) => evaluate(revision, snapshot, { ...pair, protocol: protocol as Protocol, port: Number(number) }).decision);
}

describe('the catalogue of what policies kill', () => {
  it('has a scenario for every entry', () => {
    expect(scenarios.map(({ name }) => name)).toEqual(shippedEntries().map(({ name }) => `${name}.yaml`).sort());
    expect(scenarios.filter(({ name, scenario }) => `${scenario.entry}.yaml` !== name)).toEqual([]);
  });

  describe.each(scenarios)('$name', ({ scenario }) => {
    const rest: Catalogue = { entries: shippedEntries().filter(({ name }) => name !== scenario.entry) };

    it('shows what the entry changes: what gets through, or what is said about it', () => {
      const snapshot = snapshotFor(scenario);
      const [withEntry, without] = [shippedCatalogue(), rest].map((catalogue) => widenings(learn(scenario, snapshot, catalogue)));
      expect(scenario.probes.some((probe) => (probe.without ?? probe.expected) !== probe.expected) || JSON.stringify(withEntry) !== JSON.stringify(without)).toBe(true);
    });

    it.each(scenario.probes)('$from to $to on $port: $expected', (probe) => {
      const snapshot = snapshotFor(scenario);
      const proposals = learn(scenario, snapshot, shippedCatalogue());
      const revision = approved(proposals);
      const emitted = adoptPolicies(policiesIn(renderYaml(compileNetworkPolicies(revision, snapshot).objects)));
      const whole = decisions(probe, revision, snapshot);
      expect(whole.length).toBeGreaterThan(0);
      expect([...new Set(whole)]).toEqual([probe.expected]);
      expect(decisions(probe, emitted, snapshot)).toEqual(whole);
      const withoutEntry = decisions(probe, approved(learn(scenario, snapshot, rest)), snapshot);
      expect([...new Set(withoutEntry)]).toEqual([probe.without ?? probe.expected]);
    });

    it('bills what it widens', () => {
      const rules = rulesOf(learn(scenario, snapshotFor(scenario), shippedCatalogue()));
      const open = rules.filter(({ peers, ports }) => peers === 'any' || ports === 'any');
      // the probes of an ambient mesh come from one address, on whatever port the probe names
      const unbilled = open.filter(({ widenings, why }) => widenings.length === 0 && !why.includes('probes'));
      expect(unbilled).toEqual([]);
    });
  });
});
