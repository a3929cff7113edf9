import { describe, expect, it } from '@jest/globals';

import { changesBetween, compileNodes, type NodeBundle, NodeCompiler, renderRuleset } from '#compilers/nftables';
import { placeExamplePods } from '#inventory';
import type { Revision, Snapshot, SourceUpdate } from '#model';

import { digest, emitPolicies } from './support/agreement.ts';
import { edgeLines, learnWorld, readWorld, type Scenario, scenarios, worldsOf } from './support/scenario.ts';
import { follow, type Walk, walksThrough, type World } from './support/sequences.ts';

const seen = new Map<string, SourceUpdate>();

interface Arrived {
  readonly revision: Revision;
  readonly snapshot: Snapshot;
}

/** Everything one ends with, in the bytes somebody would get. */
function ending(scenario: Scenario, found: Snapshot, bundles: readonly NodeBundle[]): string {
  const snapshot = placeExamplePods(found, { nodes: 2 });
  const { graph, revision, open } = learnWorld(snapshot, scenario);
  const pods = [...snapshot.pods].map(([key, { addresses, node = '', workload }]) => `${key} ${addresses.map(({ text }) => text).join()} ${node} ${workload.name}`);
  return [...pods, ...edgeLines(graph, (key) => key), ...open, emitPolicies(revision, snapshot).yaml, ...bundles.map((bundle) => renderRuleset(bundle)), ...snapshot.diagnostics.map(({ message }) => message)].join('\n');
}

function walk(scenario: Scenario, walked: Walk): string {
  let compiler: NodeCompiler | undefined;
  let before: Arrived | undefined;
  const found = follow(walked, (each) => {
    const snapshot = placeExamplePods(each, { nodes: 2 });
    const after = { snapshot, revision: learnWorld(snapshot, scenario).revision };
    if (compiler === undefined || before === undefined) compiler = new NodeCompiler(after.revision, snapshot, digest);
    else compiler.apply(changesBetween(before, after));
    before = after;
  });
  return ending(scenario, found, [...(compiler?.bundles().values() ?? [])]);
}

describe('whichever way the updates come', () => {
  const stepped = scenarios().filter(({ steps = [] }) => steps.length > 0);

  describe.each(stepped)('$name', (scenario) => {
    const worlds = worldsOf(scenario).map(({ title, files }): World => ({ name: title, updates: sameObjects(readWorld(files, 2).updates) }));
    const last = worlds.at(-1)!;
    const [alone] = walksThrough([last]);
    const snapshot = placeExamplePods(follow(alone!, () => undefined), { nodes: 2 });
    const wanted = ending(scenario, snapshot, compileNodes(learnWorld(snapshot, scenario).revision, snapshot, { digest }).bundles);

    it.each(walksThrough(worlds))('$name: the same pods, graph, policies and rulesets', (walked) => {
      expect(walk(scenario, walked)).toBe(wanted);
    });
  });

  it('goes through a pod that takes the address of another', () => {
    expect(stepped.map(({ name }) => name)).toContain('addresses-change-hands');
  });
});

/** The same update object for the same object, so that a step holds what is different and nothing else. */
function sameObjects(updates: readonly SourceUpdate[]): readonly SourceUpdate[] {
  return updates.map((update) => {
    const text = JSON.stringify(update, (key, value: unknown) => (key === 'origin' ? undefined : value));
    const known = seen.get(text) ?? update;
    seen.set(text, known);
    return known;
  });
}
