import { compareText } from '#model';

import { problem, problemsOfWords, refused } from './refusal.ts';
import type { ReviewCommand, ReviewContext, ReviewDecision } from './review-command.ts';

const LONGEST = 253;

/** Whether trials are on at all is for whoever asks the nodes to know; here it is about who says so, and of what. */
export function decideTrials({ kind, trials, reason }: ReviewCommand & { readonly kind: 'confirm-trials' | 'retry-trials' }, { actor: by }: ReviewContext): ReviewDecision {
  // a rule does not notice that it cannot log in any more
  if (by.kind !== 'person') return refused(problem('trial-by-rule', 'trials of nodes', 'are decided by a rule', 'only a person says that nobody is locked out'));
  const words = problemsOfWords(reason === undefined ? {} : { reason }, 'decision', false);
  if (words.length > 0) return refused(...words);
  if (trials.length === 0) return refused(problem('trial-missing', 'decision', 'names no node', 'ringfence nodes shows which are on trial'));
  if (trials.some(({ node, hash }) => node.length > LONGEST || hash.length > LONGEST)) return refused(problem('name-too-long', 'decision', `names a node or bundle of more than ${String(LONGEST)} characters`, 'give the names as ringfence nodes shows them'));
  const distinct = [...new Map(trials.map(({ node, hash }) => [node, { node, hash }])).values()].sort((a, b) => compareText(a.node, b.node));
  return { kind: 'events', events: [{ kind: kind === 'confirm-trials' ? 'trials-confirmed' : 'trials-retried', trials: distinct, by, ...(reason === undefined ? {} : { reason }) }], notes: [] };
}
