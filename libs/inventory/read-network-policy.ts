import {
  EVERYTHING,
  isJsonObject,
  type Json,
  type JsonObject,
  type Diagnostic,
  type Manifest,
  type NamespacedPolicy,
  type Peer,
  type PortMatch,
  type Prefix,
  prefixCovers,
  type Rule,
} from '#model';

import { describe, isPresent, PolicyReading } from './policy-reading.ts';
import { readCidr, readPortName, readPortNumber, readProtocol } from './policy-parts.ts';
import { readSelector } from './policy-selector.ts';

interface DirectionFields {
  readonly kind: 'ingress' | 'egress';
  readonly peers: 'from' | 'to';
}

const INGRESS: DirectionFields = { kind: 'ingress', peers: 'from' };
const EGRESS: DirectionFields = { kind: 'egress', peers: 'to' };

/**
 * Reads a NetworkPolicy (networking.k8s.io/v1; extensions/v1beta1 has the same shape).
 *
 * Defaults and refusals are the API server's (k8s.io/api/networking/v1 and its validation): no
 * `policyTypes` means Ingress, and Egress too where there are egress rules; an absent or empty
 * list of peers or ports matches everything; a YAML null is an absent field. An object it would
 * refuse gives no policy, only diagnostics.
 */
export function readNetworkPolicy(manifest: Manifest): { readonly value?: NamespacedPolicy; readonly diagnostics: readonly Diagnostic[] } {
  const reading = new PolicyReading(manifest);
  const spec = reading.fields(manifest.body['spec'], 'spec');
  reading.expectOnly(spec, ['podSelector', 'ingress', 'egress', 'policyTypes'], 'spec');
  const pods = readSelector(reading, spec['podSelector'], 'spec.podSelector');
  const ingress = readRules(reading, manifest, spec, INGRESS);
  const egress = readRules(reading, manifest, spec, EGRESS);
  const types = readTypes(reading, spec['policyTypes'], egress.length > 0);
  if (!types.includes('Ingress') && ingress.length > 0) warnUnused(reading, INGRESS);
  if (!types.includes('Egress') && egress.length > 0) warnUnused(reading, EGRESS);
  if (!reading.isValid) return { diagnostics: reading.diagnostics };
  const value: NamespacedPolicy = {
    kind: 'namespaced',
    name: reading.subject,
    subject: { kind: 'pods', namespaces: { kind: 'name', name: manifest.namespace }, pods },
    ...(types.includes('Ingress') ? { ingress } : {}),
    ...(types.includes('Egress') ? { egress } : {}),
    origin: manifest.origin,
  };
  return { value, diagnostics: reading.diagnostics };
}

function readTypes(reading: PolicyReading, value: Json | undefined, hasEgress: boolean): readonly string[] {
  const types = reading.items(value, 'spec.policyTypes');
  if (types.length === 0) return hasEgress ? ['Ingress', 'Egress'] : ['Ingress'];
  if (types.length > 2) reading.refuse('spec.policyTypes', `has ${String(types.length)} entries`, 'list Ingress, Egress or both');
  return types.map((type, index) => {
    if (type === 'Ingress' || type === 'Egress') return type;
    reading.refuse(`spec.policyTypes[${String(index)}]`, `is ${describe(type)}`, 'use Ingress or Egress');
    return '';
  });
}

function warnUnused(reading: PolicyReading, { kind }: DirectionFields): void {
  reading.warn('policy-unused-rules', `spec.${kind}`, 'has rules, but spec.policyTypes leaves that direction out, so they do nothing', 'name the direction in spec.policyTypes, or remove its rules');
}

function readRules(reading: PolicyReading, manifest: Manifest, spec: JsonObject, direction: DirectionFields): readonly Rule[] {
  const place = `spec.${direction.kind}`;
  return reading.items(spec[direction.kind], place).map((item, index): Rule => {
    const path = `${place}[${String(index)}]`;
    const fields = reading.fields(item, path);
    reading.expectOnly(fields, [direction.peers, 'ports'], path);
    const peers = reading.items(fields[direction.peers], `${path}.${direction.peers}`);
    const ports = reading.items(fields['ports'], `${path}.ports`);
    return {
      id: `${direction.kind}-${String(index)}`,
      peers: peers.length === 0 ? 'any' : peers.map((peer, at) => readPeer(reading, manifest.namespace, peer, `${path}.${direction.peers}[${String(at)}]`)).filter(isDefined),
      ports: ports.length === 0 ? 'any' : ports.map((port, at) => readPort(reading, port, `${path}.ports[${String(at)}]`)).filter(isDefined),
      evidence: [],
      widenings: [],
    };
  });
}

function readPeer(reading: PolicyReading, namespace: string, item: Json, path: string): Peer | undefined {
  const fields = reading.fields(item, path);
  reading.expectOnly(fields, ['podSelector', 'namespaceSelector', 'ipBlock'], path);
  const { podSelector, namespaceSelector, ipBlock } = fields;
  const selectsPods = isPresent(podSelector) || isPresent(namespaceSelector);
  if (isPresent(ipBlock)) {
    if (selectsPods) reading.refuse(path, 'says ipBlock and a selector at once', 'make two peers of it');
    return readIpBlock(reading, ipBlock, `${path}.ipBlock`);
  }
  if (!selectsPods) {
    reading.refuse(path, 'says nothing', 'set podSelector, namespaceSelector or ipBlock; to allow every peer leave the whole list out');
    return undefined;
  }
  return {
    kind: 'pods',
    // no namespaceSelector is the policy's own namespace, an empty one is every namespace
    namespaces: isPresent(namespaceSelector)
      ? { kind: 'selector', selector: readSelector(reading, namespaceSelector, `${path}.namespaceSelector`) }
      : { kind: 'name', name: namespace },
    pods: isPresent(podSelector) ? readSelector(reading, podSelector, `${path}.podSelector`) : EVERYTHING,
  };
}

function readIpBlock(reading: PolicyReading, value: Json, path: string): Peer | undefined {
  const fields = reading.fields(value, path);
  reading.expectOnly(fields, ['cidr', 'except'], path);
  if (!isJsonObject(value)) return undefined;
  const cidr = readCidr(reading, fields['cidr'], `${path}.cidr`);
  const except: Prefix[] = [];
  reading.items(fields['except'], `${path}.except`).forEach((item, index) => {
    const place = `${path}.except[${String(index)}]`;
    const hole = readCidr(reading, item, place);
    if (hole === undefined || cidr === undefined) return;
    except.push(hole);
    if (prefixCovers(cidr, hole) && hole.length > cidr.length) return;
    reading.refuse(place, `is ${hole.text}, which is not inside ${cidr.text}`, 'an exception has to be a smaller block within its own cidr');
  });
  return cidr === undefined ? undefined : { kind: 'cidr', cidr, except };
}

function readPort(reading: PolicyReading, item: Json, path: string): PortMatch | undefined {
  const fields = reading.fields(item, path);
  reading.expectOnly(fields, ['port', 'protocol', 'endPort'], path);
  const { port, endPort } = fields;
  const protocol = readProtocol(reading, fields['protocol'], `${path}.protocol`);
  if (!isPresent(port)) {
    if (isPresent(endPort)) reading.refuse(`${path}.endPort`, 'is given without a port', 'set port to the first port of the range');
    return { kind: 'protocol', protocol };
  }
  if (typeof port === 'string') {
    if (isPresent(endPort)) reading.refuse(`${path}.endPort`, 'is given with a named port', 'a range needs numbers at both ends');
    return readPortName(reading, port, protocol, `${path}.port`);
  }
  const from = readPortNumber(reading, port, `${path}.port`);
  const to = isPresent(endPort) ? readPortNumber(reading, endPort, `${path}.endPort`) : from;
  if (from === undefined || to === undefined) return undefined;
  if (to < from) reading.refuse(`${path}.endPort`, `is ${String(to)}, below port ${String(from)}`, 'endPort is the last port of the range and is included');
  return { kind: 'range', protocol, from, to };
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
