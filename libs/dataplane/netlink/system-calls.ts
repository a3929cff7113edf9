import { constants as osConstants } from 'node:os';

import koffi from 'koffi';

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

/** A system call that failed, with the number and the name of the error. */
export class SystemCallError extends Error {
  readonly errno: number;
  readonly code: string;

  constructor(what: string, errno: number) {
    super(`${what}: ${errorName(errno)}`);
    this.name = 'SystemCallError';
    this.errno = errno;
    this.code = errorName(errno);
  }
}

type Call = (...values: readonly unknown[]) => number;

interface AsynchronousCall extends Call {
  readonly async: (...values: readonly unknown[]) => void;
}

/** The calls of the C library that netlink sockets need; bound when first used, so that importing this costs nothing. */
export interface SystemCalls {
  readonly socket: Call;
  readonly bind: Call;
  readonly getsockname: Call;
  readonly setsockopt: Call;
  readonly send: Call;
  readonly recv: Call;
  readonly poll: AsynchronousCall;
  readonly eventfd: Call;
  readonly write: Call;
  readonly read: Call;
  readonly close: Call;
  readonly setns: Call;
}

let bound: SystemCalls | undefined;

export function systemCalls(): SystemCalls {
  return (bound ??= bindCalls());
}

function bindCalls(): SystemCalls {
  if (process.platform !== 'linux') throw new Error(`netlink: there is none on ${process.platform}`);
  const library = koffi.load(null);
  return {
    socket: library.func('int socket(int domain, int type, int protocol)') as Call,
    bind: library.func('int bind(int fd, const void *address, uint32_t length)') as Call,
    getsockname: library.func('int getsockname(int fd, void *address, void *length)') as Call,
    setsockopt: library.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)') as Call,
    send: library.func('intptr_t send(int fd, const void *data, size_t length, int flags)') as Call,
    recv: library.func('intptr_t recv(int fd, void *data, size_t length, int flags)') as Call,
    poll: library.func('int poll(void *fds, unsigned long count, int timeout)') as AsynchronousCall,
    eventfd: library.func('int eventfd(unsigned int start, int flags)') as Call,
    write: library.func('intptr_t write(int fd, const void *data, size_t length)') as Call,
    read: library.func('intptr_t read(int fd, void *data, size_t length)') as Call,
    close: library.func('int close(int fd)') as Call,
    setns: library.func('int setns(int fd, int kind)') as Call,
  };
}

/** Puts a classic packet filter on a socket: `program` is `steps` instructions of eight bytes. */
export function attachFilter(fd: number, program: Buffer, steps: number): void {
  const type = (filterType ??= koffi.struct({ steps: 'uint16_t', program: 'void *' }));
  const call = koffi.load(null).func('setsockopt', 'int', ['int', 'int', 'int', koffi.pointer(type), 'uint32_t']) as Call;
  checked('filter a socket', call(fd, SOL_SOCKET, SO_ATTACH_FILTER, { steps, program }, 16));
}

let filterType: ReturnType<typeof koffi.struct> | undefined;

export function lastErrno(): number {
  return koffi.errno();
}

/** Passes on the result of a call, or throws the error it left behind. */
export function checked(what: string, result: number): number {
  if (result >= 0) return result;
  throw new SystemCallError(what, lastErrno());
}

const names = new Map(Object.entries(osConstants.errno).map(([name, value]) => [value, name]));

/** `ENOENT` for 2; the number itself where it has no name. */
export function errorName(errno: number): string {
  // two names share 11 and 95; the kernel documents these
  if (errno === 11) return 'EAGAIN';
  if (errno === 95) return 'EOPNOTSUPP';
  return names.get(errno) ?? `errno ${String(errno)}`;
}
