import { compareText } from '#model';
import { decidedShape, type ProjectsShape } from '#operator-api';
import type { ReviewState } from '#review';

import type { WaitingProject } from '../../nodes/project-claims.ts';

/** A person reads so many of each and no more. */
const MOST = 2_000;

export function projectsShape({ projects }: ReviewState, waiting: readonly WaitingProject[]): ProjectsShape {
  const decided = [...projects]
    .sort(([a], [b]) => compareText(a, b))
    .flatMap(([project, nodes]) => [...nodes].sort(([a], [b]) => compareText(a, b)).map(([node, { value, decided: who, reason }]) => ({ project, node, admission: value, ...decidedShape(who, reason) })));
  return { decided: decided.slice(0, MOST), waiting: waiting.slice(0, MOST), more: Math.max(0, decided.length - MOST) + Math.max(0, waiting.length - MOST) };
}
