import { type Pod, type PodPort, type Workload, type WorkloadKey, workloadKey } from '#model';

// IANA service names, as the API server wants them: at most 15 characters, a letter among them.
const PORT_NAME = /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?$/;

/**
 * Says which name all pods of these workloads give a port, so that a rule keeps holding when the
 * number changes with a rollout. Undefined unless every template and every pod at hand means
 * exactly that port by that name: containers that have ended do not count.
 */
export function portNamer(workloads: readonly Workload[], podsOf: ReadonlyMap<WorkloadKey, readonly Pod[]>): (protocol: string, port: number) => string | undefined {
  const templates = workloads.map((workload) => workload.containers.filter(({ role }) => role === 'main').flatMap(({ ports }) => ports));
  const sidecars = workloads.flatMap((workload) => workload.containers.filter(({ role }) => role === 'sidecar').flatMap(({ ports }) => ports));
  let pods: readonly (readonly PodPort[])[] | undefined;
  return (protocol, port) => {
    const name = templates[0]?.find((each) => each.protocol === protocol && each.port === port)?.name;
    if (name === undefined || !PORT_NAME.test(name) || sidecars.some((each) => each.name === name)) return undefined;
    pods ??= workloads.flatMap((workload) => podsOf.get(workloadKey(workload.ref)) ?? []).filter((pod) => pod.phase !== 'finished').map((pod) => pod.ports);
    return [...templates, ...pods].every((ports) => means(ports, name, protocol, port)) ? name : undefined;
  };
}

function means(ports: readonly PodPort[], name: string, protocol: string, port: number): boolean {
  const named = ports.filter((each) => each.name === name);
  return named.length === 1 && named[0]?.protocol === protocol && named[0].port === port;
}
