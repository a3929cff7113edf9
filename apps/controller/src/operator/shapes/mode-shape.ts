import type { Mode } from '#model';
import { connectivityShape, decidedShape, diagnosticShape, type DoomedFlowShape, type ModePreviewShape, type ModesShape, type WorkloadModeShape } from '#operator-api';
import type { ReviewState, SettingAnswer } from '#review';

import type { DoomedFlow, ModeAnswer, ModeQuestion } from '../../pipeline/answers/live-answer.ts';
import type { ScopeStanding, WorkloadStanding } from '../../pipeline/answers/live-modes.ts';
import { remedyShape } from './remedy-shape.ts';
import { settingsShape } from './settings-shape.ts';

const DIRECTIONS = ['ingress', 'egress'] as const;

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
      closes: DIRECTIONS.filter((direction) => after.approval?.policy?.[direction] !== undefined),
    })),
    lost: lost.map(doomedShape),
    ...(change === undefined ? {} : { change: connectivityShape(change) }),
    notes: notes.map(diagnosticShape),
  };
}

export function modesShape(decided: ReviewState, scopes: readonly ScopeStanding[]): ModesShape {
  return {
    ...settingsShape(decided),
    scopes: scopes.map(({ scope, mode, workloads, open, wouldDrops }) => ({ scope, ...modeFields(mode), workloads, open, wouldDrops })),
  };
}

export function workloadModeShape({ workload, mode, target, approval, wouldDrops }: WorkloadStanding): WorkloadModeShape {
  return { workload, ...modeFields(mode), target, ...(approval === undefined ? {} : { approved: approval.revision }), wouldDrops };
}

function modeFields({ value, from, decided, reason }: SettingAnswer<Mode>): Pick<WorkloadModeShape, 'mode' | 'from' | 'decided'> {
  return { mode: value, from, ...(decided === undefined ? {} : { decided: decidedShape(decided, reason) }) };
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
