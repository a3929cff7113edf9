import type { Diagnostic } from '#model';
import { type Actor, currentNumber, type ReviewCommand, type ReviewDecision, type ReviewEvent, type ReviewState } from '#review';
import { isStoreError } from '#store';

import type { CommandResult } from '../operator/operator-port.ts';
import type { Leader } from './leadership.ts';
import type { ReviewLog } from './review-log.ts';

export interface DecisionDeskOptions {
  readonly log: ReviewLog;
  readonly leader: Leader;
  /** Decides in view of what is proposed now; the state it decides on is that of entry `seq`. */
  readonly decide: (command: ReviewCommand, actor: Actor, seq: number, now: number) => Promise<ReviewDecision>;
  readonly now: () => number;
}

/** Somebody else wrote in between so often that it is not worth going on. */
const TRIES = 5;

/**
 * Where commands are decided, one after the other, by the leader.
 *
 * A command is acknowledged when its events are in the journal for good, and leaves nothing behind
 * where they are not. Where somebody wrote in between, it is decided anew on what is there now.
 */
export class DecisionDesk {
  readonly #options: DecisionDeskOptions;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: DecisionDeskOptions) {
    this.#options = options;
  }

  command(command: ReviewCommand, actor: Actor): Promise<CommandResult> {
    const result = this.#queue.then(() => this.#carryOut(command, actor));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  async #carryOut(command: ReviewCommand, actor: Actor): Promise<CommandResult> {
    const { log, leader, decide, now } = this.#options;
    for (let tried = 0; tried < TRIES; tried += 1) {
      if (leader.fence === undefined) return this.#notLeader();
      await log.catchUp();
      const decision = await decide(command, actor, log.state.seq, now());
      if (decision.kind !== 'events') return decision;
      const written = await this.#write(decision.events, log.state, decision.notes);
      if (written !== undefined) return written;
    }
    throw new Error(`${command.kind}: others wrote to the journal ${TRIES} times in between`);
  }

  /** Undefined: somebody wrote in between, so it has to be decided again. */
  async #write(events: readonly ReviewEvent[], before: ReviewState, notes: readonly Diagnostic[]): Promise<CommandResult | undefined> {
    const { log, leader, now } = this.#options;
    if (events.length === 0) return { kind: 'done', seq: before.seq, notes };
    const { fence } = leader;
    if (fence === undefined) return this.#notLeader();
    const result = await log.append(events, now(), fence).catch((error: unknown) => this.#afterTrouble(error));
    switch (result.kind) {
      case 'appended': {
        const seq = result.entries.at(-1)?.seq ?? before.seq;
        const revision = events.some(({ kind }) => kind === 'approved' || kind === 'rolled-back') ? currentNumber(log.state) : undefined;
        return { kind: 'done', seq, ...(revision === undefined ? {} : { revision }), notes };
      }
      case 'conflict':
        return undefined;
      case 'fenced':
        leader.lost();
        return this.#notLeader();
    }
  }

  // The write may have arrived although nobody said so: what is there decides what comes next.
  async #afterTrouble(error: unknown): Promise<never> {
    if (isStoreError(error) && error.isOutcomeUnknown) await this.#options.log.catchUp();
    throw error;
  }

  #notLeader(): CommandResult {
    const { leadership } = this.#options.leader;
    return { kind: 'not leader', ...(leadership.kind === 'follower' && leadership.leader !== undefined ? { leader: leadership.leader } : {}) };
  }
}
