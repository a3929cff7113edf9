import type { AdminPolicy, AdminRule, Json, NamespacedPolicy, Origin, Policy, Revision, Rule, Subject } from '#model';

import { type JsonPlace, type JsonReading, readJson } from './json-place.ts';
import { brandRevision } from './revision.ts';
import { plain, readPodSelection, readRule, writeRule } from './rule-json.ts';

/** A policy in JSON; `readPolicy` gives it back exactly. */
export function writePolicy(policy: Policy): Json {
  const { kind, name, subject, origin } = policy;
  const same = { kind, name, subject: plain(subject), origin: plain(origin) };
  if (policy.kind === 'admin') return { ...same, tier: policy.tier, priority: policy.priority, ingress: policy.ingress.map(writeAdminRule), egress: policy.egress.map(writeAdminRule) };
  const { ingress, egress, why } = policy;
  return {
    ...same,
    ...(ingress === undefined ? {} : { ingress: ingress.map(writeRule) }),
    ...(egress === undefined ? {} : { egress: egress.map(writeRule) }),
    ...(why === undefined ? {} : { why: plain(why) }),
  };
}

export function readPolicy(place: JsonPlace): Policy {
  const kind = place.object(['kind', 'name', 'subject', 'origin', 'tier', 'priority', 'ingress', 'egress', 'why']).at('kind').choice(['namespaced', 'admin']);
  return kind === 'admin' ? readAdminPolicy(place) : readNamespacedPolicy(place);
}

/** A revision in JSON, whole. */
export function writeRevision({ number, approvedBy, reason, policies }: Revision): Json {
  return { number, approvedBy, reason, policies: policies.map(writePolicy) };
}

/** Gives back what `writeRevision` wrote, every part of it checked for shape; anything else is refused. */
export function readRevision(json: Json | undefined): JsonReading<Revision> {
  return readJson(json, 'revision', (place) => {
    const fields = place.object(['number', 'approvedBy', 'reason', 'policies']);
    return brandRevision(fields.at('number').whole(0), fields.at('approvedBy').text(), fields.at('reason').text(), fields.at('policies').list(readPolicy));
  });
}

function readNamespacedPolicy(place: JsonPlace): NamespacedPolicy {
  const fields = place.object(['kind', 'name', 'subject', 'origin', 'ingress', 'egress', 'why']);
  const rules = (at: JsonPlace): readonly Rule[] => at.list((each) => readRule(each).rule);
  return {
    kind: 'namespaced',
    name: fields.at('name').name(),
    subject: readSubject(fields.at('subject')),
    ...fields.optional('ingress', rules),
    ...fields.optional('egress', rules),
    ...fields.optional('why', (at) => {
      const why = at.object(['ingress', 'egress']);
      return { ...why.optional('ingress', (each) => each.text()), ...why.optional('egress', (each) => each.text()) };
    }),
    origin: readOrigin(fields.at('origin')),
  };
}

function readAdminPolicy(place: JsonPlace): AdminPolicy {
  const fields = place.object(['kind', 'name', 'subject', 'origin', 'tier', 'priority', 'ingress', 'egress']);
  return {
    kind: 'admin',
    tier: fields.at('tier').choice(['admin', 'baseline']),
    name: fields.at('name').name(),
    priority: fields.at('priority').whole(-1_000_000, 1_000_000),
    subject: readSubject(fields.at('subject')),
    ingress: fields.at('ingress').list(readAdminRule),
    egress: fields.at('egress').list(readAdminRule),
    origin: readOrigin(fields.at('origin')),
  };
}

function writeAdminRule(rule: AdminRule): Json {
  return { ...writeRule(rule), action: rule.action };
}

function readAdminRule(place: JsonPlace): AdminRule {
  const { rule, fields } = readRule(place, ['action']);
  return { ...rule, action: fields.at('action').choice(['allow', 'deny', 'pass']) };
}

function readSubject(place: JsonPlace): Subject {
  const kind = place.object(['kind', 'workload', 'namespaces', 'pods']).at('kind').choice(['pods', 'workload']);
  if (kind === 'workload') return { kind, workload: place.object(['kind', 'workload']).at('workload').workload() };
  return { kind, ...readPodSelection(place.object(['kind', 'namespaces', 'pods'])) };
}

function readOrigin(place: JsonPlace): Origin {
  const fields = place.object(['file', 'line']);
  return { file: fields.at('file').text(), line: fields.at('line').whole(0) };
}
