import { inferGraph } from '#graph';
import { propose } from '#learning';
import type { Diagnostic, Policy, Proposal, Revision, ServiceGraph, Snapshot } from '#model';
import { adoptPolicies, approve } from '#policy';

import { shippedCatalogue } from './catalogue.ts';

export type TierChoice = 'strong' | 'all';

/** What learning makes of a snapshot, approved by whoever typed the command. */
export interface Segmentation {
  readonly graph: ServiceGraph;
  readonly proposals: readonly Proposal[];
  readonly revision: Revision;
  readonly diagnostics: readonly Diagnostic[];
}

/** Learns from declared evidence alone; `keep` are policies of the input that stay in force beside the learned ones. */
export function segment(snapshot: Snapshot, tier: TierChoice, keep: readonly Policy[] = []): Segmentation {
  const graph = inferGraph(snapshot);
  const { proposals, diagnostics } = propose(graph, snapshot, { tier, catalogue: shippedCatalogue() });
  const revision = approve(proposals, { number: 1, approvedBy: 'the caller of this command', reason: `declared evidence, tier ${tier}`, keep });
  return { graph, proposals, revision, diagnostics: [...graph.diagnostics, ...diagnostics] };
}

/** The policies a question is asked of. */
export interface PolicySet {
  readonly kind: 'given' | 'generated';
  readonly revision: Revision;
  readonly diagnostics: readonly Diagnostic[];
  /** Present where policies were generated: what the question can be compared with. */
  readonly segmentation?: Segmentation;
}

/** The policies found in the input where there are any, else the ones learned from it. */
export function policySet(snapshot: Snapshot, tier: TierChoice): PolicySet {
  if (snapshot.policies.length > 0) return { kind: 'given', revision: adoptPolicies(snapshot.policies), diagnostics: [] };
  const segmentation = segment(snapshot, tier);
  return { kind: 'generated', revision: segmentation.revision, diagnostics: segmentation.diagnostics, segmentation };
}

/** One line for people: which policies the answer is about. */
export function policySetLine(set: PolicySet): string {
  const count = String(set.revision.policies.length);
  return set.kind === 'given' ? `under the ${count} policies of the input` : `under ${count} policies generated from the manifests (none are in the input)`;
}
