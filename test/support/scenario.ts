import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { inferGraph } from '#graph';
import { placeExamplePods, snapshotOf } from '#inventory';
import { notEnforced, propose } from '#learning';
import { type Diagnostic, type DirectionKnowledge, graphPeerKey, type Revision, type ServiceGraph, type Snapshot, type SourceUpdate, workloadKey } from '#model';
import { adoptPolicies, approve } from '#policy';
import { readPaths } from '#sources/files';
import { parse } from 'yaml';

import { shippedCatalogue } from './catalogue.ts';
import { repositoryRoot } from './shared.ts';
import { withFolder } from './temporary-folder.ts';

/** What a scenario expects of one world; what is left out is not looked at. */
export interface Expectation {
  /** One relationship a line: `web -> api 8080/TCP strong`, with `host=…` where it has one. */
  readonly edges?: string;
  /** `web: recommender:9000` */
  readonly unresolved?: readonly string[];
  /** Directions that stay open: `web ingress`. */
  readonly open?: readonly string[];
  /** Codes of what reading, inference and learning said. */
  readonly diagnostics?: readonly string[];
  /** The truth table, as `scenario-table.ts` reads it. */
  readonly allowed: string;
  /** What NetworkPolicy can not say: the compiler's codes, and the pairs of ends for which its YAML therefore means something else. */
  readonly notSayable?: readonly NotSayable[];
}

export interface NotSayable {
  readonly code: string;
  /** `web -> api`; none where the diagnostic changes nothing between the ends of this world. */
  readonly pairs?: readonly string[];
}

export interface Step extends Expectation {
  readonly about: string;
  /** Files that are new or different from now on; null takes one away. */
  readonly files: Readonly<Record<string, string | null>>;
}

/** One readable file: inputs, steps, and everything that is expected of them. */
export interface Scenario extends Expectation {
  readonly name: string;
  readonly about: string;
  /** Entries of `policies/catalogue` it shows. */
  readonly catalogue?: readonly string[];
  /**
   * Which policies are asked: learned from the input, as they are; learned as if every direction were
   * known well enough to close, the least that evidence asks for; or the ones found in the input.
   */
  readonly policies: 'learned' | 'closed' | 'given';
  /** Directions that even `closed` leaves open, for what is not the scenario's concern: `controller egress`. */
  readonly leaveOpen?: readonly string[];
  /** Example nodes, where the input has none. */
  readonly nodes?: number;
  /** Named ends beside the workloads: addresses, or pods as `namespace/name`. */
  readonly ends?: Readonly<Record<string, readonly string[]>>;
  readonly files: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

const folder = join(repositoryRoot, 'test', 'scenarios');

export function scenarios(): readonly Scenario[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => ({ ...(parse(readFileSync(join(folder, name), 'utf8')) as Omit<Scenario, 'name'>), name: name.replace(/\.yaml$/, '') }));
}

/** One world of a scenario: its files at that time, and what is expected of them. */
export interface ScenarioWorld {
  readonly title: string;
  readonly scenario: Scenario;
  readonly files: Readonly<Record<string, string>>;
  readonly expected: Expectation;
}

/** The worlds of a scenario in order: the one it begins with, then one for each step. */
export function worldsOf(scenario: Scenario): readonly ScenarioWorld[] {
  const worlds: ScenarioWorld[] = [{ title: scenario.about, scenario, files: scenario.files, expected: scenario }];
  for (const step of scenario.steps ?? []) {
    const merged = Object.entries({ ...worlds.at(-1)!.files, ...step.files });
    const files = Object.fromEntries(merged.flatMap(([name, text]) => (text === null ? [] : [[name, text] as const])));
    worlds.push({ title: step.about, scenario, files, expected: step });
  }
  return worlds;
}

export interface ReadWorld {
  readonly updates: readonly SourceUpdate[];
  /** With example pods in place. */
  readonly snapshot: Snapshot;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads files as the command line does: from a folder, in both formats. */
export function readWorld(files: Readonly<Record<string, string>>, nodes: number): ReadWorld {
  return withFolder(files, (path) => {
    const { updates, diagnostics } = readPaths([path], { readStdin: () => '' });
    const snapshot = placeExamplePods(snapshotOf(updates), { nodes });
    return { updates, snapshot, diagnostics: [...diagnostics, ...snapshot.diagnostics] };
  });
}

export interface Learned {
  readonly graph: ServiceGraph;
  readonly revision: Revision;
  /** Directions that stay open, `shop/Deployment/web ingress`. */
  readonly open: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What the scenario's policies come to in one snapshot. */
export function learnWorld(snapshot: Snapshot, { policies, leaveOpen = [] }: Pick<Scenario, 'policies' | 'leaveOpen'>): Learned {
  const graph = inferGraph(snapshot);
  const { proposals, diagnostics } = propose(graph, snapshot, options);
  const revision = policies === 'given' ? adoptPolicies(snapshot.policies) : approve(policies === 'closed' ? propose(allKnown(graph, leaveOpen), snapshot, options).proposals : proposals, approval);
  const open = notEnforced(proposals).map(({ workload, direction }) => `${workloadKey(workload)} ${direction}`);
  return { graph, revision, open, diagnostics: [...graph.diagnostics, ...diagnostics] };
}

const options = { tier: 'strong', catalogue: shippedCatalogue() } as const;
const approval = { number: 1, approvedBy: 'scenario', reason: 'declared evidence' };

function allKnown(graph: ServiceGraph, leaveOpen: readonly string[]): ServiceGraph {
  const direction = (key: string, which: string): DirectionKnowledge => ({ isKnown: !leaveOpen.some((each) => `${key} ${which}`.endsWith(`/${each}`)), why: 'a scenario says so' });
  return { ...graph, knowledge: new Map([...graph.knowledge.keys()].map((key) => [key, { ingress: direction(key, 'ingress'), egress: direction(key, 'egress') }])) };
}

/** The relationships as a scenario writes them, sorted. */
export function edgeLines({ relationships }: ServiceGraph, nameOf: (key: string) => string): readonly string[] {
  return relationships
    .map(({ from, to, port, protocol, tier, host }) => {
      const place = port === null ? `any/${protocol}` : `${String(port)}/${protocol}`;
      return `${nameOf(graphPeerKey(from))} -> ${nameOf(graphPeerKey(to))} ${place} ${tier}${host === undefined ? '' : ` host=${host}`}`;
    })
    .sort();
}

export function unresolvedLines({ unresolved }: ServiceGraph, nameOf: (key: string) => string): readonly string[] {
  return unresolved.map(({ from, text, port }) => `${nameOf(workloadKey(from))}: ${text}${port === null ? '' : `:${String(port)}`}`).sort();
}
