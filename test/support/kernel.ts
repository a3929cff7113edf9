import { readFileSync } from 'node:fs';

import { describe, it } from '@jest/globals';

import { labObstacle } from '#lab';

/** A `describe` that is skipped, saying why, where there can be no lab: without root, or without nft. */
export function describeKernel(name: string, body: () => void): void {
  const obstacle = labObstacle();
  if (obstacle === undefined) describe(name, body);
  else it.skip(`${name} (skipped: ${obstacle})`, () => undefined);
}

/** Links, addresses and routes of the machine itself. */
export function hostNetwork(): readonly string[] {
  const own = ['/proc/net/if_inet6', '/proc/net/fib_trie', '/proc/net/route', '/proc/net/ipv6_route'].map((path) => readFileSync(path, 'utf8').replaceAll(/ [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8} /g, ' '));
  const links = readFileSync('/proc/net/dev', 'utf8').split('\n').map((line) => line.split(':')[0] ?? '');
  return [...own, links.join('\n')];
}
