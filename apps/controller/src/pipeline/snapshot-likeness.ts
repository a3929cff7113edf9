import type { Snapshot } from '#model';

/** Whether nothing but pods is different, or lists of the pods a Service selects; told by identity: what was put together again counts as different. */
export function isAlikeButForPods(a: Snapshot, b: Snapshot): boolean {
  return (Object.keys(a) as (keyof Snapshot)[]).every((key) => key === 'pods' || key === 'diagnostics' || a[key] === b[key] || (key === 'endpointSlices' && haveAlikeSlices(a, b)));
}

/** Slices that somebody writes by hand say more than the pods do. */
function haveAlikeSlices({ endpointSlices: before }: Snapshot, { endpointSlices: after, services }: Snapshot): boolean {
  return before.length === after.length && after.every((slice, at) => slice === before[at] || (slice.service === before[at]?.service && services.get(`${slice.namespace}/${slice.service}`)?.selector !== undefined));
}
