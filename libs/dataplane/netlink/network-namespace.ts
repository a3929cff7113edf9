import { closeSync, openSync } from 'node:fs';

import { checked, systemCalls } from './system-calls.ts';

const CLONE_NEWNET = 0x40000000;

/**
 * Runs something inside the network namespace at a path such as `/run/netns/a` or `/proc/7/ns/net`.
 *
 * Sockets opened inside stay there for good, so nothing else has to. `body` must not wait for
 * anything: the thread is back in its own namespace as soon as it returns or throws. Without a
 * path it runs where the thread is.
 */
export function inNetworkNamespace<T>(path: string | undefined, body: () => T): T {
  if (path === undefined) return body();
  const { setns } = systemCalls();
  // the namespace of this thread, which is not always that of the process
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const away = openSync(path, 'r');
    try {
      checked(`enter network namespace ${path}`, setns(away, CLONE_NEWNET));
    } finally {
      closeSync(away);
    }
    try {
      return body();
    } finally {
      checked('return to the own network namespace', setns(home, CLONE_NEWNET));
    }
  } finally {
    closeSync(home);
  }
}
