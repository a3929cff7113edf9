const MOST_A_SECOND = 5;

/** Passes on who was sent away and why, so many a second and no more: whoever is sent away must not fill a log. */
export class RefusalLog {
  readonly #tell: (peer: string, why: string) => void;
  #second = 0;
  #told = 0;
  #untold = 0;

  constructor(tell: (peer: string, why: string) => void) {
    this.#tell = tell;
  }

  note(peer: string, why: string): void {
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#told = 0;
      if (this.#untold > 0) this.#tell('others', `${String(this.#untold)} more were sent away`);
      this.#untold = 0;
    }
    this.#told += 1;
    if (this.#told <= MOST_A_SECOND) this.#tell(peer, why);
    else this.#untold += 1;
  }
}
