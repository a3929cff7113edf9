import { fateOf, modeOf, NOTHING_DECIDED, targetOf } from '#review';

import type { EnforcementSettings } from '../pipeline/node-modes.ts';
import type { ReviewSettings } from './enforcement-orders.ts';

/** What the pipeline needs of the settings people made. Policies go to the enforcers unless a namespace says otherwise. */
export function enforcementSettings(settings: ReviewSettings): EnforcementSettings {
  const state = { ...NOTHING_DECIDED, ...settings };
  return {
    modeOf: (workload, cluster) => modeOf(state, workload, cluster).value,
    targetOf: (namespace) => targetOf(state, namespace) ?? 'nftables',
    fateOf: (workload) => fateOf(state, workload).value,
  };
}
