import { z } from 'zod';

import { approvalBody, doneSchema, editBody, fateBody, modeBody, rejectionBody, rollbackBody, targetBody } from './command.ts';
import { connectivitySchema } from './connectivity.ts';
import { flowPageSchema, flowQuery } from './flow.ts';
import { graphSchema } from './graph.ts';
import { journalQuery, journalSchema, verificationSchema } from './journal.ts';
import { nodeRemovalBody, nodesSchema, trialsBody } from './node.ts';
import { modesSchema, workloadModePageSchema, workloadModeQuery } from './mode-standing.ts';
import { modePreviewBody, modePreviewSchema } from './mode-preview.ts';
import { outputsSchema } from './output.ts';
import { workloadQuery } from './page.ts';
import { nameSchema } from './parts.ts';
import { diffQuery, simulationBody } from './question.ts';
import { projectNodeBody, projectsSchema } from './project.ts';
import { proposalPageSchema, proposalQuery, proposalSchema, workloadParams } from './review.ts';
import { revisionPageSchema, revisionParams, revisionQuery, revisionSchema } from './revision.ts';
import type { Route } from './route.ts';
import { simulationSchema } from './simulation.ts';
import { statusSchema } from './status.ts';
import { unattributedPageSchema, unattributedQuery } from './unattributed.ts';
import { whyQuery, whySchema } from './why.ts';

const DECIDED = [403, 409, 422, 503] as const;

/** The whole REST interface. */
export const routes = {
  status: { name: 'status', method: 'GET', path: '/api/v1/status', role: 'viewer', summary: 'How the controller stands', answer: statusSchema, problems: [] },
  graph: {
    name: 'graph',
    method: 'GET',
    path: '/api/v1/graph',
    role: 'viewer',
    summary: 'Who talks to whom, with the evidence for every edge',
    query: z.strictObject({ namespace: nameSchema.optional().describe('edges with an end in this namespace'), workload: workloadQuery.optional() }),
    answer: graphSchema,
    problems: [],
  },
  flows: { name: 'flows', method: 'GET', path: '/api/v1/flows', role: 'viewer', summary: 'What was observed', query: flowQuery, answer: flowPageSchema, problems: [] },
  unattributed: { name: 'unattributed', method: 'GET', path: '/api/v1/unattributed', role: 'viewer', summary: 'Ends of flows that could not be told to be one workload’s, and why', query: unattributedQuery, answer: unattributedPageSchema, problems: [] },
  proposals: { name: 'proposals', method: 'GET', path: '/api/v1/proposals', role: 'viewer', summary: 'What is proposed, one line a workload', query: proposalQuery, answer: proposalPageSchema, problems: [] },
  proposal: {
    name: 'proposal',
    method: 'GET',
    path: '/api/v1/proposals/:namespace/:kind/:name',
    role: 'viewer',
    summary: 'What is proposed for one workload, rule by rule with its evidence',
    params: workloadParams,
    answer: proposalSchema,
    problems: [404],
  },
  revisions: { name: 'revisions', method: 'GET', path: '/api/v1/revisions', role: 'viewer', summary: 'Every revision, newest first', query: revisionQuery, answer: revisionPageSchema, problems: [] },
  revision: { name: 'revision', method: 'GET', path: '/api/v1/revisions/:number', role: 'viewer', summary: 'One revision with its policies', params: revisionParams, answer: revisionSchema, problems: [404] },
  nodes: { name: 'nodes', method: 'GET', path: '/api/v1/nodes', role: 'viewer', summary: 'What each node is known to enforce', answer: nodesSchema, problems: [] },
  projects: { name: 'projects', method: 'GET', path: '/api/v1/projects', role: 'viewer', summary: 'On which nodes Compose projects may run, and what waits for a person', answer: projectsSchema, problems: [] },
  outputs: { name: 'outputs', method: 'GET', path: '/api/v1/outputs', role: 'viewer', summary: 'What is realised on the API server and in the folder, namespace by namespace', answer: outputsSchema, problems: [] },
  modes: { name: 'modes', method: 'GET', path: '/api/v1/modes', role: 'viewer', summary: 'Modes, fates of connections and targets as they are set, and what modes come to by scope', answer: modesSchema, problems: [] },
  workloadModes: {
    name: 'workloadModes',
    method: 'GET',
    path: '/api/v1/workload-modes',
    role: 'viewer',
    summary: 'The mode of each workload, where it comes from and what it comes to',
    query: workloadModeQuery,
    answer: workloadModePageSchema,
    problems: [],
  },
  journal: { name: 'journal', method: 'GET', path: '/api/v1/journal', role: 'viewer', summary: 'Everything that was decided, oldest first', query: journalQuery, answer: journalSchema, problems: [] },
  journalVerification: { name: 'journalVerification', method: 'GET', path: '/api/v1/journal/verification', role: 'viewer', summary: 'Follows the journal from its first entry, and says whether it is what was written', answer: verificationSchema, problems: [] },
  why: { name: 'why', method: 'GET', path: '/api/v1/why', role: 'viewer', summary: 'Which rule lets a connection through and who approved it, or what is missing', query: whyQuery, answer: whySchema, problems: [422] },
  diff: { name: 'diff', method: 'GET', path: '/api/v1/diff', role: 'viewer', summary: 'What opens and closes between two revisions, or by approving proposals', query: diffQuery, answer: connectivitySchema, problems: [422] },
  simulate: {
    name: 'simulate',
    method: 'POST',
    path: '/api/v1/simulate',
    role: 'viewer',
    summary: 'Which observed flows would die and which paths would open; changes nothing',
    body: simulationBody,
    answer: simulationSchema,
    problems: [422],
  },
  approve: { name: 'approve', method: 'POST', path: '/api/v1/approvals', role: 'approver', summary: 'Approve proposals: they become one revision', body: approvalBody, answer: doneSchema, problems: DECIDED },
  reject: { name: 'reject', method: 'POST', path: '/api/v1/rejections', role: 'reviewer', summary: 'Reject proposals: they stay silent until the evidence changes', body: rejectionBody, answer: doneSchema, problems: DECIDED },
  edit: { name: 'edit', method: 'POST', path: '/api/v1/edits', role: 'reviewer', summary: 'Change what is proposed', body: editBody, answer: doneSchema, problems: DECIDED },
  rollback: { name: 'rollback', method: 'POST', path: '/api/v1/rollbacks', role: 'approver', summary: 'Make a new revision of an older one', body: rollbackBody, answer: doneSchema, problems: DECIDED },
  previewMode: {
    name: 'previewMode',
    method: 'POST',
    path: '/api/v1/mode-previews',
    role: 'viewer',
    summary: 'What setting a mode would do: which workloads, which flows would die and what they lack; changes nothing',
    body: modePreviewBody,
    answer: modePreviewSchema,
    problems: [422],
  },
  setMode: { name: 'setMode', method: 'POST', path: '/api/v1/modes', role: 'admin', summary: 'Set what is observed, audited, enforced', body: modeBody, answer: doneSchema, problems: DECIDED },
  setFate: { name: 'setFate', method: 'POST', path: '/api/v1/fates', role: 'admin', summary: 'Set what becomes of established connections', body: fateBody, answer: doneSchema, problems: DECIDED },
  setTarget: { name: 'setTarget', method: 'POST', path: '/api/v1/targets', role: 'admin', summary: 'Set where the policies of a namespace go', body: targetBody, answer: doneSchema, problems: DECIDED },
  confirmTrials: { name: 'confirmTrials', method: 'POST', path: '/api/v1/trials', role: 'approver', summary: 'Say that what nodes have on trial locked nobody out: it stays', body: trialsBody, answer: doneSchema, problems: DECIDED },
  retryTrials: { name: 'retryTrials', method: 'POST', path: '/api/v1/trials/retries', role: 'approver', summary: 'Have nodes try again what nobody confirmed', body: trialsBody, answer: doneSchema, problems: DECIDED },
  setProjectNode: { name: 'setProjectNode', method: 'POST', path: '/api/v1/projects', role: 'admin', summary: 'Say whether a Compose project may run on a node', body: projectNodeBody, answer: doneSchema, problems: DECIDED },
  removeNode: { name: 'removeNode', method: 'POST', path: '/api/v1/nodes/removals', role: 'admin', summary: 'Say that a node is no more: what it said of what runs there does not count any more', body: nodeRemovalBody, answer: doneSchema, problems: DECIDED },
  events: { name: 'events', method: 'GET', path: '/api/v1/events', role: 'viewer', summary: 'What changes, as server-sent events; resumes after Last-Event-ID', answerType: 'text/event-stream', problems: [503] },
  openapi: { name: 'openapi', method: 'GET', path: '/openapi.json', role: 'anyone', summary: 'This document', answer: z.looseObject({ openapi: z.string() }), problems: [] },
  metrics: { name: 'metrics', method: 'GET', path: '/metrics', role: 'anyone', summary: 'Counts for Prometheus; no name of any workload', answerType: 'text/plain', problems: [] },
  healthz: { name: 'healthz', method: 'GET', path: '/healthz', role: 'anyone', summary: 'Whether the process answers', answer: z.strictObject({ status: z.literal('ok') }), problems: [] },
  readyz: {
    name: 'readyz',
    method: 'GET',
    path: '/readyz',
    role: 'anyone',
    summary: 'Whether every required source is in sync and the store can be used',
    answer: z.strictObject({ status: z.literal('ready') }),
    problems: [503],
  },
} as const satisfies Readonly<Record<string, Route>>;
