/** How the first payload of an application is told: alternatives, each of which is enough. */
export interface ApplicationPattern {
  /** In what the client sends. */
  readonly client: readonly string[];
  /** In what the server sends, for applications where it speaks first. */
  readonly server: readonly string[];
}

const HTTP_METHODS = [
  '0x47455420', // GET
  '0x504f5354', // POST
  '0x48454144', // HEAD
  '0x50555420', // PUT
  '0x44454c45', // DELETE
  '0x4f505449', // OPTIONS
  '0x50415443', // PATCH
  '0x434f4e4e', // CONNECT
  '0x54524143', // TRACE
];
const HTTP2_PREFACE = '0x50524920';

const TLS: ApplicationPattern = { client: ['@ih,0,16 0x1603'], server: [] };
const HTTP2: ApplicationPattern = { client: [`@ih,0,32 ${HTTP2_PREFACE}`], server: [] };
const SSH_BANNER = '@ih,0,32 0x5353482d';

const PATTERNS: ReadonlyMap<string, ApplicationPattern> = new Map([
  ['tls', TLS],
  ['https', TLS],
  ['http', { client: [`@ih,0,32 { ${[...HTTP_METHODS, HTTP2_PREFACE].join(', ')} }`], server: [] }],
  ['http2', HTTP2],
  ['grpc', HTTP2],
  ['ssh', { client: [SSH_BANNER], server: [SSH_BANNER] }],
  // protocol 3.0 and 3.2; or a request for TLS, GSS, or to cancel
  ['postgresql', { client: ['@ih,32,32 { 0x00030000, 0x00030002, 0x04d2162f, 0x04d21630, 0x04d2162e }'], server: [] }],
  // the server greets with packet 0 of protocol 10, or refuses with an error
  ['mysql', { client: [], server: ['@ih,24,16 { 0x000a, 0x00ff }'] }],
  ['redis', { client: ['@ih,0,8 0x2a'], server: [] }],
  // OP_MSG, OP_QUERY, OP_COMPRESSED
  ['mongodb', { client: ['@ih,96,32 { 0xdd070000, 0xd4070000, 0xdc070000 }'], server: [] }],
  // ApiVersions or SaslHandshake; Metadata of version 0 looks like PostgreSQL
  ['kafka', { client: ['@ih,0,8 0x00 @ih,32,16 { 0x0011, 0x0012 }', '@ih,0,8 0x00 @ih,32,16 0x0003 @ih,48,16 != 0x0000'], server: [] }],
  ['amqp', { client: ['@ih,0,32 0x414d5150'], server: [] }],
  // one standard query; two bytes of length come first over TCP
  ['dns', { client: ['meta l4proto udp @ih,16,16 & 0xf800 == 0x0000 @ih,32,16 0x0001', 'meta l4proto tcp @ih,32,16 & 0xf800 == 0x0000 @ih,48,16 0x0001'], server: [] }],
]);

/** Undefined for an application that the first payload does not tell. */
export function patternOf(application: string): ApplicationPattern | undefined {
  return PATTERNS.get(application);
}
