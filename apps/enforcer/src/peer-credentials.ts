import type { Socket } from 'node:net';

import koffi from 'koffi';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
}

type GetOption = (fd: number, level: number, name: number, value: Buffer, length: Buffer) => number;

let getOption: GetOption | undefined;

/** Who is at the other end of a local socket, as the kernel noted when it connected; undefined where that cannot be told. */
export function peerCredentials(socket: Socket): PeerCredentials | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } };
  const fd = handle?.fd;
  if (fd === undefined || fd < 0) return undefined;
  getOption ??= koffi.load(null).func('int getsockopt(int fd, int level, int name, void *value, void *length)') as unknown as GetOption;
  const value = Buffer.alloc(12);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  if (getOption(fd, SOL_SOCKET, SO_PEERCRED, value, length) !== 0 || length.readUInt32LE() < value.length) return undefined;
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4) };
}
