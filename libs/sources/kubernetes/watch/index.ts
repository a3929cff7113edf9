export { type ClusterAccess, ClusterAccessError, type ClusterCredentials } from './cluster-access.ts';
export { ClusterConnection, type ClusterRequest, type ClusterResponse } from './cluster-connection.ts';
export { findClusterAccess, type FindAccessOptions } from './find-cluster-access.ts';
export type { KindStatus } from './kind-status.ts';
export { type KubernetesHandlers, KubernetesSource, type KubernetesSourceOptions } from './kubernetes-source.ts';
