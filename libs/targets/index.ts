export { ClusterLeases, type ClusterLeaseResult, type ClusterLeasesOptions } from './cluster-leases.ts';
export { type AskCluster, type ClusterRequest, type ClusterResponse, refusalText } from './cluster-request.ts';
export { makeFolder } from './make-folder.ts';
export { NetworkPolicyTarget, type NetworkPolicyTargetOptions } from './network-policy-target.ts';
export { PolicyFolder } from './policy-folder.ts';
