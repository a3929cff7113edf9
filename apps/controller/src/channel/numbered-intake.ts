import type { TextPart } from '#distribution';

import { TextAssembly } from '#channel';

/** What becomes of a text once it has been taken in: nothing, or why it was thrown away. */
export type Take = (text: string) => Promise<string | undefined>;

interface NumberedIntakeOptions {
  readonly largest: number;
  readonly take: Take;
  /** Everything up to this number was taken, or is never wanted again. */
  readonly onTaken: (number: number) => void;
  readonly onThrownAway: (why: string) => void;
  /** Something that is no longer a conversation. */
  readonly onBroken: (why: string) => void;
}

/**
 * Takes numbered texts in, one behind the other, and says so when each was taken.
 *
 * What nothing can be made of is said to be taken too: sent again, it would be no better.
 */
export class NumberedIntake {
  readonly #options: NumberedIntakeOptions;
  readonly #assembly: TextAssembly;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(options: NumberedIntakeOptions) {
    this.#options = options;
    this.#assembly = new TextAssembly(options.largest);
  }

  /** Texts that are complete and not yet taken. */
  get waiting(): number {
    return this.#waiting;
  }

  add(number: number, part: TextPart): void {
    const { take, onTaken, onThrownAway, onBroken } = this.#options;
    const reading = this.#assembly.add(String(number), part);
    if (reading.kind === 'refused') onBroken(reading.why);
    if (reading.kind !== 'text') return;
    this.#waiting += 1;
    this.#last = this.#last
      .then(() => take(reading.text))
      .then(
        (why) => {
          this.#waiting -= 1;
          if (why !== undefined) onThrownAway(why);
          onTaken(number);
        },
        (error: unknown) => {
          this.#waiting -= 1;
          onBroken(error instanceof Error ? error.message : String(error));
        },
      );
  }
}
