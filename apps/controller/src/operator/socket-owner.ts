import { access, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Established, as the kernel numbers it: in every other state the owner may be gone and reads as 0. */
const ESTABLISHED = '01';
const UID_COLUMN = 7;

/**
 * Asks the kernel which user opened the other end of a loopback connection, by its table of
 * sockets (proc(5), /proc/net/tcp). Undefined where the table has no such connection, or the
 * system has no such table.
 *
 * Good for as long as the connection lasts, so it is worth asking once per connection.
 */
export async function ownerOfPeer(socket: Socket): Promise<number | undefined> {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined || localAddress === undefined || localPort === undefined) return undefined;
  for (const { file, encode } of TABLES) {
    const [theirs, ours] = [encode(remoteAddress), encode(localAddress)];
    if (theirs === undefined || ours === undefined) continue;
    const row = rowOf(await readTable(file), ` ${theirs}:${hexPort(remotePort)} ${ours}:${hexPort(localPort)} ${ESTABLISHED} `);
    const uid = Number(row?.trim().split(/\s+/)[UID_COLUMN]);
    if (Number.isInteger(uid)) return uid;
  }
  return undefined;
}

/** Whether this system can be asked at all. One that could and fails for a moment can: nobody is let in for that. */
export async function canTellOwners(table = '/proc/net/tcp'): Promise<boolean> {
  try {
    await access(table);
    return true;
  } catch (error) {
    return !(typeof error === 'object' && error !== null && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'));
  }
}

async function readTable(file: string): Promise<string> {
  try {
    return await readFile(file, 'latin1');
  } catch {
    return '';
  }
}

function rowOf(table: string, ends: string): string | undefined {
  const at = table.indexOf(ends);
  if (at < 0) return undefined;
  const start = table.lastIndexOf('\n', at) + 1;
  const end = table.indexOf('\n', at);
  return table.slice(start, end < 0 ? undefined : end);
}

const LOOPBACK_6 = '00000000000000000000000001000000';
const MAPPED = '0000000000000000FFFF0000';

// Four bytes a word in the host's order, which is little-endian wherever Node runs.
function word(quad: string): string | undefined {
  const bytes = quad.split('.').map(Number);
  if (bytes.length !== 4 || bytes.some((byte) => !Number.isInteger(byte) || byte < 0 || byte > 255)) return undefined;
  return bytes.reverse().map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join('');
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

function quadOf(address: string): string {
  return address.toLowerCase().startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

/** A client that opened an IPv6 socket to reach an IPv4 address stands in the table of IPv6. */
const TABLES: readonly { readonly file: string; readonly encode: (address: string) => string | undefined }[] = [
  { file: '/proc/net/tcp', encode: (address) => word(quadOf(address)) },
  {
    file: '/proc/net/tcp6',
    encode: (address) => {
      if (address === '::1') return LOOPBACK_6;
      const quad = word(quadOf(address));
      return quad === undefined ? undefined : MAPPED + quad;
    },
  },
];
