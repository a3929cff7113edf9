import { checked, systemCalls } from './system-calls.ts';

const EFD_CLOEXEC = 0x80000;
const EFD_NONBLOCK = 0x800;
const POLLIN = 1;
const one = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);

export interface ReadableWatch {
  stop(): void;
}

/**
 * Calls back on the event loop while a descriptor has something to read.
 *
 * Node's own event loop takes no foreign descriptors. One thread waits in `poll` for all of them,
 * however many there are, and for ever: no timer runs, an idle process uses no time. The thread
 * sleeps while the listeners work, so none is called twice for the same bytes.
 */
export function whenReadable(fd: number, listener: () => void): ReadableWatch {
  poller ??= new Poller();
  return poller.add(fd, listener);
}

let poller: Poller | undefined;

class Poller {
  readonly #listeners = new Map<number, () => void>();
  readonly #doorbell = checked('make an eventfd', systemCalls().eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  readonly #drained = Buffer.alloc(8);
  #isWaiting = false;

  constructor() {
    // a thread that still waits would keep the process from ending
    process.on('exit', () => {
      this.#ring();
    });
  }

  add(fd: number, listener: () => void): ReadableWatch {
    this.#listeners.set(fd, listener);
    this.#wait();
    return {
      stop: () => {
        if (this.#listeners.get(fd) !== listener) return;
        this.#listeners.delete(fd);
        this.#ring();
      },
    };
  }

  #wait(): void {
    if (this.#isWaiting) {
      this.#ring();
      return;
    }
    if (this.#listeners.size === 0) return;
    const watched = [...this.#listeners];
    const fds = Buffer.alloc(8 * (watched.length + 1));
    [this.#doorbell, ...watched.map(([fd]) => fd)].forEach((fd, at) => {
      fds.writeInt32LE(fd, 8 * at);
      fds.writeInt16LE(POLLIN, 8 * at + 4);
    });
    this.#isWaiting = true;
    systemCalls().poll.async(fds, watched.length + 1, -1, () => {
      this.#isWaiting = false;
      systemCalls().read(this.#doorbell, this.#drained, 8);
      try {
        watched.forEach(([fd, listener], at) => {
          const isReadable = fds.readInt16LE(8 * (at + 1) + 6) !== 0;
          if (isReadable && this.#listeners.get(fd) === listener) listener();
        });
      } finally {
        this.#wait();
      }
    });
  }

  #ring(): void {
    if (this.#isWaiting) systemCalls().write(this.#doorbell, one, 8);
  }
}
