import { z } from 'zod';

import { modePreviewSchema, routes, simulationSchema } from '#operator-api';

const done = routes.approve.answer.shape;

export const statusSchema = routes.status.answer;
export const flowsSchema = z.strictObject({ flows: routes.flows.answer.shape.items, unattributed: routes.unattributed.answer.shape.items.optional().describe('with --unattributed, in place of flows'), hasMore: z.boolean().describe('whether --limit left some out') });
export const proposalsSchema = z.strictObject({ proposals: routes.proposals.answer.shape.items });
export const showSchema = routes.proposal.answer;
export const approveSchema = z.strictObject({ ...done, simulation: simulationSchema });
export const rejectSchema = routes.reject.answer;
export const rollbackSchema = approveSchema;
export const admitSchema = routes.projects.answer;
/** What is set; what it was set to would do, and after what it was set. Of `--dry-run` the preview alone. */
export const modeSchema = z.strictObject({
  ...routes.modes.answer.partial().shape,
  workloads: routes.workloadModes.answer.shape.items.optional().describe('where a scope alone is named'),
  preview: modePreviewSchema.optional().describe('what setting a mode does, where one is named'),
  seq: done.seq.optional().describe('where something was set: the last entry it made in the journal'),
  notes: done.notes.optional(),
});
export const whySchema = routes.why.answer;
export const revisionsSchema = z.strictObject({
  revisions: z.array(z.strictObject({ ...routes.revision.answer.shape, policies: routes.revision.answer.shape.policies.optional().describe('where one revision was asked for') })),
});
export const nodesSchema = routes.nodes.answer;
export const nodesConfirmSchema = z.strictObject({ ...done, trials: routes.confirmTrials.body.shape.trials });
export const nodesRemoveSchema = z.strictObject({ ...done, node: z.string() });
export const outputsSchema = routes.outputs.answer;
export const journalSchema = z.strictObject({
  entries: routes.journal.answer.shape.entries.optional(),
  verification: routes.journalVerification.answer.optional().describe('with --verify'),
  isExpected: z.boolean().optional().describe('with --expect: whether the entry is the one that was kept'),
});
