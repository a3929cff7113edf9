import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';

import { autoApprovable, review } from '#learning';
import type { Relationship, Snapshot, WorkloadReview } from '#model';

import { shippedAutoApprovals } from './support/auto-approval.ts';
import { context, evidence, HOUR, NOW, observed, reporter } from './support/observed-worlds.ts';
import { repositoryRoot } from './support/shared.ts';
import { graph, namespace, relationship, workload, world } from './support/worlds.ts';

interface Case {
  readonly about: string;
  readonly workload: string;
  readonly declared?: readonly string[];
  /** `web -> api 8080`, `… from 1` where so many of the client's pods do it. */
  readonly observed?: readonly string[];
  readonly approved?: readonly string[];
  readonly hours?: number;
  readonly lost?: number;
  readonly replicas?: Readonly<Record<string, number>>;
  readonly jobs?: Readonly<Record<string, string>>;
  readonly invariants?: readonly string[];
  /** Part of each reason, in their order. */
  readonly expected: 'approved' | readonly string[];
}

interface Scenario {
  readonly rule: string;
  readonly namespaces: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly cases: readonly Case[];
}

const folder = join(repositoryRoot, 'test', 'scenarios', 'auto-approval');
const scenarios = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .sort()
  .map((name) => parse(readFileSync(join(folder, name), 'utf8')) as Scenario);

const LINE = /^(\S+) -> (\S+) (\d+)(?: from (\d+))?$/;

function parts(line: string): { readonly from: string; readonly to: string; readonly port: number; readonly pods: number } {
  const [, from = '', to = '', port = '', pods = '32'] = LINE.exec(line) ?? [];
  if (from === '') throw new Error(`read ${line}: it is not like "from -> to port"`);
  return { from, to, port: Number(port), pods: Number(pods) };
}

function declare(line: string): Relationship {
  const { from, to, port } = parts(line);
  return to.includes('/') ? relationship(from, to, port) : relationship(from, 'internet', port, { host: to });
}

function snapshotOf({ namespaces }: Scenario, { declared = [], observed: seen = [], approved = [], replicas = {}, jobs = {}, workload: subject }: Case): Snapshot {
  const named = [...declared, ...seen, ...approved].map(parts).flatMap(({ from, to }) => [from, to]);
  const keys = [...new Set([subject, ...named])].filter((key) => key.includes('/'));
  return world({
    workloads: [...keys.map((key) => workload(key, { replicas: replicas[key] ?? 1 })), ...Object.entries(jobs).map(([key, schedule]) => workload(key, { schedule }))],
    namespaces: Object.entries(namespaces).map(([name, labels]) => namespace(name, labels)),
  });
}

function reviewFor(each: Case, snapshot: Snapshot, declared: readonly string[] = each.declared ?? []): WorkloadReview {
  const { hours, lost = 0, observed: seen = [], invariants = [] } = each;
  const span = hours === undefined ? {} : { from: NOW - hours * HOUR, coveredMs: hours * HOUR };
  const relationships = seen.map((line) => {
    const { from, to, port, pods } = parts(line);
    return observed(from, to, port, { clientPods: pods, ...(hours === undefined ? {} : { buckets: hours }) });
  });
  const observations = evidence({ relationships, reporters: [reporter({ ...span, lostConnectionEvents: lost })], ...(hours === undefined ? {} : { hours }) });
  const found = review(graph(snapshot, { relationships: declared.map(declare) }), observations, snapshot, context(snapshot, { catalogue: { entries: [] }, brokenInvariants: () => invariants })).get(each.workload);
  if (found === undefined) throw new Error(`no review of ${each.workload}`);
  return found;
}

describe('the auto-approval rules we ship', () => {
  const shipped = shippedAutoApprovals();

  it('each have the name of their file, and a scenario', () => {
    expect(shipped.map(({ rule }) => `${rule.name}.yaml`)).toEqual(shipped.map(({ file }) => file));
    expect(scenarios.map(({ rule }) => rule).sort()).toEqual(shipped.map(({ rule }) => rule.name));
  });

  describe.each(scenarios)('$rule', (scenario) => {
    const rule = shipped.find((each) => each.rule.name === scenario.rule)?.rule;

    it.each(scenario.cases)('$about', (each) => {
      const snapshot = snapshotOf(scenario, each);
      const before = each.approved === undefined ? undefined : reviewFor(each, snapshot, each.approved).proposal;
      const result = autoApprovable(reviewFor(each, snapshot), rule === undefined ? [] : [rule], snapshot, before);
      if (each.expected === 'approved') {
        expect(result).toEqual({ kind: 'approved', rule, leaveOut: [] });
        return;
      }
      const reasons = result.kind === 'approved' ? [] : result.refusals.flatMap((refusal) => refusal.reasons);
      expect(reasons).toEqual(each.expected.map((text) => expect.stringContaining(text) as unknown));
    });
  });
});
