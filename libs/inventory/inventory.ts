import { type Diagnostic, type Snapshot, type SourceUpdate, compareDiagnostics, compareText } from '#model';

import { type Assembled, assemble } from './assemble.ts';
import { type EntryChange, patchPods } from './pod-changes.ts';
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
  #assembled: Assembled | undefined;

  accept(update: SourceUpdate): void {
    this.#unread.set(`${update.source}\n${update.key}`, update);
  }

  /** Everything known now; the same object again while nothing came in. */
  snapshot(): Snapshot {
    const changes = this.#readUpdates();
    if (this.#assembled !== undefined && changes.length === 0) return this.#assembled.snapshot;
    const patched = this.#assembled === undefined ? undefined : patchPods(this.#assembled, changes);
    this.#assembled = this.#assembled === undefined || patched === undefined ? assemble(this.#sortedEntries()) : { ...this.#assembled, snapshot: patched };
    return this.#assembled.snapshot;
  }

  #readUpdates(): readonly EntryChange[] {
    const changes: EntryChange[] = [];
    for (const [key, { value }] of this.#unread) {
      const before = this.#entries.get(key);
      const after = value === undefined ? undefined : readUpdate(value);
      if (after === undefined) this.#entries.delete(key);
      else this.#entries.set(key, after);
      if ((before === undefined) !== (after === undefined)) this.#sortedKeys = undefined;
      if (before !== undefined || after !== undefined) changes.push({ before, after });
    }
    this.#unread.clear();
    return changes;
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
