import type { Evidence, ObservedRelationship } from '#model';

/** What was observed, as evidence: the counts are for people and are no part of what a proposal is. */
export function observedEvidence(observed: ObservedRelationship, hours: number): Evidence {
  return { kind: 'observed', source: 'flows', where: observed.reporters.length === 0 ? 'flow reports' : `flow reports of ${observed.reporters.join(', ')}`, text: seenText([observed], hours) };
}

/** `seen in 57 of 168 hours: 1203 connections, all answered, from 3 pods`. */
export function seenText(all: readonly ObservedRelationship[], hours: number): string {
  const most = Math.max(0, ...all.map(({ buckets }) => buckets));
  const connections = sum(all, ({ connections: count, wouldBeDenied }) => Math.max(count, wouldBeDenied));
  const refused = sum(all, ({ denied }) => denied);
  const pods = Math.max(0, ...all.map(({ clientPods }) => clientPods));
  const parts = [
    `${counted(connections, 'connection')}${answeredText(all)}`,
    ...(refused === 0 ? [] : [`${counted(refused, 'attempt')} refused`]),
    ...(pods === 0 ? [] : [`from ${counted(pods, 'pod')}`]),
  ];
  return `seen in ${String(most)} of ${counted(Math.max(hours, most), 'hour')}: ${parts.join(', ')}`;
}

function answeredText(all: readonly ObservedRelationship[]): string {
  if (all.some(({ replied }) => replied === undefined)) return '';
  const answered = sum(all, ({ replied }) => replied ?? 0);
  const connections = sum(all, (each) => each.connections);
  if (connections === 0) return '';
  return answered >= connections ? ' (all answered)' : ` (${String(answered)} answered)`;
}

export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function sum(all: readonly ObservedRelationship[], value: (each: ObservedRelationship) => number): number {
  return all.reduce((total, each) => total + value(each), 0);
}

/** A span of milliseconds in whole days. */
export function daysText(ms: number): string {
  const days = Math.round(ms / 86_400_000);
  return days === 1 ? 'a day' : `${String(days)} days`;
}
