import { isJsonObject, isPortNumber, type Json, type JsonObject, type NamespaceSelection, type PodSelection, type PortMatch, parsePrefix, type Prefix, type Protocol } from '#model';

import { describe, isPresent, type PolicyReading } from './policy-reading.ts';
import { readSelector } from './policy-selector.ts';

/** A CIDR block; a text that is none makes the object invalid. Host bits are dropped, as Kubernetes does. */
export function readCidr(reading: PolicyReading, value: Json | undefined, path: string): Prefix | undefined {
  const text = reading.text(value, path);
  const prefix = text === undefined ? undefined : parsePrefix(text);
  if (prefix === undefined) reading.refuse(path, `is ${describe(value)}, which is no CIDR block`, 'write an address, a slash and a length, such as 192.0.2.0/24 or 2001:db8::/32');
  return prefix;
}

/** TCP where nothing is said; ICMP is no protocol a policy port can have. */
export function readProtocol(reading: PolicyReading, value: Json | undefined, path: string): Protocol {
  if (!isPresent(value)) return 'TCP';
  if (value === 'TCP' || value === 'UDP' || value === 'SCTP') return value;
  reading.refuse(path, `is ${describe(value)}`, 'use one of TCP, UDP, SCTP');
  return 'TCP';
}

export function readPortNumber(reading: PolicyReading, value: Json | undefined, path: string): number | undefined {
  if (isPortNumber(value)) return value;
  reading.refuse(path, `is ${describe(value)}, which is no port number`, 'use a number from 1 to 65535');
  return undefined;
}

// IANA_SVC_NAME as Kubernetes checks it
const PORT_NAME = /^(?!.*--)(?=.{1,15}$)(?=.*[a-z])[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;

export function readPortName(reading: PolicyReading, name: string, protocol: Protocol | 'any', path: string): PortMatch | undefined {
  if (PORT_NAME.test(name)) return { kind: 'named', protocol, name };
  reading.refuse(path, `is ${describe(name)}, which no port can be called`, 'a port name is up to 15 lower-case letters, digits and single dashes, with at least one letter');
  return undefined;
}

/** The union members of an admin API's peer or port: exactly one may be set, null counting as absent. */
export function onlyOne(reading: PolicyReading, fields: JsonObject, known: readonly string[], path: string): string | undefined {
  reading.expectOnly(fields, known, path);
  const set = known.filter((name) => isPresent(fields[name]));
  if (set.length === 1) return set[0];
  reading.refuse(path, set.length === 0 ? 'says nothing' : `says ${set.join(' and ')} at once`, `set exactly one of ${known.join(', ')}`);
  return undefined;
}

/** `namespaceSelector` and `podSelector`, both required, as the admin APIs write pods. */
export function readNamespacedPods(reading: PolicyReading, value: Json | undefined, path: string): PodSelection {
  const fields = reading.fields(value, path);
  // the first releases of v1alpha1 wrote the namespaces of a peer one level deeper
  const namespaces = isPresent(fields['namespaces']) ? 'namespaces' : 'namespaceSelector';
  reading.expectOnly(fields, [namespaces, 'podSelector'], path);
  for (const name of [namespaces, 'podSelector']) {
    if (!isPresent(fields[name])) reading.refuse(`${path}.${name}`, 'is missing', 'write {} to select all');
  }
  const selection = readNamespaces(reading, fields[namespaces], `${path}.${namespaces}`);
  return { namespaces: selection, pods: readSelector(reading, fields['podSelector'], `${path}.podSelector`) };
}

/**
 * A selector of namespaces; also in the shape of the first releases of v1alpha1,
 * `{namespaceSelector: …}`, whose `sameLabels` and `notSameLabels` no later release has.
 */
export function readNamespaces(reading: PolicyReading, value: Json | undefined, path: string): NamespaceSelection {
  if (isJsonObject(value) && isPresent(value['namespaceSelector'])) {
    for (const name of Object.keys(value)) if (name !== 'namespaceSelector') reading.refuse(path, `says ${describe(name)} beside namespaceSelector`, 'set exactly one of them');
    return { kind: 'selector', selector: readSelector(reading, value['namespaceSelector'], `${path}.namespaceSelector`) };
  }
  return { kind: 'selector', selector: readSelector(reading, value, path) };
}
