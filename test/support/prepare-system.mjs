// Runs once before all tests, outside of Jest's own module system.
import { globSync } from 'node:fs';

import { awaitControlPlane } from './control-plane.ts';
import { installMissingTools } from './system.ts';

export default async function prepareSystem(globalConfig, projectConfig) {
  installMissingTools();
  if (globSync(`${globalConfig.rootDir}/test/cluster/*.spec.ts`).some((path) => willRun(path, globalConfig, projectConfig))) {
    await awaitControlPlane();
  }
}

function willRun(path, { testPathPatterns }, { testPathIgnorePatterns }) {
  const wanted = testPathPatterns.patterns;
  const isWanted = wanted.length === 0 || wanted.some((pattern) => new RegExp(pattern).test(path));
  return isWanted && !testPathIgnorePatterns.some((pattern) => new RegExp(pattern).test(path));
}
