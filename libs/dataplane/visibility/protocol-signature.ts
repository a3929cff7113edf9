import type { WireProtocol } from '#model';

import type { Payload } from './protocol-payload.ts';

/** What the first bytes of a connection tell. */
export interface Identification {
  readonly protocol: WireProtocol;
  /** Of the protocol, or the kind of message, where it tells. */
  readonly version?: string;
  /** The name the client asks for: TLS's server name, HTTP's host. Lower case, and only what can be a host name. */
  readonly serverName?: string;
}

export type Transport = 'TCP' | 'UDP' | 'SCTP';

/** One protocol's way to begin. */
export interface Signature {
  readonly protocol: WireProtocol;
  readonly transports: readonly Transport[];
  /** Tells more where the payload is of this protocol, and is undefined where it is not. Reads no more than a few hundred bytes. */
  readonly match: (payload: Payload) => Omit<Identification, 'protocol'> | undefined;
}

const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/;

/** A host name out of bytes anybody may have sent, or undefined. */
export function hostNameIn(text: string): string | undefined {
  if (text.length > 254) return undefined;
  const name = text.toLowerCase().replace(/\.$/, '');
  // four numbers are an address, whatever was meant
  return HOST_NAME.test(name) && !/^[\d.]+$/.test(name) ? name : undefined;
}
