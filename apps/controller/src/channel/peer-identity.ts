import type { PeerCertificate } from 'node:tls';

import { nodeOfNames, plainSerial } from '#certificates';

/** Who is at the other end, as its certificate says. */
export interface PeerIdentity {
  readonly node: string;
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

export type PeerReading = { readonly kind: 'peer'; readonly peer: PeerIdentity } | { readonly kind: 'refused'; readonly why: string };

/** Reads the certificate TLS has verified; whoever has none, or one of anything but a node, is nobody. */
export function readPeer(certificate: PeerCertificate | undefined, now: number): PeerReading {
  if (certificate === undefined) return { kind: 'refused', why: 'it has no certificate of this authority' };
  const node = nodeOfNames(certificate.subjectaltname);
  if (node === undefined) return { kind: 'refused', why: 'its certificate is not that of a node' };
  const notAfter = Date.parse(certificate.valid_to);
  if (!(notAfter > now)) return { kind: 'refused', why: `the certificate of node ${node} has run out` };
  return { kind: 'peer', peer: { node, serial: plainSerial(certificate.serialNumber), notAfter } };
}
