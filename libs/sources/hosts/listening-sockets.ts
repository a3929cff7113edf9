import { addressFromBits, type Address } from '#model';

/** A socket that waits for whoever comes. */
export interface ListeningSocket {
  readonly protocol: 'TCP' | 'UDP';
  readonly address: Address;
  readonly port: number;
  readonly inode: number;
}

const TCP_LISTEN = '0A';
/** Of UDP: bound, and talking to nobody in particular. */
const UDP_UNCONNECTED = '07';
const LINE = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+\s+\d+\s+\d+ (\d+)/;

/**
 * Reads `/proc/net/tcp`, `tcp6`, `udp` or `udp6`: sockets that wait, in the order of the text.
 *
 * A UDP socket on a port the kernel hands out to clients (`firstClientPort` and up) is one, as far
 * as anybody can tell, that asked somebody.
 */
export function readListeningSockets(text: string, protocol: 'TCP' | 'UDP', firstClientPort: number): readonly ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (const line of text.split('\n')) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, address = '', port = '', remotePort = '', state = '', inode = ''] = match;
    const number = Number.parseInt(port, 16);
    if (protocol === 'TCP' ? state !== TCP_LISTEN : state !== UDP_UNCONNECTED || Number.parseInt(remotePort, 16) !== 0 || number >= firstClientPort) continue;
    if (number === 0 || Number(inode) === 0) continue;
    sockets.push({ protocol, address: addressIn(address), port: number, inode: Number(inode) });
  }
  return sockets;
}

// words of four bytes, each as a little-endian machine holds it
function addressIn(hex: string): Address {
  let bits = 0n;
  for (let at = 0; at < hex.length; at += 8) {
    const word = Number.parseInt(hex.slice(at, at + 8), 16);
    const swapped = ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
    bits = (bits << 32n) | BigInt(swapped >>> 0);
  }
  return addressFromBits(hex.length === 8 ? 4 : 6, bits);
}

/** Whether nobody but the host itself can reach it. */
export function isLoopback({ address }: ListeningSocket): boolean {
  return address.family === 4 ? address.bits >> 24n === 127n : address.bits === 1n;
}
