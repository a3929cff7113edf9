import { status } from '@grpc/grpc-js';

import { type NodeHello, PROTOCOL } from '#distribution';

import type { PeerIdentity } from './peer-identity.ts';

/** Why nobody talks on with who says this: it names another node than its certificate, or speaks no protocol that is spoken here. */
export function faultOfHello(peer: PeerIdentity, { node, newestProtocol, oldestProtocol }: NodeHello): { readonly code: status; readonly why: string } | undefined {
  if (node !== peer.node) return { code: status.PERMISSION_DENIED, why: `it says it is node ${JSON.stringify(node.slice(0, 80))}, and its certificate is of node ${peer.node}` };
  if (oldestProtocol > PROTOCOL.newest || newestProtocol < PROTOCOL.oldest) {
    const why = `it speaks protocol ${String(oldestProtocol)} to ${String(newestProtocol)}, and this controller ${String(PROTOCOL.oldest)} to ${String(PROTOCOL.newest)}: bring the older of both up to date`;
    return { code: status.FAILED_PRECONDITION, why };
  }
  return undefined;
}
