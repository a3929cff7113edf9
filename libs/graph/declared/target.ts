import { type Service, type Workload, workloadKey } from '#model';

import { canReach } from './compose-facts.ts';
import { normaliseHost } from './host-name.ts';
import { type ChosenPort, type PortGround, choosePorts } from './port-choice.ts';
import type { Resolution, Resolver } from './resolution.ts';
import type { Sighting } from './sighting.ts';

/** One server a sighting leads to. */
export type Target =
  | { readonly kind: 'workload'; readonly workload: Workload; readonly ports: readonly ChosenPort[]; readonly ground: PortGround; readonly isPortGuess?: boolean; readonly service?: Service; readonly isGuess: boolean; readonly isPeer: boolean }
  | { readonly kind: 'external'; readonly host: string; readonly ports: readonly ChosenPort[] }
  | { readonly kind: 'kube-apiserver'; readonly port: number };

/** What a sighting leads to, before tiers are given out. */
export interface Lead {
  readonly sighting: Sighting;
  readonly targets: readonly Target[];
  /** The names of Services mentioned, its own among them: what makes a book an address book. */
  readonly named?: string;
  readonly isOwn: boolean;
  /** Why nothing has the name, where it looks like one that should be here. */
  readonly absent?: string;
}

/**
 * Follows a sighting to the workloads behind it.
 *
 * A workload's own address is no edge, unless it leads to replicas beside it: a StatefulSet or
 * DaemonSet of more than one, reached through a name of its own.
 */
export function follow(sighting: Sighting, client: Workload, resolver: Resolver): Lead {
  const { mention } = sighting;
  const host = normaliseHost(mention.host);
  const none: Lead = { sighting, targets: [], isOwn: false };
  if (host === undefined) return none;
  const resolution = resolver.resolve(host, client, mention.scheme !== undefined, mention.port);
  switch (resolution.kind) {
    case 'unknown':
      return none;
    case 'self':
      return none;
    case 'absent':
      return { ...none, absent: resolution.why };
    case 'kube-apiserver':
      return { ...none, targets: [{ kind: 'kube-apiserver', port: 443 }] };
    case 'external':
      return { ...none, targets: [{ kind: 'external', host: resolution.host, ports: externalPorts(sighting) }] };
    case 'endpoints':
      return { ...none, named: nameOf(resolution.service), targets: endpointTargets(sighting, resolution, resolver, client) };
    case 'workload':
      if (workloadKey(resolution.workload.ref) === workloadKey(client.ref)) return { ...none, isOwn: true, named: workloadKey(client.ref) };
      return { ...none, named: workloadKey(resolution.workload.ref), targets: [{ kind: 'workload', workload: resolution.workload, isGuess: false, isPeer: false, ...choosePorts(mention, undefined, resolution.workload, true, false) }] };
    case 'service':
      return followService(sighting, client, resolution);
  }
}

function followService(sighting: Sighting, client: Workload, resolution: Resolution & { readonly kind: 'service' }): Lead {
  const { service, workloads, isPod, isGuess = false } = resolution;
  const own = workloadKey(client.ref);
  const isOwn = workloads.some(({ ref }) => workloadKey(ref) === own);
  const servers = workloads.filter((server) => workloadKey(server.ref) !== own || isPeerOf(server, service, sighting));
  const targets = servers
    .filter((server) => canReach(client, server))
    .map((server): Target => {
      const isPeer = workloadKey(server.ref) === own;
      return { kind: 'workload', workload: server, service, isGuess, isPeer, ...choosePorts(sighting.mention, service, server, isPod, isPeer) };
    });
  return { sighting, targets, named: nameOf(service), isOwn };
}

const MEMBERS = /member|join|gossip|peers|seeds/i;

/** Whether a name of a workload's own can mean the replicas beside it. */
function isPeerOf(server: Workload, service: Service, { mention: { key } }: Sighting): boolean {
  if (server.platform !== 'kubernetes') return false;
  if (server.ref.kind === 'DaemonSet') return true;
  // a list of members is written for the day there are more
  if (server.replicas < 2) return server.ref.kind === 'StatefulSet' && service.headless && MEMBERS.test(key);
  return service.headless || server.ref.kind !== 'Deployment';
}

function nameOf(service: Service): string {
  return `${service.namespace}/${service.name}`;
}

function externalPorts({ mention }: Sighting): readonly ChosenPort[] {
  const { ports } = choosePorts(mention, undefined, NOBODY, false, false);
  // DNS asks over both
  return ports.flatMap((each) => (each.port === 53 && mention.protocol === undefined ? [{ ...each, application: 'dns' }, { ...each, protocol: 'UDP', application: 'dns' }] : [each]));
}

const NOBODY: Workload = {
  ref: { namespace: '', kind: 'External', name: '' },
  platform: 'host',
  replicas: 0,
  podLabels: {},
  podAnnotations: {},
  labels: {},
  annotations: {},
  serviceAccount: '',
  tokenMounted: false,
  hostNetwork: false,
  containers: [],
  origin: { file: '', line: 0 },
};

function endpointTargets(sighting: Sighting, resolution: Resolution & { readonly kind: 'endpoints' }, resolver: Resolver, client: Workload): readonly Target[] {
  const { mention } = sighting;
  const asked = resolution.service.ports.filter(({ port }) => mention.port === undefined || port === mention.port);
  return resolution.endpoints.flatMap(({ address, ports }): readonly Target[] => {
    const chosen = ports.filter(({ name }) => asked.length === 0 || asked.some((each) => (each.name ?? '') === (name ?? '')));
    const open = chosen.length > 0 ? chosen : ports;
    const chosenPorts = open.map(({ port }): ChosenPort => ({ port, protocol: 'TCP' }));
    const behind = resolver.resolve(address.text, client, false);
    if (behind.kind === 'workload') return [{ kind: 'workload', workload: behind.workload, ports: chosenPorts, ground: 'written', service: resolution.service, isGuess: false, isPeer: false }];
    return [{ kind: 'external', host: address.text, ports: chosenPorts }];
  });
}
