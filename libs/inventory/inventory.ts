import { type Diagnostic, type Snapshot, type SourceUpdate, compareDiagnostics, compareText } from '#model';

import { assemble } from './assemble.ts';
import { type Entry, readUpdate } from './read-update.ts';

/**
 * What runs where, folded from what the sources say.
 *
 * `accept` only remembers; reading and putting together happen in `snapshot`, and an object that
 * did not change is not read again. The answer depends on the objects present, never on the order
 * they came in.
 */
export class Inventory {
  readonly #unread = new Map<string, SourceUpdate>();
  readonly #entries = new Map<string, Entry>();
  #sortedKeys: readonly string[] | undefined;
  #snapshot: Snapshot | undefined;

  accept(update: SourceUpdate): void {
    this.#unread.set(`${update.source}\n${update.key}`, update);
  }

  /** Everything known now; the same object again while nothing came in. */
  snapshot(): Snapshot {
    if (this.#snapshot === undefined || this.#unread.size > 0) {
      this.#readUpdates();
      this.#snapshot = assemble(this.#sortedEntries());
    }
    return this.#snapshot;
  }

  #readUpdates(): void {
    for (const [key, { value }] of this.#unread) {
      if (value === undefined) {
        if (this.#entries.delete(key)) this.#sortedKeys = undefined;
        continue;
      }
      if (!this.#entries.has(key)) this.#sortedKeys = undefined;
      this.#entries.set(key, readUpdate(value));
    }
    this.#unread.clear();
  }

  #sortedEntries(): readonly Entry[] {
    this.#sortedKeys ??= [...this.#entries.keys()].sort(compareText);
    return this.#sortedKeys.flatMap((key) => this.#entries.get(key) ?? []);
  }
}

/** The snapshot of a set of updates, with what was found wrong before (while reading files, say) among its diagnostics. */
export function snapshotOf(updates: Iterable<SourceUpdate>, diagnostics: readonly Diagnostic[] = []): Snapshot {
  const inventory = new Inventory();
  for (const update of updates) inventory.accept(update);
  const snapshot = inventory.snapshot();
  if (diagnostics.length === 0) return snapshot;
  return { ...snapshot, diagnostics: [...snapshot.diagnostics, ...diagnostics].sort(compareDiagnostics) };
}
