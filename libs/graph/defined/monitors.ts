import { type GraphPeer, graphPeerKey, type Monitor, type Protocol, type Service, type Snapshot, selects, type Workload } from '#model';

import { podPort, type ServiceBackends } from '../service-backends.ts';
import { type ControlPlaneTarget, controlPlaneTarget } from './control-plane-target.ts';
import { type DefinedFlow, definedBy } from './defined-flow.ts';
import { picks, type Scraper } from './scrapers.ts';

interface Target {
  readonly to: GraphPeer;
  readonly port: number;
  readonly protocol: Protocol;
  readonly replicas: number;
}

/** ServiceMonitors and PodMonitors: the Prometheus that picks one up calls the pods behind it. */
export function monitoredTargets(snapshot: Snapshot, backends: ServiceBackends, scrapers: readonly Scraper[]): readonly DefinedFlow[] {
  const services = reachOf([...snapshot.services.values()], (service) => service.namespace);
  const workloads = reachOf([...snapshot.workloads.values()], (workload) => workload.ref.namespace);
  return snapshot.monitors.flatMap((monitor) => {
    const targets = monitor.kind === 'ServiceMonitor' ? behindServices(monitor, inReach(monitor, services), backends) : ofPods(monitor, inReach(monitor, workloads));
    return clientsOf(monitor, snapshot, scrapers).flatMap((client) => targets.flatMap((target) => flowsBetween(client, target, monitor)));
  });
}

interface Client {
  readonly peer: GraphPeer;
  readonly confidence: number;
  readonly how: string;
}

/** The Prometheus resources that pick the monitor up; else a Prometheus that is not in the input. */
function clientsOf(monitor: Monitor, snapshot: Snapshot, scrapers: readonly Scraper[]): readonly Client[] {
  const own = scrapers.filter((scraper) => picks(scraper, monitor, snapshot));
  if (own.length > 0) return own.map(({ peer, resource }) => ({ peer, confidence: 0.97, how: `${resource.kind} ${resource.namespace}/${resource.name} picks it up` }));
  if (scrapers.length === 0) return [{ peer: 'prometheus', confidence: 0.9, how: 'the Prometheus that picks it up is not in the input' }];
  return [{ peer: 'prometheus', confidence: 0.6, how: 'no Prometheus of the input picks it up, so it is meant for another one' }];
}

function flowsBetween(client: Client, target: Target, monitor: Monitor): readonly DefinedFlow[] {
  // a pod reaches itself whatever the policies say; replicas of one Prometheus scrape each other
  if (graphPeerKey(client.peer) === graphPeerKey(target.to) && target.replicas < 2) return [];
  const place = `${monitor.kind} ${monitor.namespace}/${monitor.name}`;
  const text = `${place} has port ${String(target.port)} scraped; ${client.how}`;
  const source = monitor.kind === 'ServiceMonitor' ? 'service-monitor' : 'pod-monitor';
  return [
    {
      from: client.peer,
      to: target.to,
      port: target.port,
      protocol: target.protocol,
      confidence: client.confidence,
      evidence: definedBy(source, monitor.origin, place, text),
    },
  ];
}

function behindServices(monitor: Monitor, services: readonly Service[], backends: ServiceBackends): readonly Target[] {
  const matched = services.filter((service) => selects(monitor.selector, service.labels));
  const targets = matched.flatMap((service) => monitor.ports.flatMap((port) => servicePortTargets(service, port, backends)));
  if (targets.length > 0 || matched.some((service) => backends.workloadsOf(service).length > 0)) return targets;
  return ofControlPlane(controlPlaneTarget(monitor, matched));
}

/** A monitor names a Service's port, or (as `targetPort`) a pod's by number or name. */
function servicePortTargets(service: Service, port: number | string, backends: ServiceBackends): readonly Target[] {
  const named = typeof port === 'string' ? backends.backendsOf(service, port) : [];
  if (named.length > 0) return named.map((each) => targetOf(each.workload, each.port, each.protocol));
  return backends.workloadsOf(service).flatMap((workload) => podTargets(workload, port));
}

function ofPods(monitor: Monitor, workloads: readonly Workload[]): readonly Target[] {
  const matched = workloads.filter((workload) => selects(monitor.selector, workload.podLabels));
  if (matched.length === 0) return ofControlPlane(controlPlaneTarget(monitor, []));
  return matched.flatMap((workload) => monitor.ports.flatMap((port) => podTargets(workload, port)));
}

function podTargets(workload: Workload, port: number | string): readonly Target[] {
  const number = podPort(workload, port, 'TCP');
  return number === undefined ? [] : [targetOf(workload, number, 'TCP')];
}

function targetOf(workload: Workload, port: number, protocol: Protocol): Target {
  return { to: workload.ref, port, protocol, replicas: workload.ref.kind === 'DaemonSet' ? 2 : workload.replicas };
}

function ofControlPlane(target: ControlPlaneTarget | undefined): readonly Target[] {
  return target === undefined ? [] : [{ to: target.entity, port: target.port, protocol: 'TCP', replicas: 1 }];
}

interface Reach<T> {
  readonly all: readonly T[];
  readonly byNamespace: ReadonlyMap<string, readonly T[]>;
}

function inReach<T>({ namespaces }: Monitor, { all, byNamespace }: Reach<T>): readonly T[] {
  return namespaces === undefined ? all : namespaces.flatMap((namespace) => byNamespace.get(namespace) ?? []);
}

function reachOf<T>(all: readonly T[], namespaceOf: (item: T) => string): Reach<T> {
  return { all, byNamespace: Map.groupBy(all, namespaceOf) };
}
