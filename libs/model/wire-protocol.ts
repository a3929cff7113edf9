/**
 * What the first bytes of a connection can show to be spoken over it.
 *
 * The names are those rules and evidence use for applications. What only the far end could tell
 * is not here: `https` is `tls` on the wire, `grpc` is `http2`.
 */
export const WIRE_PROTOCOLS = [
  'amqp',
  'bolt',
  'cassandra',
  'dns',
  'ftp',
  'http',
  'http2',
  'imap',
  'kafka',
  'ldap',
  'memcached',
  'mongodb',
  'mqtt',
  'mssql',
  'mysql',
  'nats',
  'pop3',
  'postgresql',
  'redis',
  'sip',
  'smtp',
  'ssh',
  'stomp',
  'tls',
  'zookeeper',
] as const;

export type WireProtocol = (typeof WIRE_PROTOCOLS)[number];

export function isWireProtocol(text: string): text is WireProtocol {
  return (WIRE_PROTOCOLS as readonly string[]).includes(text);
}
