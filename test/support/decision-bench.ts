import { decide, type ReviewCommand, type ReviewContext } from '#review';
import type { Store } from '#store';

import { DecisionDesk } from '../../apps/controller/src/decisions/decision-desk.ts';
import { Leader } from '../../apps/controller/src/decisions/leadership.ts';
import { ReviewLog } from '../../apps/controller/src/decisions/review-log.ts';
import type { CommandResult } from '../../apps/controller/src/operator/operator-port.ts';
import { approvalOf, closed, contextOf, DB, dbProposal, proposedRule, reviewOf, reviewsOf } from './review-world.ts';

/** What one controller replica decides with. */
export interface DecisionBench {
  readonly log: ReviewLog;
  readonly leader: Leader;
  readonly desk: DecisionDesk;
}

export async function openDesk(store: Store, holder: string, ttlMs: number, onLeads: () => void = () => undefined): Promise<DecisionBench> {
  const log = new ReviewLog(store.journal, () => undefined);
  const leader = new Leader({
    leases: store.leases,
    raiseFence: (fence) => store.raiseFence(fence),
    holder,
    ttlMs,
    onChange: ({ kind }) => {
      if (kind === 'leader') onLeads();
    },
    onTrouble: () => undefined,
  });
  const desk = new DecisionDesk({ log, leader, decide: (command: ReviewCommand, actor) => Promise.resolve(decide(log.state, command, { ...worldOf(log), actor })), now: Date.now });
  await leader.start();
  return { log, leader, desk };
}

/** Approves what is proposed next: always something that is not in force yet. */
export async function approveOn({ log, desk }: DecisionBench): Promise<CommandResult> {
  await log.catchUp();
  return desk.command(approvalOf(log.state, worldOf(log), DB), { kind: 'person', name: 'alice' });
}

function worldOf({ state }: ReviewLog): ReviewContext {
  const port = 5_000 + (state.revisions.length % 1_000);
  return contextOf({ reviews: reviewsOf(reviewOf({ ...dbProposal, ingress: closed(proposedRule(`from-api-${String(port)}`, 'shop/Deployment/api', port)) })) });
}
