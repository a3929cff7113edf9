import type { Payload } from './protocol-payload.ts';
import { hostNameIn, type Identification, type Signature } from './protocol-signature.ts';

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const SERVER_NAME = 0;
const HOST_NAME_KIND = 0;
/** An encrypted record may be 256 bytes longer than what it holds. */
const LONGEST_RECORD = 16_384 + 256;
const MOST_EXTENSIONS = 64;

/**
 * A TLS handshake that begins, with the server's name where it is in what was copied.
 *
 * ```
 * record     type version length
 * handshake       kind length version random(32) session ciphers compression extensions
 * ```
 */
export const tls: Signature = {
  protocol: 'tls',
  transports: ['TCP'],
  match: (payload) => {
    if (payload.u8(0) !== HANDSHAKE || payload.u8(1) !== 3 || payload.u8(2) > 4) return undefined;
    const record = payload.u16(3);
    if (record < 4 || record > LONGEST_RECORD) return undefined;
    const kind = payload.u8(5);
    // the first two bytes may come by themselves
    if (kind !== CLIENT_HELLO && kind !== SERVER_HELLO) return undefined;
    return kind === CLIENT_HELLO ? readClientHello(payload) : {};
  },
};

function readClientHello(payload: Payload): Omit<Identification, 'protocol'> {
  // behind the random bytes: three lists one after another, each with its length before it
  let at = 43;
  const session = payload.u8(at);
  if (session < 0) return {};
  at += 1 + session;
  const ciphers = payload.u16(at);
  if (ciphers < 0) return {};
  at += 2 + ciphers;
  const compression = payload.u8(at);
  if (compression < 0) return {};
  at += 1 + compression + 2;
  for (let count = 0; count < MOST_EXTENSIONS; count += 1) {
    const type = payload.u16(at);
    const length = payload.u16(at + 2);
    if (type < 0 || length < 0) return {};
    if (type === SERVER_NAME) return readServerName(payload, at + 4, length);
    at += 4 + length;
  }
  return {};
}

function readServerName(payload: Payload, at: number, length: number): Omit<Identification, 'protocol'> {
  const size = payload.u16(at + 3);
  if (payload.u8(at + 2) !== HOST_NAME_KIND || size < 1 || size + 5 > length || at + 5 + size > payload.length) return {};
  const serverName = hostNameIn(payload.text(at + 5, size));
  return serverName === undefined ? {} : { serverName };
}
