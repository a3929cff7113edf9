import { problem, problemsOfWords, refused } from './refusal.ts';
import type { ReviewCommand, ReviewContext, ReviewDecision } from './review-command.ts';

const LONGEST = 253;

/** A node that is no more: only the journal knows of it afterwards. Whether the node is still there is for the caller to see. */
export function decideRemoval({ node, reason }: ReviewCommand & { readonly kind: 'remove-node' }, { actor: by }: ReviewContext): ReviewDecision {
  if (by.kind !== 'person') return refused(problem('removal-by-rule', `node ${node}`, 'is removed by a rule', 'only a person says that a node is no more'));
  const words = problemsOfWords(reason === undefined ? {} : { reason }, 'removal', false);
  if (words.length > 0) return refused(...words);
  if (node === '' || node.length > LONGEST) return refused(problem('name-too-long', 'removal', `names a node of no or more than ${String(LONGEST)} characters`, 'give the name as ringfence nodes shows it'));
  return { kind: 'events', events: [{ kind: 'node-removed', node, by, ...(reason === undefined ? {} : { reason }) }], notes: [] };
}
