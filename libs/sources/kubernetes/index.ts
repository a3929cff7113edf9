export { type ReadManifestsOptions, type ReadManifestsResult, readManifests } from './read-manifests.ts';
export { READ_LIMITS } from './read-limits.ts';
