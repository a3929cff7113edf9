import { note, problem, problemsOfWords, refused } from './refusal.ts';
import type { ReviewCommand, ReviewContext, ReviewDecision } from './review-command.ts';
import type { ReviewEvent } from './review-event.ts';
import type { ReviewState } from './review-state.ts';

/** A command about which nodes may have containers of a Compose project. */
export type ProjectCommand = Extract<ReviewCommand, { readonly kind: 'set-project-node' | 'found-projects' }>;

/** So many projects a node may be the first of without anybody being asked: each is an entry of the journal for good. */
export const MOST_FOUNDED = 100;
const LONGEST = 253;

export function decideProject(state: ReviewState, command: ProjectCommand, context: ReviewContext): ReviewDecision {
  return command.kind === 'found-projects' ? foundProjects(state, command, context) : setProjectNode(state, command, context);
}

function setProjectNode(state: ReviewState, { project, node, admission, reason }: ProjectCommand & { readonly kind: 'set-project-node' }, { actor: by }: ReviewContext): ReviewDecision {
  const subject = `project ${project}`;
  // whoever steals a node could otherwise have a rule let it in wherever the project is let in
  if (by.kind !== 'person') return refused(problem('admission-by-rule', subject, `is admitted to node ${node} by a rule`, 'only a person says where a project may run'));
  const words = problemsOfWords(reason === undefined ? {} : { reason }, 'admission', false);
  if (words.length > 0) return refused(...words);
  if (project.length > LONGEST || node.length > LONGEST) return refused(problem('name-too-long', 'admission', `names a project or node of more than ${String(LONGEST)} characters`, 'give the names as ringfence nodes shows them'));
  const nodes = state.projects.get(project);
  if (admission === 'cleared' && nodes?.has(node) !== true) return refused(problem('admission-missing', subject, `has nothing decided about node ${node}`, 'nothing has to be done'));
  const others = [...(nodes ?? [])].filter(([name, { value }]) => name !== node && value !== 'refused').map(([name]) => name).sort();
  const event: ReviewEvent = { kind: 'project-node-set', project, node, admission, by, ...(reason === undefined ? {} : { reason }) };
  const isFirst = admission === 'admitted' && others.length === 0;
  return { kind: 'events', events: [event], notes: isFirst ? [note('project-of-nobody', subject, 'is on no other node', 'look whether its name is as ringfence nodes shows it')] : [] };
}

function foundProjects(state: ReviewState, { projects }: ProjectCommand & { readonly kind: 'found-projects' }, { actor: by }: ReviewContext): ReviewDecision {
  const countOf = new Map<string, number>();
  for (const nodes of state.projects.values()) for (const [node, { value }] of nodes) if (value === 'founded') countOf.set(node, (countOf.get(node) ?? 0) + 1);
  const founded = new Set<string>();
  const events: ReviewEvent[] = [];
  for (const { project, node } of projects) {
    const count = countOf.get(node) ?? 0;
    if (state.projects.has(project) || founded.has(project) || count >= MOST_FOUNDED || project.length > LONGEST) continue;
    founded.add(project);
    countOf.set(node, count + 1);
    events.push({ kind: 'project-node-set', project, node, admission: 'founded', by });
  }
  return { kind: 'events', events, notes: [] };
}
