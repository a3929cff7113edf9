import { describe, expect, it } from '@jest/globals';

import type { Connection, Endpoint } from '#model';
import { workloadKey } from '#model';

import { ask, describeConnection, emitPolicies, enginesFor } from './support/agreement.ts';
import { connectionsOf } from './support/agreement-connections.ts';
import { Ends } from './support/scenario-ends.ts';
import { type Expectation, learnWorld, readWorld, scenarios, worldsOf } from './support/scenario.ts';

describe.each(scenarios())('$name', (scenario) => {
  describe.each(worldsOf(scenario))('$title', ({ files, expected }) => {
    it.each([1, 3])('is let through alike by the revision, the emitted policies and the rulesets of %d nodes', (nodes) => {
      const { snapshot } = readWorld(files, nodes);
      const { revision, graph } = learnWorld(snapshot, scenario);
      const ends = new Ends(snapshot, scenario);
      const engines = enginesFor(revision, snapshot);
      const said = emitPolicies(revision, snapshot).diagnostics.map(({ code }) => code);
      expect([...new Set(said)].sort()).toEqual((expected.notSayable ?? []).map(({ code }) => code).sort());

      const excuses = new Excuses(expected);
      const differences: string[] = [];
      const count = { allowed: 0, denied: 0 };
      for (const connection of connectionsOf(snapshot, revision, graph)) {
        const { approved, policies, ruleset, answer } = ask(engines, connection);
        count[approved ? 'allowed' : 'denied'] += 1;
        if (ruleset !== approved) differences.push(`${describeConnection(connection)}: approved ${String(approved)}, ruleset ${String(ruleset)}`);
        if (answer !== approved) differences.push(`answer to ${describeConnection(connection)}: approved ${String(approved)}, ruleset ${String(answer)}`);
        if (policies !== approved && !excuses.cover(connection, ends)) differences.push(`${describeConnection(connection)}: approved ${String(approved)}, policies ${String(policies)}`);
      }
      expect(differences.slice(0, 20)).toEqual([]);
      expect(excuses.unused()).toEqual([]);
      expect(count.allowed).toBeGreaterThan(0);
      if (revision.policies.length > 0) expect(count.denied).toBeGreaterThan(0);
    });
  });
});

/** The pairs of ends for which a scenario says that emitted policies mean something else. */
class Excuses {
  readonly #pairs: readonly (readonly [from: string, to: string])[];
  readonly #used = new Set<string>();

  constructor({ notSayable = [] }: Expectation) {
    this.#pairs = notSayable.flatMap(({ pairs = [] }) => pairs.map((pair) => pair.split(' -> ') as [string, string]));
  }

  cover({ from, to }: Connection, ends: Ends): boolean {
    const [sender, receiver] = [nameOf(from, ends), nameOf(to, ends)];
    const fitting = this.#pairs.filter(([left, right]) => (left === '*' || left === sender) && (right === '*' || right === receiver));
    for (const pair of fitting) this.#used.add(pair.join(' -> '));
    return fitting.length > 0;
  }

  unused(): readonly string[] {
    return this.#pairs.map((pair) => pair.join(' -> ')).filter((pair) => !this.#used.has(pair));
  }
}

function nameOf(end: Endpoint, ends: Ends): string {
  return end.kind === 'pod' ? ends.nameOf(workloadKey(end.pod.workload)) : 'outside';
}
