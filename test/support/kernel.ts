import { describe, it } from '@jest/globals';

import { labObstacle } from '#lab';

/** A `describe` that is skipped, saying why, where there can be no lab: without root, or without nft. */
export function describeKernel(name: string, body: () => void): void {
  const obstacle = labObstacle();
  if (obstacle === undefined) describe(name, body);
  else it.skip(`${name} (skipped: ${obstacle})`, () => undefined);
}
