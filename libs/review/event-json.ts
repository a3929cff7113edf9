import { type ConnectionFate, type Json, type ModeScope, type Proposal, workloadKey, type WorkloadRef } from '#model';
import { type JsonPlace, type JsonReading, readJson } from '#policy';

import { readEdit, readProposal, writeEdit, writeProposal } from './proposal-json.ts';
import type { Actor, ApprovedWorkload, RejectedWorkload, ReviewEvent, TrialOnNode } from './review-event.ts';

/** Of the JSON of events. What a later release writes another way gets a higher one, and a case below. */
const FORMAT = 2;

/** An event as the journal keeps it; `readEvent` gives it back exactly. */
export function writeEvent(event: ReviewEvent): Json {
  return { format: formatOf(event), ...fieldsOf(event) };
}

/** The first format that could say this, so that whatever an earlier release could have written it can still read. */
function formatOf(event: ReviewEvent): number {
  if (event.kind === 'approved') return event.workloads.some(({ quarantined }) => quarantined !== undefined) ? 2 : 1;
  if (event.kind === 'rejected') return event.workloads.some(({ proposal }) => proposal !== undefined) ? 2 : 1;
  return 1;
}

/** Reads an event back. Anything that is not one to the last field is refused: nothing is guessed about what was approved. */
export function readEvent(json: Json | undefined): JsonReading<ReviewEvent> {
  return readJson(json, 'event', (place) => {
    const head = place.object([...ALL_FIELDS]);
    const format = head.at('format').whole(1);
    if (format > FORMAT) return head.at('format').refuse(`is ${String(format)}: a newer release wrote it`);
    const event = readFields(place);
    return format === formatOf(event) ? event : head.at('format').refuse(`is ${String(format)}, and what it holds is of format ${String(formatOf(event))}`);
  });
}

function fieldsOf(event: ReviewEvent): { readonly [field: string]: Json } {
  switch (event.kind) {
    case 'approved':
      return { ...event, by: { ...event.by }, workloads: event.workloads.map(({ quarantined, ...each }) => ({ ...each, workload: { ...each.workload }, proposal: writeProposal(each.proposal), ...(quarantined === undefined ? {} : { quarantined }) })) };
    case 'rejected':
      return { ...event, by: { ...event.by }, workloads: event.workloads.map(({ proposal, ...each }) => ({ ...each, workload: { ...each.workload }, ...(proposal === undefined ? {} : { proposal: writeProposal(proposal) }) })) };
    case 'edited':
      return { ...event, by: { ...event.by }, workload: { ...event.workload }, edit: writeEdit(event.edit) };
    case 'edits-discarded':
      return { ...event, by: { ...event.by }, workload: { ...event.workload } };
    case 'trials-confirmed':
    case 'trials-retried':
      return { ...event, by: { ...event.by }, trials: event.trials.map((each) => ({ ...each })) };
    case 'rolled-back':
    case 'target-set':
    case 'project-node-set':
    case 'node-removed':
      return { ...event, by: { ...event.by } };
    case 'mode-set':
      return { ...event, by: { ...event.by }, scope: writeScope(event.scope) };
    case 'fate-set':
      return { ...event, by: { ...event.by }, scope: writeScope(event.scope), fate: event.fate === 'cleared' ? 'cleared' : { ...event.fate } };
  }
}

const FIELDS = {
  approved: ['revision', 'base', 'workloads', 'reason', 'ticket'],
  rejected: ['workloads', 'reason'],
  edited: ['workload', 'edit', 'reason'],
  'edits-discarded': ['workload'],
  'rolled-back': ['revision', 'base', 'to', 'reason', 'ticket'],
  'mode-set': ['scope', 'mode', 'reason'],
  'fate-set': ['scope', 'fate', 'reason'],
  'target-set': ['namespace', 'target', 'reason'],
  'trials-confirmed': ['trials', 'reason'],
  'trials-retried': ['trials', 'reason'],
  'project-node-set': ['project', 'node', 'admission', 'reason'],
  'node-removed': ['node', 'reason'],
} as const;
const KINDS = Object.keys(FIELDS) as readonly (keyof typeof FIELDS)[];
const ALL_FIELDS: ReadonlySet<string> = new Set(['format', 'kind', 'by', ...Object.values(FIELDS).flat()]);

function readFields(place: JsonPlace): ReviewEvent {
  const kind = place.object([...ALL_FIELDS]).at('kind').choice(KINDS);
  const fields = place.object(['format', 'kind', 'by', ...FIELDS[kind]]);
  const by = readActor(fields.at('by'));
  const text = (at: JsonPlace): string => at.text();
  switch (kind) {
    case 'approved':
      return { kind, revision: fields.at('revision').whole(1), base: fields.at('base').whole(0), workloads: fields.at('workloads').list(readApproved), by, reason: fields.at('reason').text(), ...fields.optional('ticket', text) };
    case 'rejected':
      return { kind, workloads: fields.at('workloads').list(readRejected), by, reason: fields.at('reason').text() };
    case 'edited':
      return { kind, workload: fields.at('workload').workload(), edit: readEdit(fields.at('edit')), by, ...fields.optional('reason', text) };
    case 'edits-discarded':
      return { kind, workload: fields.at('workload').workload(), by };
    case 'rolled-back':
      return { kind, revision: fields.at('revision').whole(1), base: fields.at('base').whole(0), to: fields.at('to').whole(0), by, reason: fields.at('reason').text(), ...fields.optional('ticket', text) };
    case 'mode-set':
      return { kind, scope: readScope(fields.at('scope')), mode: fields.at('mode').choice(['observe', 'audit', 'enforce', 'cleared']), by, ...fields.optional('reason', text) };
    case 'fate-set':
      return { kind, scope: readScope(fields.at('scope')), fate: readFate(fields.at('fate')), by, ...fields.optional('reason', text) };
    case 'target-set':
      return { kind, namespace: fields.at('namespace').name(), target: fields.at('target').choice(['nftables', 'networkpolicy', 'folder', 'none', 'cleared']), by, ...fields.optional('reason', text) };
    case 'trials-confirmed':
    case 'trials-retried':
      return { kind, trials: fields.at('trials').list(readTrial), by, ...fields.optional('reason', text) };
    case 'project-node-set':
      return { kind, project: fields.at('project').name(), node: fields.at('node').name(), admission: fields.at('admission').choice(['founded', 'admitted', 'refused', 'cleared']), by, ...fields.optional('reason', text) };
    case 'node-removed':
      return { kind, node: fields.at('node').name(), by, ...fields.optional('reason', text) };
  }
}

function readActor(place: JsonPlace): Actor {
  const fields = place.object(['kind', 'name']);
  return { kind: fields.at('kind').choice(['person', 'rule']), name: fields.at('name').name() };
}

function readTrial(place: JsonPlace): TrialOnNode {
  const fields = place.object(['node', 'hash']);
  return { node: fields.at('node').name(), hash: fields.at('hash').name() };
}

function readApproved(place: JsonPlace): ApprovedWorkload {
  const fields = place.object(['workload', 'hash', 'proposedHash', 'evidenceHash', 'proposal', 'leftOut', 'quarantined']);
  const workload = fields.at('workload').workload();
  const proposal = readProposalOf(workload, fields.at('proposal'), place);
  return {
    workload,
    hash: fields.at('hash').name(),
    proposedHash: fields.at('proposedHash').name(),
    evidenceHash: fields.at('evidenceHash').name(),
    proposal,
    leftOut: fields.at('leftOut').list((at) => at.name()),
    ...fields.optional('quarantined', (at) => at.list((each) => each.name())),
  };
}

function readProposalOf(workload: WorkloadRef, at: JsonPlace, place: JsonPlace): Proposal {
  const proposal = readProposal(at);
  return workloadKey(proposal.workload) === workloadKey(workload) ? proposal : place.refuse('holds the proposal of another workload');
}

function readRejected(place: JsonPlace): RejectedWorkload {
  const fields = place.object(['workload', 'hash', 'evidenceHash', 'proposal']);
  const workload = fields.at('workload').workload();
  return { workload, hash: fields.at('hash').name(), evidenceHash: fields.at('evidenceHash').name(), ...fields.optional('proposal', (at) => readProposalOf(workload, at, place)) };
}

function writeScope(scope: ModeScope): Json {
  return scope.kind === 'workload' ? { kind: scope.kind, workload: { ...scope.workload } } : { ...scope };
}

function readScope(place: JsonPlace): ModeScope {
  const kind = place.object(['kind', 'namespace', 'workload']).at('kind').choice(['cluster', 'namespace', 'workload']);
  switch (kind) {
    case 'cluster':
      place.object(['kind']);
      return { kind };
    case 'namespace':
      return { kind, namespace: place.object(['kind', 'namespace']).at('namespace').name() };
    case 'workload':
      return { kind, workload: place.object(['kind', 'workload']).at('workload').workload() };
  }
}

/** A day: whoever wants longer keeps them. */
export const LONGEST_DRAIN_SECONDS = 86_400;

function readFate(place: JsonPlace): ConnectionFate | 'cleared' {
  if (place.is('cleared')) return 'cleared';
  const kind = place.object(['kind', 'seconds']).at('kind').choice(['cut', 'drain', 'keep']);
  if (kind === 'drain') return { kind, seconds: place.object(['kind', 'seconds']).at('seconds').whole(1, LONGEST_DRAIN_SECONDS) };
  place.object(['kind']);
  return { kind };
}
