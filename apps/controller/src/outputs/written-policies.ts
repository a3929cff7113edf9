import { type ReviewState, targetOf } from '#review';

import type { Answer, WhyAnswer } from '../pipeline/answers/live-answer.ts';
import type { PolicyDesk } from './policy-desk.ts';

/** Says of every workload whose policies go somewhere beside the nodes how they stand there. */
export function withWritten(answer: Answer<WhyAnswer>, state: ReviewState, desk: Pick<PolicyDesk, 'written'>): Answer<WhyAnswer> {
  if (answer.kind !== 'answer') return answer;
  const connections = answer.value.connections.map(({ sides, ...rest }) => ({
    ...rest,
    sides: sides.map((side) => {
      const target = side.workload === undefined ? undefined : targetOf(state, side.workload.namespace);
      return side.workload === undefined || (target !== 'networkpolicy' && target !== 'folder') ? side : { ...side, written: desk.written(target, side.workload) };
    }),
  }));
  return { kind: 'answer', value: { ...answer.value, connections } };
}
