import type { SourceUpdate, Workload } from '#model';

import type { MetadataListener, MetadataSource } from '../../apps/enforcer/src/metadata/metadata-source.ts';
import { address, container, origin, ref, workload } from './worlds.ts';

/** A node of Docker containers of the project `shop`, as its engine tells of it: 172.20.AT.0/24 and fd00:AT::/64. */
export function dockerHost(node: string, at: number): SourceUpdate {
  const bridges = [{ network: 'back', interface: `br-${String(at)}`, blocks: [`172.20.${String(at)}.0/24`, `fd00:${String(at)}::/64`] }];
  return { source: `docker:${node}`, key: 'host', value: { kind: 'container-host', node: { name: node, labels: {}, addresses: [address(`192.0.2.${String(at)}`), address(`2001:db8::${String(at)}`)], podCidrs: bridges.flatMap(({ blocks }) => blocks), bridges, isExample: false }, diagnostics: [] } };
}

/** The container of a service on such a node, the `last` of its network, with what it is told in its environment. */
export function dockerContainer(node: string, at: number, service: string, last: number, { env = {}, labels = {} }: { readonly env?: Readonly<Record<string, string>>; readonly labels?: Readonly<Record<string, string>> } = {}): SourceUpdate {
  const owner = ref(`shop/ComposeService/${service}`);
  const own = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': service, ...labels };
  const described: Workload = {
    ...workload(`shop/ComposeService/${service}`),
    platform: 'compose',
    podLabels: own,
    containers: [container({ name: service, ports: [{ port: 5432, protocol: 'TCP' }], env: Object.entries(env).map(([name, value]) => ({ name, value, origin })) })],
  };
  const addresses = [`172.20.${String(at)}.${String(last)}`, `fd00:${String(at)}::${String(last)}`].map(address);
  const pod = { namespace: 'shop', name: `${service}-${node}`, labels: own, node, hostNetwork: false, addresses, ports: [{ port: 5432, protocol: 'TCP' as const }], workload: owner, phase: 'running' as const, isExample: false, origin };
  return { source: `docker:${node}`, key: `container/${service}`, value: { kind: 'container', pod, workload: described, networks: [{ network: 'back', names: [service] }], diagnostics: [] } };
}

/** An engine that says this, and whatever else it is told to say. */
export class FixedSource implements MetadataSource {
  readonly name: string;
  readonly #updates: readonly SourceUpdate[];
  listener: MetadataListener | undefined;

  constructor(node: string, updates: readonly SourceUpdate[]) {
    this.name = `docker:${node}`;
    this.#updates = updates;
  }

  start(listener: MetadataListener): void {
    this.listener = listener;
    listener.updates(this.#updates);
    listener.inSync();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }
}
