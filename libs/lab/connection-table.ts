import { NetlinkSocket } from '#dataplane';

import type { NetworkNamespace } from './network-namespace.ts';

const CTNETLINK_DELETE = 0x102;
const REQUEST_WITH_ANSWER = 0x5;

/** Makes the kernel forget every connection it tracks in one namespace. */
export function flushConnections(namespace: NetworkNamespace): void {
  const socket = new NetlinkSocket({ namespacePath: namespace.path });
  try {
    const message = Buffer.alloc(20);
    message.writeUInt32LE(message.length, 0);
    message.writeUInt16LE(CTNETLINK_DELETE, 4);
    message.writeUInt16LE(REQUEST_WITH_ANSWER, 6);
    message.writeUInt32LE(1, 8);
    socket.send(message);
    const [answer] = socket.answers();
    if (answer !== undefined && answer.errno !== 0) throw new Error(`lab: forget connections: ${answer.code}`);
  } finally {
    socket.close();
  }
}
