import type { Snapshot } from '#model';

/** Whether nothing but pods is different, told by identity: what was put together again counts as different. */
export function isAlikeButForPods(a: Snapshot, b: Snapshot): boolean {
  return (Object.keys(a) as (keyof Snapshot)[]).every((key) => key === 'pods' || key === 'diagnostics' || a[key] === b[key]);
}
