import { Inventory } from '#inventory';
import type { Snapshot, SourceUpdate } from '#model';

/** One world: every update that is true in it. */
export interface World {
  readonly name: string;
  readonly updates: readonly SourceUpdate[];
}

/** A way to arrive at the last of some worlds, as the batches of updates a source would send. */
export interface Walk {
  readonly name: string;
  readonly batches: readonly (readonly SourceUpdate[])[];
}

/**
 * Expands one hand-written list of worlds into the ways a source may lead through it: as written,
 * updates reversed, updates repeated, worlds reversed (and back to the last), empty between, the
 * last one alone, and all squashed into one batch. All must end the same.
 */
export function walksThrough(worlds: readonly World[]): readonly Walk[] {
  const last = worlds.at(-1);
  if (last === undefined) throw new Error('walk through worlds: there are none');
  const reversed = <T>(items: readonly T[]): readonly T[] => [...items].reverse();
  const steps = stepsThrough(worlds);
  return [
    { name: 'as written', batches: steps },
    { name: 'updates reversed', batches: steps.map(reversed) },
    { name: 'updates repeated', batches: steps.flatMap((batch) => [batch, [...batch, ...reversed(batch)]]) },
    { name: 'worlds reversed', batches: stepsThrough([...reversed(worlds), last]) },
    { name: 'empty between', batches: stepsThrough(worlds.flatMap((each) => [{ name: 'nothing', updates: [] }, each])) },
    { name: `${last.name} alone`, batches: [last.updates] },
    { name: 'squashed', batches: [squashed(steps)] },
  ];
}

/** For each world what is different from the one before: new and changed objects first, then what is gone. */
function stepsThrough(worlds: readonly World[]): readonly (readonly SourceUpdate[])[] {
  let before = new Map<string, SourceUpdate>();
  return worlds.map(({ updates }) => {
    const after = new Map(updates.map((update) => [keyOf(update), update]));
    const gone = [...before.values()].filter((update) => !after.has(keyOf(update))).map((update): SourceUpdate => ({ ...update, value: undefined }));
    const changed = updates.filter((update) => before.get(keyOf(update)) !== update);
    before = after;
    return [...changed, ...gone];
  });
}

// Of several words about one object the last counts, so that is the only order that has to stay.
function squashed(batches: readonly (readonly SourceUpdate[])[]): readonly SourceUpdate[] {
  const last = new Map<string, SourceUpdate>();
  for (const update of batches.flat()) last.set(keyOf(update), update);
  return [...last.values()];
}

function keyOf({ source, key }: SourceUpdate): string {
  return `${source}\n${key}`;
}

/** Follows a walk with one inventory, looking at the snapshot after each batch. */
export function follow({ batches }: Walk, look: (snapshot: Snapshot) => void): Snapshot {
  const inventory = new Inventory();
  for (const batch of batches) {
    for (const update of batch) inventory.accept(update);
    look(inventory.snapshot());
  }
  return inventory.snapshot();
}
