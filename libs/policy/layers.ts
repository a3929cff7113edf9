import type { EnforcedBy, NamespacedPolicy, Pod, Policy, Revision, WorkloadRef } from '#model';

import { inForceAt } from './in-force.ts';

/** The policies one enforcer enforces: they add up, as NetworkPolicies do. */
export interface PolicyLayer {
  /** Absent: nobody has said, all of them are enforced by one and the same. */
  readonly enforcedBy?: EnforcedBy;
  readonly revision: Revision;
  /** Whether it drops anything of a pod's at all; absent: of every pod's. Of a plain host it drops what the policies of its programs say. */
  readonly isEnforcedFor?: (pod: Pod) => boolean;
}

/**
 * Policies of one cluster that are not all enforced by the same. Each enforcer drops what its own
 * policies do not let through and knows nothing of the others', so a connection needs all of them,
 * at both of its ends. Made by `layerPolicies`, and never without a layer.
 */
export interface PolicyLayers {
  readonly kind: 'layers';
  /** Of the revision they come from. */
  readonly number: number;
  readonly layers: readonly PolicyLayer[];
}

/** What can be asked about connections: a revision, whose policies all add up, or layers, of which each has to let it through. */
export type PoliciesInForce = Revision | PolicyLayers;

/**
 * What is in force, with another policy of one workload: much cheaper to ask about than the whole.
 * The workload is no program of a plain host, and its policy belongs to a layer that is there.
 */
export interface PolicyReplacement {
  readonly kind: 'replacement';
  readonly inForce: PoliciesInForce;
  readonly workload: WorkloadRef;
  /** Absent: it has none. */
  readonly policy?: NamespacedPolicy;
  readonly enforcedBy?: EnforcedBy;
  /** The same as a whole. */
  readonly whole: () => PoliciesInForce;
}

const ENFORCERS: readonly EnforcedBy[] = ['enforcers', 'network'];

/** Tells apart who enforces what of a revision. Who has nothing to enforce is no layer. */
export function layerPolicies(revision: Revision, enforcedBy: (policy: Policy) => EnforcedBy): PolicyLayers {
  const layers = ENFORCERS.map((one): PolicyLayer => ({ enforcedBy: one, revision: { ...revision, policies: revision.policies.filter((policy) => enforcedBy(policy) === one) } }));
  const some = layers.filter((layer) => layer.revision.policies.length > 0);
  return { kind: 'layers', number: revision.number, layers: some.length > 0 ? some : layers.slice(0, 1) };
}

/** The layers of what is in force; a revision is one, of nobody in particular. */
export function layersOf(inForce: PoliciesInForce): readonly PolicyLayer[] {
  return 'layers' in inForce ? inForce.layers : [{ revision: inForce }];
}

/** What only one of them enforces, which may be nothing. */
export function onlyLayer({ kind, number, layers }: PolicyLayers, enforcedBy: EnforcedBy): PolicyLayers {
  const own = layers.filter((layer) => layer.enforcedBy === enforcedBy);
  return { kind, number, layers: own.length > 0 ? own : layers.slice(0, 1).map(({ revision }) => ({ enforcedBy, revision: { ...revision, policies: [] } })) };
}

/** All policies there are, whoever enforces them. */
export function everyPolicyOf(inForce: PoliciesInForce): readonly Policy[] {
  return layersOf(inForce).flatMap(({ revision }) => revision.policies);
}

/** The layers without the rules that have ended at this time, in milliseconds since 1970. */
export function layersAt(inForce: PoliciesInForce, now: number | undefined): readonly PolicyLayer[] {
  const layers = layersOf(inForce);
  return now === undefined ? layers : layers.map((layer) => ({ ...layer, revision: inForceAt(layer.revision, now) }));
}

const NAMES: Readonly<Record<EnforcedBy, string>> = { enforcers: 'the enforcers', network: "the cluster's network" };

/** Who that is, in words. */
export function enforcerName(enforcedBy: EnforcedBy): string {
  return NAMES[enforcedBy];
}
