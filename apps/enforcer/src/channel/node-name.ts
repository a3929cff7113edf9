import { hostname } from 'node:os';

import type { NodeBundle } from '#compilers/nftables';

import type { Log } from '../log.ts';
import type { ControllerPlace } from '../options.ts';
import { readCredentials } from './node-credentials.ts';

/** Which node this is: what its certificate says, or where it has none the bundle it holds, or the machine. */
export function nodeName(place: ControllerPlace | undefined, applied: NodeBundle | undefined, log: Log): string {
  const otherwise = applied?.node ?? hostname();
  if (place === undefined) return otherwise;
  try {
    return readCredentials(place).node;
  } catch (error) {
    log('error', 'this node has no certificate yet', { why: error instanceof Error ? error.message : String(error), node: otherwise });
    return otherwise;
  }
}
