import type { DirectionProposal, Json, Proposal, ProposedRule } from '#model';
import { type JsonPlace, readPeers, readPorts, readRule, writePeers, writeRule } from '#policy';

import type { AddedRule, ProposalEdit } from './proposal-edit.ts';

const DIRECTIONS = ['ingress', 'egress'] as const;

/** A proposal in JSON; `readProposal` gives it back exactly. */
export function writeProposal({ workload, ingress, egress }: Proposal): Json {
  return { workload: { ...workload }, ingress: writeDirection(ingress), egress: writeDirection(egress) };
}

export function readProposal(place: JsonPlace): Proposal {
  const fields = place.object(['workload', 'ingress', 'egress']);
  return { workload: fields.at('workload').workload(), ingress: readDirection(fields.at('ingress')), egress: readDirection(fields.at('egress')) };
}

function writeDirection(direction: DirectionProposal): Json {
  return direction.kind === 'open' ? { ...direction } : { kind: 'closed', rules: direction.rules.map((rule) => ({ ...writeRule(rule), tier: rule.tier })), why: direction.why };
}

function readDirection(place: JsonPlace): DirectionProposal {
  const kind = place.object(['kind', 'rules', 'why']).at('kind').choice(['closed', 'open']);
  if (kind === 'open') return { kind, why: place.object(['kind', 'why']).at('why').text() };
  const fields = place.object(['kind', 'rules', 'why']);
  return { kind, rules: fields.at('rules').list(readProposedRule), why: fields.at('why').text() };
}

function readProposedRule(place: JsonPlace): ProposedRule {
  const { rule, fields } = readRule(place, ['tier']);
  return { ...rule, tier: fields.at('tier').choice(['strong', 'weak']), confidence: fields.at('confidence').share(), why: fields.at('why').text() };
}

/** An edit in JSON. */
export function writeEdit(edit: ProposalEdit): Json {
  switch (edit.kind) {
    case 'add-rule':
      return { kind: edit.kind, direction: edit.direction, rule: writeAdded(edit.rule) };
    case 'narrow-rule': {
      const { kind, direction, rule, peers, ports } = edit;
      return { kind, direction, rule, ...(peers === undefined ? {} : { peers: writePeers(peers) }), ...(ports === undefined ? {} : { ports: ports.map((port) => ({ ...port })) }) };
    }
    case 'drop-rule':
    case 'set-expiry':
    case 'enforce-application':
    case 'leave-open':
      return { ...edit };
  }
}

/** Reads an edit, whoever wrote it: people send these too. */
export function readEdit(place: JsonPlace): ProposalEdit {
  const all = place.object(['kind', 'direction', 'rule', 'peers', 'ports', 'expiresAt', 'isEnforced']);
  const kind = all.at('kind').choice(['drop-rule', 'add-rule', 'narrow-rule', 'set-expiry', 'enforce-application', 'leave-open']);
  const direction = all.at('direction').choice(DIRECTIONS);
  switch (kind) {
    case 'drop-rule':
      return { kind, direction, rule: place.object(['kind', 'direction', 'rule']).at('rule').name() };
    case 'add-rule':
      return { kind, direction, rule: readAdded(place.object(['kind', 'direction', 'rule']).at('rule')) };
    case 'narrow-rule': {
      const fields = place.object(['kind', 'direction', 'rule', 'peers', 'ports']);
      return { kind, direction, rule: fields.at('rule').name(), ...fields.optional('peers', (at) => listOf(at, readPeers(at))), ...fields.optional('ports', (at) => listOf(at, readPorts(at))) };
    }
    case 'set-expiry': {
      const fields = place.object(['kind', 'direction', 'rule', 'expiresAt']);
      const expiresAt = fields.at('expiresAt');
      return { kind, direction, rule: fields.at('rule').name(), expiresAt: expiresAt.is('never') ? 'never' : expiresAt.whole(0) };
    }
    case 'enforce-application': {
      const fields = place.object(['kind', 'direction', 'rule', 'isEnforced']);
      return { kind, direction, rule: fields.at('rule').name(), isEnforced: fields.at('isEnforced').claim() };
    }
    case 'leave-open':
      place.object(['kind', 'direction']);
      return { kind, direction };
  }
}

function writeAdded({ peers, ports, ...rest }: AddedRule): Json {
  return { peers: writePeers(peers), ports: ports === 'any' ? 'any' : ports.map((port) => ({ ...port })), ...rest };
}

function readAdded(place: JsonPlace): AddedRule {
  const fields = place.object(['peers', 'ports', 'application', 'enforceApplication', 'expiresAt', 'why']);
  return {
    peers: readPeers(fields.at('peers')),
    ports: readPorts(fields.at('ports')),
    ...fields.optional('application', (at) => at.name()),
    ...fields.optional('enforceApplication', (at) => at.claim()),
    ...fields.optional('expiresAt', (at) => at.whole(0)),
    why: fields.at('why').text(),
  };
}

// A narrower rule names what is left of it; "any" is never narrower.
function listOf<T>(place: JsonPlace, list: readonly T[] | 'any'): readonly T[] {
  return list === 'any' ? place.refuse('is no list') : list;
}
