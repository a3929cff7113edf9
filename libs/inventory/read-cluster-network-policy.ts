import type { AdminPolicy, Json, Manifest, PortMatch, Protocol } from '#model';

import { onlyOne, readPortNumber } from './policy-parts.ts';
import { describe, isPresent, PolicyReading } from './policy-reading.ts';
import { type AdminDialect, finishAdminPolicy, type ReadAdminPolicy, readPriority } from './read-admin-policy.ts';

const CLUSTER: AdminDialect = {
  actions: new Map([['Accept', 'allow'], ['Deny', 'deny'], ['Pass', 'pass']]),
  portsField: 'protocols',
  listLimit: 25,
  readPort,
};

/** Reads a ClusterNetworkPolicy (policy.networking.k8s.io/v1alpha2), in either of its two tiers. */
export function readClusterNetworkPolicy(manifest: Manifest): ReadAdminPolicy {
  const reading = new PolicyReading(manifest);
  const spec = reading.fields(manifest.body['spec'], 'spec');
  reading.expectOnly(spec, ['tier', 'priority', 'subject', 'ingress', 'egress'], 'spec');
  const tier = readTier(reading, spec['tier']);
  const priority = readPriority(reading, spec['priority']);
  return finishAdminPolicy(reading, manifest, spec, CLUSTER, { tier, priority });
}

function readTier(reading: PolicyReading, value: Json | undefined): AdminPolicy['tier'] {
  if (value === 'Admin') return 'admin';
  if (value === 'Baseline') return 'baseline';
  reading.refuse('spec.tier', isPresent(value) ? `is ${describe(value)}` : 'is missing', 'use Admin or Baseline');
  return 'baseline';
}

const PROTOCOL_FIELDS: ReadonlyMap<string, Protocol> = new Map([['tcp', 'TCP'], ['udp', 'UDP'], ['sctp', 'SCTP']]);

function readPort(reading: PolicyReading, item: Json, path: string): PortMatch | undefined {
  const fields = reading.fields(item, path);
  const kind = onlyOne(reading, fields, [...PROTOCOL_FIELDS.keys(), 'destinationNamedPort'], path);
  if (kind === undefined) return undefined;
  const protocol = PROTOCOL_FIELDS.get(kind);
  if (protocol === undefined) return { kind: 'named', protocol: 'any', name: reading.text(fields[kind], `${path}.${kind}`) ?? '' };
  const own = reading.fields(fields[kind], `${path}.${kind}`);
  return onlyOne(reading, own, ['destinationPort'], `${path}.${kind}`) === undefined
    ? undefined
    : readDestination(reading, protocol, own['destinationPort'], `${path}.${kind}.destinationPort`);
}

function readDestination(reading: PolicyReading, protocol: Protocol, value: Json | undefined, path: string): PortMatch | undefined {
  const fields = reading.fields(value, path);
  const kind = onlyOne(reading, fields, ['number', 'range'], path);
  if (kind === undefined) return undefined;
  if (kind === 'number') {
    const port = readPortNumber(reading, fields['number'], `${path}.number`);
    return port === undefined ? undefined : { kind: 'range', protocol, from: port, to: port };
  }
  const range = reading.fields(fields['range'], `${path}.range`);
  reading.expectOnly(range, ['start', 'end'], `${path}.range`);
  const from = readPortNumber(reading, range['start'], `${path}.range.start`);
  const to = readPortNumber(reading, range['end'], `${path}.range.end`);
  if (from === undefined || to === undefined) return undefined;
  if (from >= to) reading.refuse(`${path}.range`, `starts at ${String(from)} and ends at ${String(to)}`, 'start has to be below end; a single port is a number');
  return { kind: 'range', protocol, from, to };
}
