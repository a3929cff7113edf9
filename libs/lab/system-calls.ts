import koffi from 'koffi';

type Call = (...values: readonly unknown[]) => number;

/** The calls of the C library a lab needs beside those of Node; bound when first used, so that importing this costs nothing. */
export interface SystemCalls {
  readonly unshare: Call;
  readonly setns: Call;
  readonly mount: Call;
  readonly umount2: Call;
  readonly socket: Call;
  readonly setsockopt: Call;
  readonly getsockopt: Call;
  readonly bind: Call;
  readonly listen: Call;
  readonly connect: Call;
  readonly sendto: Call;
  readonly recvfrom: Call;
  readonly poll: Call;
  readonly close: Call;
  readonly getAffinity: Call;
  readonly setAffinity: Call;
  readonly currentProcessor: Call;
}

let bound: SystemCalls | undefined;

export function systemCalls(): SystemCalls {
  return (bound ??= bindCalls());
}

function bindCalls(): SystemCalls {
  if (process.platform !== 'linux') throw new Error(`lab: there are no network namespaces on ${process.platform}`);
  const library = koffi.load(null);
  return {
    unshare: library.func('int unshare(int flags)') as Call,
    setns: library.func('int setns(int fd, int kind)') as Call,
    mount: library.func('int mount(const char *source, const char *target, const char *kind, unsigned long flags, const void *data)') as Call,
    umount2: library.func('int umount2(const char *target, int flags)') as Call,
    socket: library.func('int socket(int domain, int type, int protocol)') as Call,
    setsockopt: library.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)') as Call,
    getsockopt: library.func('int getsockopt(int fd, int level, int name, void *value, void *length)') as Call,
    bind: library.func('int bind(int fd, const void *address, uint32_t length)') as Call,
    listen: library.func('int listen(int fd, int backlog)') as Call,
    connect: library.func('int connect(int fd, const void *address, uint32_t length)') as Call,
    sendto: library.func('intptr_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t size)') as Call,
    recvfrom: library.func('intptr_t recvfrom(int fd, void *data, size_t length, int flags, void *address, void *size)') as Call,
    poll: library.func('int poll(void *fds, unsigned long count, int timeout)') as Call,
    close: library.func('int close(int fd)') as Call,
    getAffinity: library.func('int sched_getaffinity(int pid, size_t size, void *mask)') as Call,
    setAffinity: library.func('int sched_setaffinity(int pid, size_t size, const void *mask)') as Call,
    currentProcessor: library.func('int sched_getcpu()') as Call,
  };
}

export const EAGAIN = 11;

export function lastErrno(): number {
  return koffi.errno();
}

/** Passes on the result of a call, or throws the error it left behind. */
export function checked(what: string, result: number): number {
  if (result >= 0) return result;
  throw new Error(`${what}: errno ${String(lastErrno())}`);
}
