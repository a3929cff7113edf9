import type { Direction, DirectionProposal, NamespacedPolicy, Proposal, ProposedRule, Rule, WorkloadRef, WorkloadReviews } from '#model';
import { type Actor, decide, foldReview, NOTHING_DECIDED, type ProposalEdit, type ReviewCommand, type ReviewContext, type ReviewEntry, type ReviewState } from '#review';

import { fuzzCase } from './fuzz.ts';
import type { Random } from './random.ts';
import { digest, reviewOf, reviewsOf, shownOf } from './review-world.ts';

/** What people may do to random proposals in a random cluster, and what became of it. */
export interface FuzzedReview {
  readonly entries: readonly ReviewEntry[];
  readonly states: readonly ReviewState[];
  readonly refused: number;
}

const ACTORS: readonly Actor[] = [{ kind: 'person', name: 'alice' }, { kind: 'person', name: '"; DROP TABLE journal; --\n\u202e' }, { kind: 'rule', name: 'steady' }];

/** Decides at random for a while. The proposals change now and then, as learning goes on. */
export function fuzzReview(seed: number, random: Random, steps: number): FuzzedReview {
  const { snapshot, policies } = fuzzCase(seed);
  const learned = policies.learned.length > 0 ? policies.learned : fuzzCase(seed + 1_000).policies.learned;
  const entries: ReviewEntry[] = [];
  const states: ReviewState[] = [];
  let state = NOTHING_DECIDED;
  let refused = 0;
  for (let step = 0; step < steps && learned.length > 0; step += 1) {
    const reviews = proposals(learned, random);
    const context: ReviewContext = { reviews, snapshot, now: 1_700_000_000_000 + step, actor: random.pick(ACTORS), invariants: [], digest };
    const decision = decide(state, command(state, context, random), context);
    if (decision.kind !== 'events') {
      refused += 1;
      continue;
    }
    for (const event of decision.events) {
      const entry = { seq: state.seq + 1, at: context.now, event };
      state = foldReview(state, entry);
      entries.push(entry);
      states.push(state);
    }
  }
  return { entries, states, refused };
}

function proposals(learned: readonly NamespacedPolicy[], random: Random): WorkloadReviews {
  return reviewsOf(...learned.filter(() => random.chance(0.9)).map((policy) => reviewOf({ workload: workloadOf(policy), ingress: direction(policy.ingress, random), egress: direction(policy.egress, random) })));
}

function direction(rules: readonly Rule[] | undefined, random: Random): DirectionProposal {
  if (rules === undefined || random.chance(0.05)) return { kind: 'open', why: 'it is not known' };
  return { kind: 'closed', rules: random.some(rules, 0.8).map((rule): ProposedRule => ({ ...rule, tier: random.pick(['strong', 'weak']), confidence: random.next(), why: 'it was seen', ...(random.chance(0.2) ? { expiresAt: 1_700_000_900_000 } : {}) })), why: 'it is known' };
}

function workloadOf({ subject }: NamespacedPolicy): WorkloadRef {
  if (subject.kind !== 'workload') throw new Error('a learned policy is about a workload');
  return subject.workload;
}

function command(state: ReviewState, context: ReviewContext, random: Random): ReviewCommand {
  const known = [...context.reviews.values()];
  const shown = random.some(known, 0.5).map(({ workload }) => ({ workload, hash: shownOf(state, workload, context).hash }));
  const [one] = shown;
  const scope = random.pick([{ kind: 'cluster' } as const, { kind: 'namespace', namespace: random.pick(['x', 'y', 'gone']) } as const, { kind: 'workload', workload: one?.workload ?? { namespace: 'x', kind: 'Pod', name: 'p' } } as const]);
  const reason = random.pick(['because', 'told so by OPS-1', '']);
  switch (random.below(9)) {
    case 0:
    case 1:
      return { kind: 'approve', items: shown, reason, ...(random.chance(0.3) ? { ticket: 'OPS-1' } : {}), ...(random.chance(0.2) ? { expiresAt: context.now + 1_000_000 } : {}), ...(random.chance(0.2) ? { base: state.revisions.length } : {}) };
    case 2:
      return { kind: 'reject', items: shown, reason };
    case 3:
      return { kind: 'roll-back', to: random.below(state.revisions.length + 2), reason };
    case 4:
      return { kind: 'set-mode', scope, mode: random.pick(['observe', 'audit', 'enforce', 'cleared']), reason, skipsRamp: random.chance(0.5) };
    case 5:
      return { kind: 'set-fate', scope, fate: random.pick([{ kind: 'cut' }, { kind: 'drain', seconds: 60 }, { kind: 'keep' }, 'cleared']) };
    case 6: {
      if (random.chance(0.5)) return { kind: 'set-target', namespace: random.pick(['x', 'y']), target: random.pick(['nftables', 'networkpolicy', 'folder', 'none', 'cleared']) };
      if (random.chance(0.2)) return { kind: random.pick(['confirm-trials', 'retry-trials']), trials: [{ node: random.pick(['a', 'y\n']), hash: 'a1' }], reason };
      const [project, node] = [random.pick(['crm', 'y\n']), random.pick(['a', 'b'])];
      if (random.chance(0.2)) return { kind: 'remove-node', node, ...(reason === '' ? {} : { reason }) };
      return random.chance(0.5) ? { kind: 'found-projects', projects: [{ project, node }] } : { kind: 'set-project-node', project, node, admission: random.pick(['admitted', 'refused', 'cleared']), reason };
    }
    case 7:
      if (one === undefined || random.chance(0.2)) return { kind: 'discard-edits', workload: one?.workload ?? { namespace: 'x', kind: 'Pod', name: 'p' } };
      return { kind: 'edit', item: one, edit: editOf(shownOf(state, one.workload, context).proposal, random), ...(random.chance(0.5) ? { reason } : {}) };
    default:
      if (one === undefined) return { kind: 'reject', items: [], reason };
      return { kind: 'edit', item: one, edit: editOf(shownOf(state, one.workload, context).proposal, random) };
  }
}

function editOf(proposal: Proposal, random: Random): ProposalEdit {
  const which: Direction = random.pick(['ingress', 'egress']);
  const { [which]: side } = proposal;
  const rules = side.kind === 'closed' ? side.rules : [];
  const rule = rules.length === 0 ? undefined : random.pick(rules);
  if (rule === undefined) return { kind: 'leave-open', direction: which };
  switch (random.below(6)) {
    case 0:
      return { kind: 'drop-rule', direction: which, rule: rule.id };
    case 1:
      return { kind: 'set-expiry', direction: which, rule: rule.id, expiresAt: random.pick([1_700_009_000_000, 'never']) };
    case 2:
      return { kind: 'enforce-application', direction: which, rule: rule.id, isEnforced: random.chance(0.5) };
    case 3:
      return { kind: 'narrow-rule', direction: which, rule: rule.id, ...(rule.peers === 'any' ? {} : { peers: rule.peers.slice(0, 1) }), ports: rule.ports === 'any' ? [{ kind: 'range', protocol: 'TCP', from: 80, to: 81 }] : rule.ports.slice(0, 1) };
    case 4:
      return { kind: 'add-rule', direction: which, rule: { peers: rule.peers, ports: rule.ports, why: 'asked for', ...(random.chance(0.3) ? { application: 'http', enforceApplication: true, expiresAt: 1_700_009_000_000 } : {}) } };
    default:
      return { kind: 'leave-open', direction: which };
  }
}
