import { type Connection, workloadKey, type WorkloadRef } from '#model';
import { explain, type MissingRule, onlyLayer } from '#policy';

import { enforcerOf, policiesInForce } from './enforcement-layers.ts';
import { nextRevision } from './next-revision.ts';
import type { AddedRule } from './proposal-edit.ts';
import type { ApprovalItem, ReviewContext } from './review-command.ts';
import type { ReviewState } from './review-state.ts';
import { reviewedProposal, ruleIds } from './reviewed-proposal.ts';

/** The smallest thing a person can do so that one end lets a connection through. */
export type Remedy =
  /** What is proposed already lets it through, by these rules; none where it would leave the direction open. */
  | { readonly kind: 'approve'; readonly workload: WorkloadRef; readonly hash: string; readonly rules: readonly string[]; readonly admit: readonly string[]; readonly text: string }
  /** Nothing proposed does: a rule has to be added to it first. Whoever adds it says why. */
  | { readonly kind: 'add-rule'; readonly workload: WorkloadRef; readonly hash: string; readonly direction: MissingRule['direction']; readonly rule: Omit<AddedRule, 'why'>; readonly text: string }
  /** Policies of others close it, which nothing approved here can open: only a rule of theirs would help. */
  | { readonly kind: 'change-others'; readonly workload: WorkloadRef; readonly policies: readonly string[]; readonly text: string };

type RemedyContext = Pick<ReviewContext, 'reviews' | 'snapshot' | 'now' | 'digest' | 'enforcesExisting'>;

/** Finds what would help where a rule of `policiesInForce` is missing; undefined where nothing is proposed for that workload. */
export function remedyFor(state: ReviewState, missing: MissingRule, connection: Connection, context: RemedyContext): Remedy | undefined {
  const { workload, direction, peer, port, application, policies, enforcedBy, what } = missing;
  const key = workloadKey(workload);
  if (enforcedBy !== undefined && enforcedBy !== enforcerOf(state, workload, context)) {
    return { kind: 'change-others', workload, policies, text: `whoever manages ${policies.join(', ')} adds a rule to it, for the cluster's network enforces it whatever is approved here: ${what}` };
  }
  const review = context.reviews.get(key);
  if (review === undefined) return undefined;
  const { hash, proposal } = reviewedProposal(state, review, context.digest);
  const proposed = ruleIds(proposal);
  const doubted = review.quarantined.map(({ rule }) => rule).filter((rule) => proposed.includes(rule));
  const rules = rulesAfter(state, { workload, hash, admit: doubted }, missing, connection, context);
  if (rules !== undefined) {
    const admit = rules.filter((rule) => doubted.includes(rule));
    const by = rules.length === 0 ? `leaves ${direction} open` : `lets it through by ${rules.join(', ')}`;
    const but = admit.length === 0 ? '' : `, which is in quarantine and has to be admitted by its id`;
    return { kind: 'approve', workload, hash, rules, admit, text: `approve what is proposed for ${key}: it ${by}${but}` };
  }
  if (proposal[direction].kind === 'open') {
    return { kind: 'change-others', workload, policies, text: `whoever manages ${policies.join(', ')} adds a rule to it, for nothing approved here closes this: ${what}` };
  }
  return {
    kind: 'add-rule',
    workload,
    hash,
    direction,
    rule: { peers: [peer], ports: [port], ...(application === undefined ? {} : { application }) },
    text: `add a rule to what is proposed for ${key}, and approve it: ${what}`,
  };
}

/** The rules that would let it through if the proposal were approved now; undefined where it would not get through. */
function rulesAfter(state: ReviewState, item: ApprovalItem, { direction, enforcedBy }: MissingRule, connection: Connection, context: RemedyContext): readonly string[] | undefined {
  const next = nextRevision(state, { kind: 'approve', items: [item], reason: 'to see' }, { ...context, actor: { kind: 'person', name: 'nobody' }, invariants: [] });
  if (next.kind !== 'next') return undefined;
  const after = policiesInForce(next.after, context);
  const side = explain(enforcedBy === undefined ? after : onlyLayer(after, enforcedBy), context.snapshot, connection).sides.find((one) => one.direction === direction);
  if (side?.isAllowed !== true) return undefined;
  return side.reasons.flatMap(({ effect, rule }) => (effect === 'allow' && rule !== undefined ? [rule] : []));
}
