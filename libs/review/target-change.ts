import { type Diagnostic, workloadKey } from '#model';
import { type ChangedEnd, type ConnectivityChange, diff, formatPorts } from '#policy';

import { policiesDropping } from './enforcement-layers.ts';
import { note } from './refusal.ts';
import type { ReviewContext } from './review-command.ts';
import type { ReviewState } from './review-state.ts';

/**
 * What another target changes at once, for whoever sets it: policies of others add up with what is
 * approved where both are objects, and drop beside it where they are not. Of what is not enforced
 * nothing changes.
 */
export function notesOfTarget(before: ReviewState, after: ReviewState, namespace: string, context: ReviewContext): readonly Diagnostic[] {
  const { snapshot } = context;
  const { opened, closed } = diff({ revision: policiesDropping(before, context), snapshot }, { revision: policiesDropping(after, context), snapshot });
  const [firstOpened] = opened;
  const [firstClosed] = closed;
  return [
    ...(firstClosed === undefined ? [] : [note('target-closes', `namespace ${namespace}`, `drops ${paths(closed.length)} from now on, such as ${changeText(firstClosed)}`, 'where enforcers enforce what is approved, a connection needs what policies of others let through as well: ask why')]),
    ...(firstOpened === undefined ? [] : [note('target-opens', `namespace ${namespace}`, `lets ${paths(opened.length)} through from now on, such as ${changeText(firstOpened)}`, 'NetworkPolicies of all add up, and what goes nowhere drops nothing: ask why')]),
  ];
}

function paths(count: number): string {
  return count === 1 ? '1 path' : `${String(count)} paths`;
}

function changeText({ from, to, ports }: ConnectivityChange): string {
  return `${endText(from)} to ${endText(to)} on ${formatPorts(ports)}`;
}

function endText(end: ChangedEnd): string {
  if (end.kind === 'workload') return workloadKey(end.workload);
  const [first, ...rest] = end.prefixes.map(({ text }) => text);
  return `${first ?? 'outside'}${rest.length === 0 ? '' : ` and ${String(rest.length)} more blocks`}`;
}
