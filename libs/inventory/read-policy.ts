import type { Diagnostic, Manifest, Policy } from '#model';

import { readAdminNetworkPolicy, readBaselineAdminNetworkPolicy } from './read-admin-network-policy.ts';
import { readClusterNetworkPolicy } from './read-cluster-network-policy.ts';
import { readNetworkPolicy } from './read-network-policy.ts';

type PolicyReader = (manifest: Manifest) => { readonly value?: Policy; readonly diagnostics: readonly Diagnostic[] };

const READERS: ReadonlyMap<string, PolicyReader> = new Map<string, PolicyReader>([
  ['networking.k8s.io/NetworkPolicy', readNetworkPolicy],
  ['extensions/NetworkPolicy', readNetworkPolicy],
  ['policy.networking.k8s.io/AdminNetworkPolicy', readAdminNetworkPolicy],
  ['policy.networking.k8s.io/BaselineAdminNetworkPolicy', readBaselineAdminNetworkPolicy],
  ['policy.networking.k8s.io/ClusterNetworkPolicy', readClusterNetworkPolicy],
]);

/** The reader for a policy kind, by group and kind; undefined for a kind that is no policy we know. */
export function policyReaderOf(apiVersion: string, kind: string): PolicyReader | undefined {
  return READERS.get(`${apiVersion.split('/')[0] ?? ''}/${kind}`);
}
