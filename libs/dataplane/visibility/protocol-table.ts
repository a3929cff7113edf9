import { bolt, cassandra, mongodb, mssql, mysql, postgresql } from './protocol-database.ts';
import { ftp, imap, memcached, nats, pop3, redis, smtp, ssh, stomp } from './protocol-line.ts';
import { amqp, dnsOverTcp, dnsOverUdp, kafka, ldap, mqtt, zookeeper } from './protocol-messaging.ts';
import { Payload } from './protocol-payload.ts';
import type { Identification, Signature, Transport } from './protocol-signature.ts';
import { tls } from './protocol-tls.ts';
import { http, http2, sip } from './protocol-web.ts';

/** The surest first: those with a name or a number of their own, then those that are told by a shape. */
const SIGNATURES: readonly Signature[] = [
  tls,
  http2,
  nats,
  http,
  sip,
  ssh,
  amqp,
  bolt,
  mqtt,
  postgresql,
  mongodb,
  mssql,
  mysql,
  zookeeper,
  cassandra,
  redis,
  smtp,
  ftp,
  imap,
  pop3,
  stomp,
  memcached,
  ldap,
  dnsOverUdp,
  dnsOverTcp,
  kafka,
];

const byTransport = new Map<Transport, readonly Signature[]>(
  (['TCP', 'UDP', 'SCTP'] as const).map((transport) => [transport, SIGNATURES.filter(({ transports }) => transports.includes(transport))]),
);

/**
 * Tells what is spoken from the first bytes of a connection, whichever end sent them.
 *
 * A label, not a proof: who wants to can begin like another protocol. Undefined for anything not
 * known, which includes beginnings of a byte or two. Never reads past the bytes, never throws,
 * takes a few microseconds.
 */
export function identifyProtocol(transport: Transport, bytes: Buffer, start = 0, end = bytes.length): Identification | undefined {
  const payload = new Payload(bytes, start, end);
  if (payload.length === 0) return undefined;
  for (const { protocol, match } of byTransport.get(transport) ?? []) {
    const found = match(payload);
    if (found !== undefined) return { protocol, ...found };
  }
  return undefined;
}
