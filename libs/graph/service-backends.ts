import { type Protocol, type Service, type ServicePort, type ServiceTarget, type Snapshot, type Workload, workloadKey } from '#model';

import { WorkloadIndex } from './declared/workload-index.ts';

/** One port of a workload that a Service leads to. */
export interface Backend {
  readonly workload: Workload;
  readonly port: number;
  readonly protocol: Protocol;
  readonly servicePort: ServicePort;
}

/** Answers which workloads stand behind Services; built once per snapshot. */
export interface ServiceBackends {
  readonly workloadsOf: (service: Service) => readonly Workload[];
  /** The Services that lead to a workload, sorted by name. */
  readonly servicesOf: (workload: Workload) => readonly Service[];
  /** Pod ports behind a Service's ports; all its ports where none is given. */
  readonly backendsOf: (service: Service, port?: number | string) => readonly Backend[];
  /** The same for a reference; a Service that is not there has no backend. */
  readonly backendsOfTarget: (target: ServiceTarget) => readonly Backend[];
}

export function serviceBackends(snapshot: Snapshot): ServiceBackends {
  const index = new WorkloadIndex(snapshot);
  const workloadsOf = (service: Service): readonly Workload[] => index.behind(service);
  const services = new Map<string, Service[]>();
  for (const service of snapshot.services.values()) {
    for (const { ref } of workloadsOf(service)) {
      const known = services.get(workloadKey(ref));
      if (known === undefined) services.set(workloadKey(ref), [service]);
      else known.push(service);
    }
  }
  const backendsOf = (service: Service, port?: number | string): readonly Backend[] => {
    const ports = port === undefined ? service.ports : service.ports.filter((each) => each.port === port || each.name === port);
    return ports.flatMap((servicePort) => workloadsOf(service).flatMap((workload) => backend(workload, servicePort)));
  };
  return {
    workloadsOf,
    servicesOf: (workload) => services.get(workloadKey(workload.ref)) ?? [],
    backendsOf,
    backendsOfTarget: ({ namespace, service: name, port }) => {
      const service = snapshot.services.get(`${namespace}/${name}`);
      return service === undefined ? [] : backendsOf(service, port);
    },
  };
}

/** The number a port reference stands for on one workload; undefined where its pods name no such port. */
export function podPort(workload: Workload, port: number | string, protocol: Protocol): number | undefined {
  if (typeof port === 'number') return port;
  for (const container of workload.containers) {
    for (const each of container.ports) if (each.name === port && each.protocol === protocol) return each.port;
  }
  return undefined;
}

const POD_TEMPLATE_KINDS: ReadonlySet<string> = new Set(['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job', 'CronJob']);

function backend(workload: Workload, servicePort: ServicePort): readonly Backend[] {
  const { targetPort, protocol } = servicePort;
  // the containers an operator will make are not in the input, and most keep the Service's number
  const made = POD_TEMPLATE_KINDS.has(workload.ref.kind) ? undefined : servicePort.port;
  const port = podPort(workload, targetPort, protocol) ?? made;
  return port === undefined ? [] : [{ workload, port, protocol, servicePort }];
}
