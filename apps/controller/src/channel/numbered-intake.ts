import type { TextPart } from '#distribution';

import { TextAssembly } from '#channel';

import type { IntakeRoom } from './intake-budget.ts';

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
  #assembly: TextAssembly;
  #waiting = 0;
  #room: IntakeRoom | undefined;
  #isOver = false;
  #last: Promise<void> = Promise.resolve();

  constructor(options: NumberedIntakeOptions) {
    this.#options = options;
    this.#assembly = new TextAssembly(options.largest);
  }

  /** Texts that are complete and not yet taken. */
  get waiting(): number {
    return this.#waiting;
  }

  /** What has come of a text that is not complete is forgotten; the next one has this room. */
  begin(room: IntakeRoom | undefined): void {
    this.#room?.release();
    this.#room = room;
    this.#assembly = new TextAssembly(this.#options.largest);
  }

  /** Nothing more comes, and what was not taken is not wanted any more. */
  end(): void {
    this.#isOver = true;
    this.begin(undefined);
  }

  /** Whether a text is complete with this. */
  add(number: number, part: TextPart): boolean {
    const { take, onTaken, onThrownAway, onBroken } = this.#options;
    const reading = this.#assembly.add(String(number), part);
    if (reading.kind === 'refused') onBroken(reading.why);
    if (reading.kind !== 'text') return false;
    const room = this.#room;
    this.#room = undefined;
    this.#waiting += 1;
    this.#last = this.#last
      .then(() => (this.#isOver ? undefined : take(reading.text)))
      .then(
        (why) => {
          this.#waiting -= 1;
          if (why !== undefined) onThrownAway(why);
          if (!this.#isOver) onTaken(number);
        },
        (error: unknown) => {
          this.#waiting -= 1;
          onBroken(error instanceof Error ? error.message : String(error));
        },
      )
      .finally(() => room?.release());
    return true;
  }
}
