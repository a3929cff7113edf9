import { type ReadableWatch, whenReadable } from '../netlink/readable-watch.ts';

/** How long what arrives may wait to be read together, while there is a stream of it. */
const PACE_MS = 5;

/**
 * Reads a descriptor often enough and not more often.
 *
 * Being woken costs more than reading ten events. While there is something each time, it is read
 * by the clock; once there is nothing, the descriptor is watched again and an idle process uses
 * no time.
 */
export class PacedReading {
  readonly #fd: number;
  readonly #drain: () => boolean;
  #watch: ReadableWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** `drain` reads what there is and says whether there was anything. */
  constructor(fd: number, drain: () => boolean) {
    this.#fd = fd;
    this.#drain = drain;
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    this.#watch?.stop();
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#watch = whenReadable(this.#fd, () => {
      this.#watch?.stop();
      this.#watch = undefined;
      this.#read();
    });
  }

  #read(): void {
    const hadSome = this.#drain();
    if (this.#isClosed) return;
    if (!hadSome) this.#wait();
    else
      this.#timer = setTimeout(() => {
        this.#read();
      }, PACE_MS);
  }
}
