import type { Json, Manifest, PortMatch, Protocol } from '#model';

import { onlyOne, readPortNumber, readProtocol } from './policy-parts.ts';
import { describe, PolicyReading } from './policy-reading.ts';
import { type AdminDialect, finishAdminPolicy, type ReadAdminPolicy, readPriority } from './read-admin-policy.ts';

const LIST_LIMIT = 100;

const ADMIN: AdminDialect = {
  actions: new Map([['Allow', 'allow'], ['Deny', 'deny'], ['Pass', 'pass']]),
  portsField: 'ports',
  listLimit: LIST_LIMIT,
  readPort,
};

// The baseline tier has nothing after it to pass to.
const BASELINE: AdminDialect = { ...ADMIN, actions: new Map([['Allow', 'allow'], ['Deny', 'deny']]) };

/** Reads an AdminNetworkPolicy (policy.networking.k8s.io/v1alpha1): it decides before every NetworkPolicy. */
export function readAdminNetworkPolicy(manifest: Manifest): ReadAdminPolicy {
  const reading = new PolicyReading(manifest);
  const spec = reading.fields(manifest.body['spec'], 'spec');
  reading.expectOnly(spec, ['priority', 'subject', 'ingress', 'egress'], 'spec');
  const priority = readPriority(reading, spec['priority']);
  return finishAdminPolicy(reading, manifest, spec, ADMIN, { tier: 'admin', priority });
}

/**
 * Reads the BaselineAdminNetworkPolicy (policy.networking.k8s.io/v1alpha1): it decides for pods no
 * NetworkPolicy selects. There is one in a cluster and its name is `default`.
 */
export function readBaselineAdminNetworkPolicy(manifest: Manifest): ReadAdminPolicy {
  const reading = new PolicyReading(manifest);
  if (manifest.name !== 'default') reading.warn('policy-not-default', 'metadata.name', `is ${describe(manifest.name)}, which a cluster refuses; it is read as if it were called default`, 'a cluster has one BaselineAdminNetworkPolicy, and it is called default');
  const spec = reading.fields(manifest.body['spec'], 'spec');
  reading.expectOnly(spec, ['subject', 'ingress', 'egress'], 'spec');
  return finishAdminPolicy(reading, manifest, spec, BASELINE, { tier: 'baseline', priority: 0 });
}

function readPort(reading: PolicyReading, item: Json, path: string): PortMatch | 'nothing' | undefined {
  const fields = reading.fields(item, path);
  switch (onlyOne(reading, fields, ['portNumber', 'namedPort', 'portRange'], path)) {
    case 'portNumber':
      return readNumber(reading, fields['portNumber'], `${path}.portNumber`);
    case 'namedPort':
      return { kind: 'named', protocol: 'any', name: reading.text(fields['namedPort'], `${path}.namedPort`) ?? '' };
    case 'portRange':
      return readRange(reading, fields['portRange'], `${path}.portRange`);
    default:
      return undefined;
  }
}

function readNumber(reading: PolicyReading, value: Json | undefined, path: string): PortMatch | undefined {
  const fields = reading.fields(value, path);
  reading.expectOnly(fields, ['protocol', 'port'], path);
  const protocol = readOwnProtocol(reading, fields['protocol'], `${path}.protocol`);
  const port = readPortNumber(reading, fields['port'], `${path}.port`);
  return port === undefined ? undefined : { kind: 'range', protocol, from: port, to: port };
}

function readRange(reading: PolicyReading, value: Json | undefined, path: string): PortMatch | 'nothing' | undefined {
  const fields = reading.fields(value, path);
  reading.expectOnly(fields, ['protocol', 'start', 'end'], path);
  const protocol = readOwnProtocol(reading, fields['protocol'], `${path}.protocol`);
  const from = readPortNumber(reading, fields['start'], `${path}.start`);
  const to = readPortNumber(reading, fields['end'], `${path}.end`);
  if (from === undefined || to === undefined) return undefined;
  if (from <= to) return { kind: 'range', protocol, from, to };
  // this version of the API server lets it pass, and the range then holds no port
  reading.warn('policy-empty-range', path, `starts at ${String(from)} and ends at ${String(to)}, so it matches no port`, 'put the lower number in start');
  return 'nothing';
}

// An empty text passes the API server, and is a protocol not specified: TCP.
function readOwnProtocol(reading: PolicyReading, value: Json | undefined, path: string): Protocol {
  return readProtocol(reading, value === '' ? undefined : value, path);
}
