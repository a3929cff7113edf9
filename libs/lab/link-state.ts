import { NetlinkSocket } from '#dataplane';

import type { NetworkNamespace } from './network-namespace.ts';
import { BRIDGE } from './wiring.ts';

const NETLINK_ROUTE = 0;
const RTM_GETLINK = 18;
const REQUEST_DUMP = 0x301;
const IFF_UP = 1;
const IFF_LOOPBACK = 8;
const IFLA_OPERSTATE = 16;
const OPERSTATE_UP = 6;
const PATIENCE_MS = 5_000;

/**
 * Waits until every link of a namespace that is switched on carries packets: the kernel notices the
 * other end a moment later, and throws away what is sent before.
 */
export function linksAreUp(namespace: NetworkNamespace): void {
  const socket = new NetlinkSocket({ protocol: NETLINK_ROUTE, namespacePath: namespace.path });
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const deadline = performance.now() + PATIENCE_MS;
  try {
    while (countDown(socket) > 0) {
      if (performance.now() > deadline) throw new Error('lab: a link does not come up');
      Atomics.wait(pause, 0, 0, 1);
    }
  } finally {
    socket.close();
  }
}

function countDown(socket: NetlinkSocket): number {
  const request = Buffer.alloc(32);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(RTM_GETLINK, 4);
  request.writeUInt16LE(REQUEST_DUMP, 6);
  let count = 0;
  socket.dump(request, ({ bytes, start, end }) => {
    // a bridge is down for as long as nothing is on it
    if (bytes.readInt32LE(start + 4) === BRIDGE) return;
    if ((bytes.readUInt32LE(start + 8) & (IFF_UP | IFF_LOOPBACK)) !== IFF_UP) return;
    for (let at = start + 16; at + 4 <= end; at += (bytes.readUInt16LE(at) + 3) & ~3) {
      if (bytes.readUInt16LE(at) < 4) return;
      if (bytes.readUInt16LE(at + 2) !== IFLA_OPERSTATE) continue;
      if (bytes[at + 4] !== OPERSTATE_UP) count += 1;
    }
  });
  return count;
}
