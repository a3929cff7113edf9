import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';

import { checked, systemCalls } from './system-calls.ts';

const CLONE_NEWNET = 0x40000000;
const MS_BIND = 0x1000;
const MNT_DETACH = 2;

/** Where `ip netns` looks for names. */
export const NAMES_FOLDER = '/run/netns';

/**
 * A network namespace held by an open file of this process.
 *
 * Nothing else holds one without a name: when the process ends, however it ends, the kernel takes
 * away the namespace with its links, addresses and rules. One with a name is also mounted under
 * `/run/netns`, for people's `ip netns exec`, and outlives its process until it is swept.
 */
export class NetworkNamespace {
  readonly fd: number;
  readonly name: string | undefined;
  #isClosed = false;

  constructor(name?: string) {
    this.name = name;
    this.fd = openNew();
    if (name !== undefined) mountName(name, this.path);
  }

  /** A path that leads here for as long as this process holds it, from other processes too. */
  get path(): string {
    return `/proc/${String(process.pid)}/fd/${String(this.fd)}`;
  }

  /**
   * Runs something with the calling thread inside: sockets it opens stay here, processes it starts
   * live here. `body` must not wait for anything: the thread is back home when it returns or throws.
   */
  run<T>(body: () => T): T {
    return insideOf(this.fd, body);
  }

  /** Sets variables such as `net.ipv4.ip_forward`. */
  configure(variables: Readonly<Record<string, string>>): void {
    this.run(() => {
      for (const [key, value] of Object.entries(variables)) writeFileSync(`/proc/sys/${key.replaceAll('.', '/')}`, value);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.name !== undefined) unmountName(this.name);
    closeSync(this.fd);
  }
}

function openNew(): number {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    checked('make a network namespace', systemCalls().unshare(CLONE_NEWNET));
    try {
      return openSync('/proc/thread-self/ns/net', 'r');
    } finally {
      checked('return to the own network namespace', systemCalls().setns(home, CLONE_NEWNET));
    }
  } finally {
    closeSync(home);
  }
}

function insideOf<T>(fd: number, body: () => T): T {
  const { setns } = systemCalls();
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    checked('enter network namespace', setns(fd, CLONE_NEWNET));
    try {
      return body();
    } finally {
      checked('return to the own network namespace', setns(home, CLONE_NEWNET));
    }
  } finally {
    closeSync(home);
  }
}

function mountName(name: string, path: string): void {
  mkdirSync(NAMES_FOLDER, { recursive: true });
  const target = `${NAMES_FOLDER}/${name}`;
  writeFileSync(target, '', { flag: 'wx' });
  checked(`mount ${target}`, systemCalls().mount(path, target, 'none', MS_BIND, null));
}

/** Takes a name away; the namespace goes with it where nothing else holds it. */
export function unmountName(name: string): void {
  const target = `${NAMES_FOLDER}/${name}`;
  systemCalls().umount2(target, MNT_DETACH);
  rmSync(target, { force: true });
}
