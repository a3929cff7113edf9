import { connectivityShape, diagnosticShape, type DoomedFlowShape, type ModePreviewShape } from '#operator-api';

import type { DoomedFlow, ModeAnswer, ModeQuestion } from '../../pipeline/answers/live-answer.ts';
import { remedyShape } from './remedy-shape.ts';

export function modePreviewShape({ scope, mode }: Pick<ModeQuestion, 'scope' | 'mode'>, answer: ModeAnswer): ModePreviewShape {
  const { changes, lost, change, notes, ...rest } = answer;
  return {
    scope,
    mode,
    ...rest,
    changes: changes.map(({ workload, before, after }) => ({
      workload,
      before: before.mode.value,
      after: after.mode.value,
      ...(after.approval === undefined ? {} : { approved: after.approval.revision }),
    })),
    lost: lost.map(doomedShape),
    change: connectivityShape(change),
    notes: notes.map(diagnosticShape),
  };
}

function doomedShape({ observed, count, decision, text, missing, remedies }: DoomedFlow): DoomedFlowShape {
  const { from, to, protocol, port, wouldBeDenied, wouldBeDeniedIn } = observed;
  return {
    from,
    to,
    protocol,
    port,
    count,
    wouldBeDenied,
    ...(wouldBeDeniedIn === undefined ? {} : { wouldBeDeniedIn }),
    decision,
    text,
    missing,
    remedies: remedies.map(remedyShape),
  };
}
