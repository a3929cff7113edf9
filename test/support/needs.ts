import { describe, it } from '@jest/globals';

import { type ControlPlanePart, whyNoCluster } from './control-plane.ts';
import { sharedPath } from './shared.ts';
import { whyUnusable, type ToolName } from './system.ts';

/** A `describe` that is skipped, saying why, where `../shared/<part>` is absent. */
export function describeShared(part: string, name: string, body: (path: string) => void): void {
  const path = sharedPath(...part.split('/'));
  if (path === undefined) {
    skip(name, `../shared/${part} is not there`);
    return;
  }
  describe(name, () => {
    body(path);
  });
}

/** A `describe` that is skipped, saying why, where the system tool is missing or may not be used. */
export function describeWithTool(tool: ToolName, name: string, body: () => void): void {
  const reason = whyUnusable(tool);
  if (reason === undefined) describe(name, body);
  else skip(name, reason);
}

/** A `describe` that is skipped, saying why, where no API server can run, or one of these beside it. */
export function describeWithCluster(name: string, body: () => void, parts: readonly ControlPlanePart[] = []): void {
  const reason = whyNoCluster(...parts);
  if (reason === undefined) describe(name, body);
  else skip(name, reason);
}

// The body of a skipped `describe` still runs to collect its tests, and would trip over what is missing.
function skip(name: string, reason: string): void {
  it.skip(`${name} (skipped: ${reason})`, () => undefined);
}
