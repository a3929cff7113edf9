import { type ModeScope, workloadKey } from '#model';

import { enforcementOf } from './enforcement.ts';
import { workloadsIn } from './mode-scope.ts';
import type { ReviewContext } from './review-command.ts';
import type { ReviewState } from './review-state.ts';
import { currentNumber } from './revisions.ts';

/**
 * A digest of what a change of mode does: under which revision, and which workloads that have
 * anything approved it takes from which mode to which. Workloads with nothing approved are open in
 * every mode, so that they come and go makes it no other change.
 */
export function modeShown(before: ReviewState, after: ReviewState, scope: ModeScope, { snapshot, digest }: Pick<ReviewContext, 'snapshot' | 'digest'>): string {
  const changes = workloadsIn(scope, snapshot).flatMap((workload): readonly (readonly [string, string, string])[] => {
    const now = enforcementOf(before, workload, snapshot);
    const then = enforcementOf(after, workload, snapshot);
    return now.approval === undefined || now.mode.value === then.mode.value ? [] : [[workloadKey(workload), now.mode.value, then.mode.value]];
  });
  return digest(JSON.stringify([currentNumber(before), scope.kind, changes]));
}
