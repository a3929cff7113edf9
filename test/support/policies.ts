import { policyReaderOf } from '#inventory';
import { type Connection, type Diagnostic, type Endpoint, type Json, type JsonObject, type Manifest, type Pod, parseAddress, type Policy, type Protocol, type Snapshot } from '#model';

import { address, origin, ref } from './worlds.ts';

/** A manifest of this kind, as a source gives it. */
export function manifest(apiVersion: string, kind: string, name: string, spec: Json, namespace = ''): Manifest {
  const body: JsonObject = { apiVersion, kind, metadata: namespace === '' ? { name } : { name, namespace }, spec };
  return { kind: 'manifest', apiVersion, objectKind: kind, namespace, name, body, origin };
}

/** `networkPolicy('shop/web', { podSelector: {} })`, read as the inventory reads it. */
export function networkPolicy(name: string, spec: Json): Policy {
  const [namespace = '', own = ''] = name.split('/');
  return readOne(manifest('networking.k8s.io/v1', 'NetworkPolicy', own, spec, namespace));
}

export function clusterPolicy(name: string, spec: Json): Policy {
  return readOne(manifest('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', name, spec));
}

/** Reads a policy manifest, whatever comes of it. */
export function readPolicy(given: Manifest): { readonly value?: Policy; readonly diagnostics: readonly Diagnostic[] } {
  const reader = policyReaderOf(given.apiVersion, given.objectKind);
  if (reader === undefined) throw new Error(`read ${given.objectKind}: no policy`);
  return reader(given);
}

function readOne(given: Manifest): Policy {
  const { value, diagnostics } = readPolicy(given);
  if (value === undefined) throw new Error(`read ${given.name}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  return value;
}

/** `pod('shop/web', ['10.0.0.1'], { labels: { app: 'web' } })`; a workload of its own unless told otherwise. */
export function pod(name: string, addresses: readonly string[], fields: Partial<Omit<Pod, 'addresses'>> = {}): Pod {
  const [namespace = '', own = ''] = name.split('/');
  return {
    namespace,
    name: own,
    labels: {},
    hostNetwork: false,
    addresses: addresses.map(address),
    ports: [],
    workload: ref(`${namespace}/Pod/${own}`),
    phase: 'running',
    isExample: false,
    origin,
    ...fields,
  };
}

/** `connection(snapshot, 'shop/web', '203.0.113.7', '443/TCP')`: pods by name on their first address of the family, or bare addresses. */
export function connection(snapshot: Snapshot, from: string, to: string, port: string, application?: string): Connection {
  const [number = '', protocol = 'TCP'] = port.split('/');
  const ends = [endsOf(snapshot, from), endsOf(snapshot, to)] as const;
  for (const sender of ends[0]) {
    const receiver = ends[1].find((end) => end.address.family === sender.address.family);
    if (receiver !== undefined) return { from: sender, to: receiver, protocol: protocol as Protocol, port: Number(number), ...(application === undefined ? {} : { application }) };
  }
  throw new Error(`connect ${from} to ${to}: no addresses of one family`);
}

function endsOf(snapshot: Snapshot, text: string): readonly Endpoint[] {
  const bare = parseAddress(text);
  if (bare !== undefined) return [{ kind: 'address', address: bare }];
  const [name = '', family] = text.split('@');
  const found = snapshot.pods.get(name);
  if (found === undefined) throw new Error(`find ${text}: neither a pod nor an address`);
  return found.addresses.filter((each) => family === undefined || each.family === Number(family)).map((each): Endpoint => ({ kind: 'pod', pod: found, address: each }));
}
