import { readFileSync } from 'node:fs';

import { inNetworkNamespace } from '../netlink/network-namespace.ts';

/**
 * How many messages the kernel has thrown away so far because a netlink socket did not read them.
 *
 * The error a reader gets says that there was a loss and not how large. Undefined where the
 * kernel's table does not show the socket.
 */
export function droppedMessages(protocol: number, portId: number, namespacePath?: string): number | undefined {
  const table = inNetworkNamespace(namespacePath, () => readFileSync('/proc/thread-self/net/netlink', 'latin1'));
  return dropsIn(table, protocol, portId);
}

/** Reads `/proc/net/netlink`: address, protocol, port id, groups, read and write memory, dump, locks, drops, inode. */
export function dropsIn(table: string, protocol: number, portId: number): number | undefined {
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/);
    if (fields[1] !== String(protocol) || fields[2] !== String(portId)) continue;
    const drops = Number(fields[8]);
    return Number.isSafeInteger(drops) && drops >= 0 ? drops : undefined;
  }
  return undefined;
}
