import { type GraphPeer, workloadKey } from '#model';

/** `namespace/Kind/name`, or the entity's own name with the host where one is known. */
export function peerName(peer: GraphPeer, host?: string): string {
  if (typeof peer !== 'string') return workloadKey(peer);
  return host === undefined ? peer : `${peer} (${host})`;
}

export function portName(port: number | null, protocol: string): string {
  return port === null ? `any/${protocol}` : `${String(port)}/${protocol}`;
}

/** A port, or the protocol alone where it has none. */
export function portOrProtocol(port: number | null, protocol: string): string {
  return port === null ? protocol : `${String(port)}/${protocol}`;
}
