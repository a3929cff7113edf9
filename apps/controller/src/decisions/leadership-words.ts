import type { Logger } from 'pino';

import type { Leadership } from '../operator/controller-status.ts';

/** Says in the log who leads now, and how long whoever follows waits where that one is gone. */
export function logLeadership(leadership: Leadership, log: Logger, now: number): void {
  if (leadership.kind === 'leader') {
    log.info({ ...leadership }, 'this controller leads');
    return;
  }
  const { leader, takesOverAt } = leadership;
  log.info({ leader, ...(takesOverAt === undefined ? {} : { takesOverInMs: takesOverAt - now }) }, 'this controller follows: it answers questions and decides nothing, and takes over when whoever leads does not renew its lease');
}
