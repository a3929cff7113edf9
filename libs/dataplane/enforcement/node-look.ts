import type { Driver } from '../driver.ts';
import type { NodeTable } from '../node-table.ts';
import type { ConfirmedBundle } from './confirmed-bundle.ts';
import type { NodeIntents } from './node-intents.ts';
import type { NodeState } from './node-state.ts';
import type { NodeTrial } from './node-trial.ts';

export interface LookPlace {
  readonly driver: Driver;
  readonly table: NodeTable;
  readonly store: ConfirmedBundle;
  readonly trial: NodeTrial;
  readonly intents: NodeIntents;
  readonly now: number;
}

/** Finds out how a node stands, where no enforcer runs; undefined: nothing of ours is there. Changes nothing. */
export function lookAround({ driver, table, store, trial, intents, now }: LookPlace): NodeState | undefined {
  const panic = intents.panic();
  if (panic !== undefined) return { kind: 'panic', since: panic.at, by: panic.by };
  const note = driver.readNote();
  if (note === undefined) return undefined;
  const pending = trial.pending?.hash === note.hash ? trial.pending : undefined;
  const stored = (pending === undefined ? store : trial).load();
  const since = pending?.at ?? Math.round(store.savedAt() ?? now);
  if (stored.kind !== 'bundle' || !table.reuse(stored.bundle, pending?.until)) return { kind: 'adopted', since };
  return pending === undefined ? { kind: 'enforcing', since } : { kind: 'trial', since, until: pending.until };
}
