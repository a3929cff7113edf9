/**
 * A lease that is held. `fence` grows with every change of holder, so whoever is handed two knows
 * which is the newer one.
 */
export type LeaseResult =
  | { readonly kind: 'held'; readonly fence: number }
  | { readonly kind: 'taken'; readonly by: string; readonly forMs: number };

/**
 * Who may act alone, for a time. A holder that stops renewing loses it without being told, so what it
 * then still writes has to carry its fence: the journal refuses an older one.
 */
export interface LeaseStore {
  /** Takes the lease, or takes it anew where this holder has it already. A holder's name is one process's own, never used again. */
  acquire(name: string, holder: string, ttlMs: number): Promise<LeaseResult>;
  /** False where the lease is no longer this holder's under this fence. */
  renew(name: string, holder: string, fence: number, ttlMs: number): Promise<boolean>;
  /** Gives it back before its time; nothing happens where it is somebody else's. */
  release(name: string, holder: string, fence: number): Promise<void>;
}
