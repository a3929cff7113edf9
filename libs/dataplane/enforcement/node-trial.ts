import { join } from 'node:path';

import type { NodeBundle } from '#compilers/nftables';

import { BundleStore, type StoredBundle } from '../bundle-store.ts';
import type { NodeIntents, TrialIntent } from './node-intents.ts';

/** The bundle that goes away unless somebody confirms it: what is on disk about it, and the clock of this process. */
export class NodeTrial {
  readonly #intents: NodeIntents;
  readonly #store: BundleStore;
  #clock: NodeJS.Timeout | undefined;

  constructor(folder: string, intents: NodeIntents) {
    this.#intents = intents;
    this.#store = new BundleStore(join(folder, 'trial.bundle'));
  }

  /** The one that is on, whichever process began it. */
  get pending(): TrialIntent | undefined {
    return this.#intents.trial();
  }

  load(): StoredBundle {
    return this.#store.load();
  }

  /** Writes down what is about to be tried; what takes that back should it be refused. */
  begin(bundle: NodeBundle, trial: TrialIntent): () => void {
    const before = this.#intents.trial();
    this.#store.save(bundle);
    this.#intents.write('trial', trial);
    return () => {
      if (before === undefined) this.#intents.clear('trial');
      else this.#intents.write('trial', before);
    };
  }

  /** Calls back when the time is over, in this process. */
  wait(windowMs: number, onOver: () => void): void {
    clearTimeout(this.#clock);
    this.#clock = setTimeout(onOver, windowMs);
  }

  end(): void {
    clearTimeout(this.#clock);
    this.#intents.clear('trial');
  }

  stop(): void {
    clearTimeout(this.#clock);
  }
}
