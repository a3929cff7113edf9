import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { createEvaluator } from '#policy';

import { Ends, portsToTry } from './support/scenario-ends.ts';
import { edgeLines, learnWorld, readWorld, scenarios, unresolvedLines, worldsOf } from './support/scenario.ts';
import { formatTable, readTable, tableOf } from './support/scenario-table.ts';
import { repositoryRoot } from './support/shared.ts';

const all = scenarios();

describe('scenarios', () => {
  it('show every entry of the catalogue of what policies kill', () => {
    const entries = readdirSync(join(repositoryRoot, 'policies', 'catalogue')).map((name) => name.replace(/\.yaml$/, ''));
    expect([...new Set(all.flatMap(({ catalogue = [] }) => catalogue))].sort()).toEqual(entries.sort());
  });

  it('ask given policies and learned ones, in one step and in several', () => {
    expect(new Set(all.map(({ policies }) => policies))).toEqual(new Set(['learned', 'closed', 'given']));
    expect(all.filter(({ steps = [] }) => steps.length > 0).length).toBeGreaterThan(3);
  });
});

describe.each(all)('$name', (scenario) => {
  describe.each(worldsOf(scenario))('$title', ({ files, expected }) => {
    const { snapshot, diagnostics } = readWorld(files, scenario.nodes ?? 1);
    const learned = learnWorld(snapshot, scenario);
    const ends = new Ends(snapshot, scenario);

    it('has these relationships, and nothing unresolved but what is said', () => {
      const lines = (expected.edges ?? '').split('\n').filter((line) => line !== '').sort();
      if (scenario.policies !== 'given') expect(edgeLines(learned.graph, ends.nameOf)).toEqual(lines);
      expect(unresolvedLines(learned.graph, ends.nameOf)).toEqual([...(expected.unresolved ?? [])].sort());
    });

    it('leaves these directions open', () => {
      const open = learned.open.map((direction) => direction.replace(/^(.*) (\S+)$/, (_all, key: string, which: string) => `${ends.nameOf(key)} ${which}`));
      if (scenario.policies !== 'given') expect(open.sort()).toEqual([...(expected.open ?? [])].sort());
    });

    it('says what is wrong with the input', () => {
      const codes = [...diagnostics, ...learned.diagnostics].map(({ code }) => code);
      expect(codes.sort()).toEqual([...(expected.diagnostics ?? [])].sort());
    });

    it('lets this through and nothing else', () => {
      const places = portsToTry(snapshot, learned.revision, learned.graph);
      const truth = tableOf(ends, createEvaluator(learned.revision, snapshot), places);
      const wanted = readTable(expected.allowed, ends, places);
      expect(formatTable(truth)).toBe(formatTable(wanted));
      expect([...truth]).toEqual([...wanted]);
    });
  });
});
