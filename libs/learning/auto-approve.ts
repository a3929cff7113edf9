import { compareText, type DirectionProposal, formatSelector, type LabelSelector, type Proposal, type ProposedRule, selects, type Snapshot, whyNameProvesNothing, type Workload, workloadKey, type WorkloadReview } from '#model';

import type { AutoApproval, AutoApprovalRule } from './auto-approval.ts';
import { evidenceClass } from './evidence-class.ts';
import { meaningOf } from './rule-draft.ts';

const DIRECTIONS = ['ingress', 'egress'] as const;

/**
 * Says which of these rules approves what a review proposes, or for each of them why it does not.
 *
 * `approved` is what was approved of the workload before: what is in force asks for no further
 * evidence, and taking any of it back, or letting it last longer or be looser, is left to people.
 * Of several that would, the first by name does.
 */
export function autoApprovable(review: WorkloadReview, rules: readonly AutoApprovalRule[], snapshot: Snapshot, approved?: Proposal): AutoApproval {
  const refusals = [];
  for (const rule of [...rules].sort((a, b) => compareText(a.name, b.name))) {
    const leaveOut = rule.quarantined === 'leave-out' ? review.quarantined.map((each) => each.rule) : [];
    const reasons = [...aboutReasons(review, rule, snapshot), ...reviewReasons(review, rule), ...ruleReasons(review, rule, leaveOut, approved), ...takenBack(review, leaveOut, approved)];
    if (reasons.length === 0) return { kind: 'approved', rule, leaveOut };
    refusals.push({ rule: rule.name, reasons });
  }
  return { kind: 'not-approved', refusals };
}

function aboutReasons({ workload: ref }: WorkloadReview, rule: AutoApprovalRule, snapshot: Snapshot): readonly string[] {
  const workload: Workload | undefined = snapshot.workloads.get(workloadKey(ref));
  const namespace = snapshot.namespaces.get(ref.namespace);
  if (workload === undefined) return [`${workloadKey(ref)} is not there any more`];
  // labels nobody has read are not absent labels
  if (namespace?.isDeclared !== true && workload.platform === 'kubernetes') return [`the labels of namespace ${ref.namespace} are not known`];
  const reasons: string[] = [];
  const unproven = whyNameProvesNothing(ref);
  if (unproven !== undefined) reasons.push(`it is for people to judge: ${unproven}`);
  // there, a label that is missing is not one somebody left off
  if (workload.platform !== 'kubernetes' && isOnlyNegative(rule.namespaces)) reasons.push(`namespaces have no labels on platform ${workload.platform}, and ${formatSelector(rule.namespaces)} asks only for what it must not have`);
  if (!selects(rule.namespaces, namespace?.labels ?? {})) reasons.push(`namespace ${ref.namespace} is not one with ${formatSelector(rule.namespaces)}`);
  if (!selects(rule.workloads, workload.podLabels)) reasons.push(`its pods are none with ${formatSelector(rule.workloads)}`);
  if (rule.kinds.length > 0 && !rule.kinds.includes(ref.kind)) reasons.push(`it is about ${rule.kinds.join(', ')} and not about a ${ref.kind}`);
  return reasons;
}

function isOnlyNegative({ requirements }: LabelSelector): boolean {
  return requirements.length > 0 && requirements.every(({ operator }) => operator === 'NotIn' || operator === 'DoesNotExist');
}

function reviewReasons({ proposal, coverage, isReady, waitsFor, brokenInvariants, quarantined }: WorkloadReview, rule: AutoApprovalRule): readonly string[] {
  const reasons = brokenInvariants.map((text) => `it would break an invariant: ${text}`);
  const isAnyClosed = DIRECTIONS.some((direction) => proposal[direction].kind === 'closed');
  if (!isAnyClosed) reasons.push('nothing of it would be closed');
  for (const direction of rule.closed) if (proposal[direction].kind === 'open') reasons.push(`its ${direction} would stay open`);
  const { estimate = 0, low = 0 } = rule.coverage;
  if (coverage.estimate < estimate) reasons.push(`its coverage is estimated at ${percent(coverage.estimate)}, and ${percent(estimate)} is asked for`);
  if (coverage.low < low) reasons.push(`the low end of its coverage is ${percent(coverage.low)}, and ${percent(low)} is asked for`);
  if (!isReady) reasons.push(`it is not ready: ${waitsFor.join('; ')}`);
  if (rule.quarantined === 'block') reasons.push(...quarantined.map((each) => `rule ${each.rule} is in quarantine: ${each.reasons.join('; ')}`));
  return reasons;
}

function ruleReasons({ proposal }: WorkloadReview, rule: AutoApprovalRule, leaveOut: readonly string[], approved: Proposal | undefined): readonly string[] {
  const reasons: string[] = [];
  for (const proposed of DIRECTIONS.flatMap((direction) => fresh(rulesOf(proposal[direction], leaveOut), approved?.[direction]))) {
    const evidence = evidenceClass(proposed);
    if (evidence !== 'built-in' && !rule.evidence.includes(evidence)) reasons.push(`rule ${proposed.id} is ${evidence === 'both' ? 'declared and observed' : `only ${evidence}`}: ${proposed.why}`);
    if (rule.widenings === 'block' && proposed.widenings.length > 0) reasons.push(`rule ${proposed.id} opens more than its evidence: ${proposed.widenings.join('; ')}`);
  }
  return reasons;
}

function takenBack({ proposal }: WorkloadReview, leaveOut: readonly string[], approved: Proposal | undefined): readonly string[] {
  if (approved === undefined) return [];
  return DIRECTIONS.flatMap((direction) => {
    const [before, now] = [approved[direction], proposal[direction]];
    if (before.kind === 'open') return [];
    if (now.kind === 'open') return [`its ${direction} was approved closed, and would be open again`];
    const kept = new Map(rulesOf(now, leaveOut).map((rule) => [meaningOf(rule), rule]));
    return before.rules.flatMap((rule) => {
      const proposed = kept.get(meaningOf(rule));
      if (proposed === undefined) return [`rule ${rule.id} was approved before and would be taken back: ${rule.why}`];
      if (rule.expiresAt !== proposed.expiresAt) return [`rule ${rule.id} was approved for a time only`];
      return rule.enforceApplication === proposed.enforceApplication ? [] : [`rule ${rule.id} was approved with its application enforced, or not, otherwise than now`];
    });
  });
}

/** Without those that are in force as they are. */
function fresh(rules: readonly ProposedRule[], approved: DirectionProposal | undefined): readonly ProposedRule[] {
  if (approved?.kind !== 'closed') return rules;
  const known = new Set(approved.rules.map(meaningOf));
  return rules.filter((rule) => !known.has(meaningOf(rule)));
}

function rulesOf(direction: DirectionProposal, leaveOut: readonly string[]): readonly ProposedRule[] {
  return direction.kind === 'closed' ? direction.rules.filter(({ id }) => !leaveOut.includes(id)) : [];
}

// down, so that nothing below what is asked for reads like it
function percent(share: number): string {
  return `${String(Math.floor(share * 1000) / 10)} %`;
}
