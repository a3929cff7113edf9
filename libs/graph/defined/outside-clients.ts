import { parseAddress, type PublishedPort, type Service, type Snapshot, type Workload } from '#model';

import type { ServiceBackends } from '../service-backends.ts';
import { type DefinedFlow, definedBy } from './defined-flow.ts';

/** Ports opened to the outside: NodePort and LoadBalancer Services, host ports, ports Compose publishes beyond loopback. */
export function outsideClients(snapshot: Snapshot, backends: ServiceBackends): readonly DefinedFlow[] {
  const services = [...snapshot.services.values()].filter(isOpenOutside).flatMap((service) => fromService(service, backends));
  const workloads = [...snapshot.workloads.values()].flatMap((workload) => [...fromPublished(workload), ...fromHostPorts(workload)]);
  return [...services, ...workloads];
}

function isOpenOutside(service: Service): boolean {
  return service.type === 'NodePort' || service.type === 'LoadBalancer' || (service.type === 'ClusterIP' && service.externalAddresses.length > 0);
}

function fromService(service: Service, backends: ServiceBackends): readonly DefinedFlow[] {
  const place = `Service ${service.namespace}/${service.name}`;
  const how = service.type === 'ClusterIP' ? 'carries external addresses' : `is of type ${service.type}`;
  return backends.backendsOf(service).map(({ workload, port, protocol, servicePort }) => ({
    from: 'internet',
    to: workload.ref,
    port,
    protocol,
    confidence: 0.9,
    ...(servicePort.appProtocol === undefined ? {} : { application: servicePort.appProtocol }),
    evidence: definedBy('service', service.origin, place, `${place} ${how} and leads to port ${String(port)}`),
  }));
}

function fromPublished(workload: Workload): readonly DefinedFlow[] {
  return (workload.compose?.published ?? []).filter(isBeyondLoopback).map(({ target, protocol }) => ({
    from: 'internet',
    to: workload.ref,
    port: target,
    protocol,
    confidence: 0.9,
    evidence: definedBy('published-port', workload.origin, `service ${workload.ref.name} ports`, `port ${String(target)} is published on the host`),
  }));
}

function isBeyondLoopback({ hostAddress }: PublishedPort): boolean {
  if (hostAddress === undefined || hostAddress === '') return true;
  const address = parseAddress(hostAddress.replace(/^\[(.*)\]$/, '$1'));
  if (address === undefined) return hostAddress !== 'localhost';
  return address.family === 4 ? address.bits >> 24n !== 127n : address.bits !== 1n;
}

function fromHostPorts(workload: Workload): readonly DefinedFlow[] {
  if (workload.hostNetwork) return [];
  return workload.containers.flatMap((container) =>
    container.ports.flatMap(({ port, protocol, hostPort }): readonly DefinedFlow[] => {
      if (hostPort === undefined) return [];
      const place = `${workload.ref.kind} ${workload.ref.namespace}/${workload.ref.name} container ${container.name}`;
      const text = `port ${String(port)} is opened on its node as host port ${String(hostPort)}`;
      return [{ from: 'internet', to: workload.ref, port, protocol, confidence: 0.8, evidence: definedBy('host-port', container.origin, place, text) }];
    }),
  );
}
