export { FILE_LIMITS } from './bounded-file.ts';
export { FollowedPaths, type PathsLook, type UnreadPath } from './followed-paths.ts';
export type { ReadPaths } from './joined-sayings.ts';
export { type ReadPathsOptions, readPaths } from './read-paths.ts';
