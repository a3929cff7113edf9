export { FILE_LIMITS } from './bounded-file.ts';
export { type ReadPaths, type ReadPathsOptions, readPaths } from './read-paths.ts';
