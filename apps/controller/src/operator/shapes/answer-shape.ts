import { connectivityShape, decidedShape, diagnosticShape, edgeShape, type FlowShape, ruleShape, simulatedFlowShape, type SimulationShape, type StatusShape, unusedPathsShape, type WhyShape, type WhySideShape } from '#operator-api';
import type { RevisionRecord } from '#review';

import type { SimulationAnswer, WhyAnswer, WhySide } from '../../pipeline/answers/live-answer.ts';
import type { FlowItem } from '../../pipeline/answers/live-list.ts';
import type { ControllerStatus } from '../controller-status.ts';
import { remedyShape } from './remedy-shape.ts';

export function statusShape(status: ControllerStatus): StatusShape {
  return { ...status, diagnostics: status.diagnostics.map(diagnosticShape) };
}

export function flowShape({ observed, missing }: FlowItem): FlowShape {
  const { replied, ...rest } = observed;
  return { ...rest, ...(replied === undefined ? {} : { replied }), ...(missing === undefined ? {} : { missing }) };
}

export function simulationShape(answer: SimulationAnswer): SimulationShape {
  const { hashes, lost, change, unused, notes, ...rest } = answer;
  return {
    ...rest,
    proposals: hashes,
    lost: lost.map((one) => ({ ...simulatedFlowShape(one), ...(one.deniedBefore ? { deniedBefore: true } : {}) })),
    change: connectivityShape(change),
    unused: unusedPathsShape(unused),
    notes: notes.map(diagnosticShape),
  };
}

export function whyShape({ revision, connections, known }: WhyAnswer): WhyShape {
  return {
    revision,
    connections: connections.map(({ from, to, protocol, port, decision, now, alike, sides }) => ({ from, to, protocol, port, decision, now, alike, sides: sides.map(sideShape) })),
    known: known.map(edgeShape),
  };
}

function sideShape(side: WhySide): WhySideShape {
  const { direction, subject, workload, mode, written, isAllowed, policies, reasons, rules, missing, closedBy, remedies } = side;
  const [remedy] = remedies;
  return {
    direction,
    subject,
    ...(workload === undefined ? {} : { workload }),
    ...(mode === undefined ? {} : { mode }),
    ...(written === undefined ? {} : { written }),
    isAllowed,
    policies,
    reasons: reasons.map(({ effect, policy, rule, enforcedBy, text }) => ({ effect, ...(policy === undefined ? {} : { policy }), ...(rule === undefined ? {} : { rule }), ...(enforcedBy === undefined ? {} : { enforcedBy }), text })),
    rules: rules.map(({ policy, rule, approval }) => ({ policy, rule: ruleShape(rule), ...(approval === undefined ? {} : { approval: approvalOf(approval) }) })),
    ...(missing.length === 0 ? {} : { missing: missing.map(({ text }) => text).join('; ') }),
    ...(closedBy === undefined ? {} : { closedBy: approvalOf(closedBy) }),
    ...(remedy === undefined ? {} : { remedy: remedyShape(remedy) }),
    remedies: remedies.map(remedyShape),
  };
}

function approvalOf({ number, decided, reason, ticket }: RevisionRecord): NonNullable<WhySideShape['closedBy']> {
  return { ...decidedShape(decided, reason), revision: number, ...(ticket === undefined ? {} : { ticket }) };
}
