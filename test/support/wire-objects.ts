import type { JsonObject, Labels, SourceUpdate } from '#model';

/**
 * Kubernetes objects as an API server sends them, for tests: only what matters here, dual stack.
 * `at` numbers a pod or node: 10.1.x.y and 2001:db8:1::/64 are pods', 198.18 and 2001:db8:ffff:: nodes'.
 */
export function manifest(source: string, apiVersion: string, objectKind: string, namespace: string, name: string, rest: JsonObject, labels: Labels = {}): SourceUpdate {
  const metadata = { name, ...(namespace === '' ? {} : { namespace }), labels };
  const body: JsonObject = { apiVersion, kind: objectKind, metadata, ...rest };
  const key = `${objectKind} ${namespace}/${name}`;
  return { source, key, value: { kind: 'manifest', apiVersion, objectKind, namespace, name, body, origin: { file: key, line: 1 } } };
}

export function gone({ source, key }: SourceUpdate): SourceUpdate {
  return { source, key, value: undefined };
}

export function wireNamespace(source: string, name: string, labels: Labels = {}): SourceUpdate {
  return manifest(source, 'v1', 'Namespace', '', name, {}, labels);
}

export function wireNode(source: string, name: string, at: number): SourceUpdate {
  const addresses = [`198.18.${String(at >> 8)}.${String(at & 255)}`, `2001:db8:ffff::${(at + 1).toString(16)}`].map((address) => ({ type: 'InternalIP', address }));
  const podCIDRs = [`10.${String(1 + (at >> 8))}.${String(at & 255)}.0/24`, `2001:db8:1:${at.toString(16)}::/64`];
  return manifest(source, 'v1', 'Node', '', name, { spec: { podCIDRs }, status: { addresses } });
}

export function wireDeployment(source: string, namespace: string, name: string, ports: readonly number[] = [8080]): SourceUpdate {
  const labels = { app: name };
  return manifest(source, 'apps/v1', 'Deployment', namespace, name, { spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(ports) } } }, labels);
}

export interface WirePodPlace {
  readonly node: string;
  /** The number of its node, and its own there. */
  readonly nodeAt: number;
  readonly at: number;
}

export function wirePod(source: string, namespace: string, owner: string, suffix: string, { node, nodeAt, at }: WirePodPlace, ports: readonly number[] = [8080]): SourceUpdate {
  const podIPs = [{ ip: `10.${String(1 + (nodeAt >> 8))}.${String(nodeAt & 255)}.${String(at)}` }, { ip: `2001:db8:1:${nodeAt.toString(16)}::${at.toString(16)}` }];
  const name = `${owner}-${suffix}`;
  const update = manifest(source, 'v1', 'Pod', namespace, name, { spec: { nodeName: node, ...podSpec(ports) }, status: { phase: 'Running', podIP: podIPs[0]?.ip ?? '', podIPs } }, { app: owner });
  if (update.value?.kind !== 'manifest') return update;
  const { body } = update.value;
  const metadata = { ...(body['metadata'] as JsonObject), ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid: owner, controller: true }] };
  return { ...update, value: { ...update.value, body: { ...body, metadata } } };
}

function podSpec(ports: readonly number[]): JsonObject {
  return { containers: [{ name: 'main', image: 'registry.example/app:1', ports: ports.map((containerPort) => ({ containerPort, protocol: 'TCP' })) }] };
}
