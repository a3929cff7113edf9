import type { ConformanceCase } from './case.ts';
import { type CaseResult, type Mismatch, runCase, runSequence } from './case-run.ts';
import type { Engine } from './engine.ts';

/** Runs cases as they come and counts; steps of a sequence wait for each other. */
export class CheckRun {
  readonly #engine: Engine;
  readonly #isCoreOnly: boolean;
  readonly #waiting = new Map<string, ConformanceCase[]>();
  readonly #onMismatch: (mismatch: Mismatch) => void;
  passed = 0;
  failed = 0;
  skipped = 0;

  constructor(engine: Engine, isCoreOnly: boolean, onMismatch: (mismatch: Mismatch) => void) {
    this.#engine = engine;
    this.#isCoreOnly = isCoreOnly;
    this.#onMismatch = onMismatch;
  }

  add(given: ConformanceCase): void {
    const { sequence } = given;
    if (sequence === undefined) {
      this.#count(runCase(given, this.#engine, this.#isCoreOnly));
      return;
    }
    const steps = this.#waiting.get(sequence.id) ?? [];
    steps.push(given);
    this.#waiting.set(sequence.id, steps);
    if (steps.length === sequence.of) this.#finish(sequence.id);
  }

  /** Runs what is still waiting: sequences some step of which never came. */
  end(): void {
    for (const id of [...this.#waiting.keys()]) this.#finish(id);
  }

  #finish(id: string): void {
    const steps = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const result of runSequence(steps, this.#engine, this.#isCoreOnly)) this.#count(result);
  }

  #count(result: CaseResult): void {
    this.passed += result.passed;
    this.skipped += result.skipped;
    this.failed += result.mismatches.length;
    for (const mismatch of result.mismatches) this.#onMismatch(mismatch);
  }
}
