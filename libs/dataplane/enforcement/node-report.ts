import type { Diagnostic } from '#model';

import type { DriverName } from '../driver.ts';
import type { ApplyReport, Drift } from '../node-table.ts';
import type { PanicIntent, TrialIntent } from './node-intents.ts';

/** Where a bundle came from. */
export type BundleOrigin = 'disk' | 'file' | 'command' | 'channel' | 'reverted' | 'resumed';

/** Something that happened to what a node enforces. */
export type NodeReport =
  | { readonly kind: 'driver'; readonly driver: DriverName; readonly ownsTable: boolean; readonly why: readonly string[] }
  | ({ readonly kind: 'applied'; readonly origin: BundleOrigin; readonly driver: DriverName } & Omit<Extract<ApplyReport, { kind: 'applied' }>, 'kind'>)
  | { readonly kind: 'refused'; readonly origin: BundleOrigin; readonly why: string; readonly revision?: number; readonly hash?: string; readonly diagnostics: readonly Diagnostic[] }
  /** A table was there and is left as it is: what it enforces is known by its own note only. */
  | { readonly kind: 'adopted'; readonly revision: number; readonly hash: string; readonly generation: number }
  | ({ readonly kind: 'drift' } & Drift)
  /** The last confirmed bundle could not be written to disk; the kernel holds it all the same. */
  | { readonly kind: 'unsaved'; readonly why: string }
  /** Addresses nobody knows are let through from now on, or no longer: see `failMode` of a bundle. */
  | { readonly kind: 'unknown'; readonly areOpen: boolean; readonly why: string }
  | ({ readonly kind: 'trial' } & TrialIntent)
  | { readonly kind: 'confirmed'; readonly revision: number; readonly hash: string; readonly by: string }
  | { readonly kind: 'reverted'; readonly revision: number; readonly hash: string; readonly why: string }
  | ({ readonly kind: 'panic' } & PanicIntent)
  | { readonly kind: 'resumed'; readonly by: string };
