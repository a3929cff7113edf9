import { type AdminPolicy, type AdminRule, type Diagnostic, type Evidence, evidenceWhere, type Json, type JsonObject, type Manifest, type Peer, type PortMatch, type Subject, EVERYTHING } from '#model';

import { onlyOne, readCidr, readNamespacedPods, readNamespaces } from './policy-parts.ts';
import { describe, isPresent, type PolicyReading } from './policy-reading.ts';
import { readSelector } from './policy-selector.ts';

export type ReadAdminPolicy = { readonly value?: AdminPolicy; readonly diagnostics: readonly Diagnostic[] };

/** What differs between the versions of the admin policy API; the rest they share. */
export interface AdminDialect {
  /** What the wire calls each action. */
  readonly actions: ReadonlyMap<string, AdminRule['action']>;
  readonly portsField: 'ports' | 'protocols';
  /** The most rules, peers and ports one list may hold. */
  readonly listLimit: number;
  readPort(reading: PolicyReading, item: Json, path: string): PortMatch | 'nothing' | undefined;
}

const MAX_NETWORKS = 25;
const MAX_RULE_NAME = 100;

/** Reads subject and rules of an admin-tier object whose tier and priority are already known. */
export function finishAdminPolicy(
  reading: PolicyReading,
  manifest: Manifest,
  spec: JsonObject,
  dialect: AdminDialect,
  place: { readonly tier: AdminPolicy['tier']; readonly priority: number },
): ReadAdminPolicy {
  const subject = readSubject(reading, spec['subject']);
  const ingress = readRules(reading, manifest, spec['ingress'], dialect, 'ingress');
  const egress = readRules(reading, manifest, spec['egress'], dialect, 'egress');
  if (!reading.isValid || subject === undefined) return { diagnostics: reading.diagnostics };
  return {
    value: { kind: 'admin', ...place, name: reading.subject, subject, ingress, egress, origin: manifest.origin },
    diagnostics: reading.diagnostics,
  };
}

/** 0 to 1000, required; lower numbers decide first. */
export function readPriority(reading: PolicyReading, value: Json | undefined): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1000) return value;
  reading.refuse('spec.priority', isPresent(value) ? `is ${describe(value)}` : 'is missing', 'use a whole number from 0 to 1000');
  return 0;
}

function readSubject(reading: PolicyReading, value: Json | undefined): Subject | undefined {
  const fields = reading.fields(value, 'spec.subject');
  const kind = onlyOne(reading, fields, ['namespaces', 'pods'], 'spec.subject');
  if (kind === 'namespaces') return { kind: 'pods', namespaces: readNamespaces(reading, fields['namespaces'], 'spec.subject.namespaces'), pods: EVERYTHING };
  if (kind === 'pods') return { kind: 'pods', ...readNamespacedPods(reading, fields['pods'], 'spec.subject.pods') };
  return undefined;
}

function readRules(reading: PolicyReading, manifest: Manifest, value: Json | undefined, dialect: AdminDialect, direction: 'ingress' | 'egress'): readonly AdminRule[] {
  const items = limited(reading, value, `spec.${direction}`, dialect.listLimit);
  return items.map((item, index): AdminRule => {
    const path = `spec.${direction}[${String(index)}]`;
    const fields = reading.fields(item, path);
    const peersField = direction === 'ingress' ? 'from' : 'to';
    reading.expectOnly(fields, ['name', 'action', peersField, dialect.portsField], path);
    const action = readAction(reading, fields['action'], dialect, `${path}.action`);
    const peers = readPeers(reading, fields[peersField], dialect, direction, `${path}.${peersField}`);
    const ports = readPorts(reading, fields[dialect.portsField], dialect, `${path}.${dialect.portsField}`);
    refuseNamesWithoutPods(reading, peers, ports, path);
    if (action !== 'allow' && peers.some((peer) => peer.kind === 'host')) {
      reading.refuse(`${path}.${peersField}`, 'has domainNames in a rule that does not allow', 'domain names can only be allowed; deny what is left with a later rule');
    }
    return { id: `${direction}-${String(index)}`, action, peers, ports, evidence: evidenceOf(reading, manifest, fields['name'], path), widenings: [] };
  });
}

function readAction(reading: PolicyReading, value: Json | undefined, { actions }: AdminDialect, path: string): AdminRule['action'] {
  const action = typeof value === 'string' ? actions.get(value) : undefined;
  if (action !== undefined) return action;
  reading.refuse(path, isPresent(value) ? `is ${describe(value)}` : 'is missing', `use one of ${[...actions.keys()].join(', ')}`);
  return 'deny';
}

// A rule's own name is the author's reason for it.
function evidenceOf(reading: PolicyReading, manifest: Manifest, value: Json | undefined, path: string): readonly Evidence[] {
  const name = reading.text(value, `${path}.name`);
  if (name === undefined || name === '') return [];
  if (name.length > MAX_RULE_NAME) reading.refuse(`${path}.name`, `has ${String(name.length)} characters`, `keep it to ${String(MAX_RULE_NAME)}`);
  return [{ kind: 'permitted', source: 'policy-rule', where: evidenceWhere(manifest.origin, `${reading.subject} ${path}`), text: `the rule is called ${describe(name)}` }];
}

function readPeers(reading: PolicyReading, value: Json | undefined, dialect: AdminDialect, direction: 'ingress' | 'egress', path: string): readonly Peer[] {
  const items = limited(reading, value, path, dialect.listLimit);
  if (items.length === 0) reading.refuse(path, 'names no peer', 'name at least one; a rule for every pod says namespaces: {}');
  return items.flatMap((item, index) => readPeer(reading, item, direction, `${path}[${String(index)}]`));
}

function readPeer(reading: PolicyReading, item: Json, direction: 'ingress' | 'egress', path: string): readonly Peer[] {
  const fields = reading.fields(item, path);
  const known = direction === 'ingress' ? ['namespaces', 'pods'] : ['namespaces', 'pods', 'nodes', 'networks', 'domainNames'];
  switch (onlyOne(reading, fields, known, path)) {
    case 'namespaces':
      return [{ kind: 'pods', namespaces: readNamespaces(reading, fields['namespaces'], `${path}.namespaces`), pods: EVERYTHING }];
    case 'pods':
      return [{ kind: 'pods', ...readNamespacedPods(reading, fields['pods'], `${path}.pods`) }];
    case 'nodes':
      return [{ kind: 'nodes', nodes: readSelector(reading, fields['nodes'], `${path}.nodes`) }];
    case 'networks':
      return nonEmpty(reading, fields['networks'], `${path}.networks`).flatMap((cidr, index): readonly Peer[] => {
        const prefix = readCidr(reading, cidr, `${path}.networks[${String(index)}]`);
        return prefix === undefined ? [] : [{ kind: 'cidr', cidr: prefix, except: [] }];
      });
    case 'domainNames':
      return nonEmpty(reading, fields['domainNames'], `${path}.domainNames`).map((name, index) => readDomain(reading, name, `${path}.domainNames[${String(index)}]`));
    default:
      return [];
  }
}

const DOMAIN = /^(?=.{1,254}$)(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$/;

function readDomain(reading: PolicyReading, value: Json, path: string): Peer {
  const name = reading.text(value, path) ?? '';
  if (!DOMAIN.test(name)) reading.refuse(path, `is ${describe(value)}, which is no domain name`, 'write a name of at least two labels, such as example.com or *.example.com');
  return { kind: 'host', host: name, isExact: true };
}

function readPorts(reading: PolicyReading, value: Json | undefined, dialect: AdminDialect, path: string): readonly PortMatch[] | 'any' {
  if (!isPresent(value)) return 'any';
  const items = limited(reading, value, path, dialect.listLimit);
  if (items.length === 0) reading.refuse(path, 'is an empty list', `leave ${dialect.portsField} out to match every port`);
  return items.flatMap((item, index): readonly PortMatch[] => {
    const port = dialect.readPort(reading, item, `${path}[${String(index)}]`);
    return port === undefined || port === 'nothing' ? [] : [port];
  });
}

function refuseNamesWithoutPods(reading: PolicyReading, peers: readonly Peer[], ports: readonly PortMatch[] | 'any', path: string): void {
  if (ports === 'any' || !ports.some((port) => port.kind === 'named') || peers.every((peer) => peer.kind === 'pods')) return;
  reading.refuse(path, 'has a named port beside nodes, networks or domainNames', 'only pods have port names: use numbers, or make two rules of it');
}

function nonEmpty(reading: PolicyReading, value: Json | undefined, path: string): readonly Json[] {
  const items = limited(reading, value, path, MAX_NETWORKS);
  if (items.length === 0) reading.refuse(path, 'is an empty list', 'list at least one, or remove the peer');
  return items;
}

function limited(reading: PolicyReading, value: Json | undefined, path: string, limit: number): readonly Json[] {
  const items = reading.items(value, path);
  if (items.length > limit) reading.refuse(path, `has ${String(items.length)} entries`, `keep it to ${String(limit)}, or make several objects of it`);
  return items;
}
