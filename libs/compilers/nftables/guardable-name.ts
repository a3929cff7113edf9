/**
 * Whether an interface of this name can be guarded. Nearly every name can; ours go without quotes,
 * spaces and wildcards, so that one is never taken for another.
 */
export function isGuardable(name: string): boolean {
  return /^[A-Za-z0-9_.:@-]{1,15}$/.test(name);
}
