import type { Diagnostic } from '#model';

import type { ControllerStatus } from './controller-status.ts';

/** What keeps a controller from being relied upon; a degraded source is said elsewhere and keeps nobody. */
export function obstaclesToReadiness({ sources, store }: ControllerStatus): readonly Diagnostic[] {
  return [
    ...sources
      .filter(({ state, isRequired }) => isRequired && (state === 'syncing' || state === 'failed'))
      .map(({ name, state, why }) => obstacle('source-not-in-sync', `source ${name}`, `is ${state}${why === undefined ? '' : `: ${why}`}`, 'nothing is compiled or distributed before it is in sync')),
    ...(store.problem === undefined ? [] : [obstacle('store-unusable', `store ${store.kind}`, store.problem, 'nothing can be decided before it is back')]),
  ];
}

function obstacle(code: string, subject: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'error', subject, message, hint };
}
