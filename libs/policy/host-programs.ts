import { type Address, type Connection, isHostProgram, type Pod, type Snapshot, workloadKey } from '#model';

import { NO_PORTS, type PortSet, portSet, subtractPorts, unitePorts } from './port-set.ts';

/** Finds the program of a plain host that waits at an address and port, as whoever calls it does. */
export class HostPrograms {
  readonly #snapshot: Snapshot;
  #byPlace: ReadonlyMap<string, Pod> | undefined;
  readonly #beside = new Map<Pod, PortSet>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Undefined where nobody is known to wait; of several the first by name. */
  at(address: Address, { protocol, port }: Pick<Connection, 'protocol' | 'port'>): Pod | undefined {
    this.#byPlace ??= byPlace(this.#snapshot);
    return this.#byPlace.get(`${address.text} ${String(port)}/${protocol}`);
  }

  /** What only other programs of its host wait on. */
  portsBeside(pod: Pod): PortSet {
    const known = this.#beside.get(pod) ?? portsBeside(pod, this.#snapshot);
    this.#beside.set(pod, known);
    return known;
  }
}

function byPlace({ pods }: Snapshot): ReadonlyMap<string, Pod> {
  const places = new Map<string, Pod>();
  for (const pod of pods.values()) {
    if (!isHostProgram(pod.workload) || pod.phase === 'finished') continue;
    for (const { text } of pod.addresses) {
      for (const { protocol, port } of pod.ports) {
        const place = `${text} ${String(port)}/${protocol}`;
        if (!places.has(place)) places.set(place, pod);
      }
    }
  }
  return places;
}

function portsBeside({ node, workload }: Pod, { pods }: Snapshot): PortSet {
  let [own, others] = [NO_PORTS, NO_PORTS];
  for (const pod of pods.values()) {
    if (pod.node !== node || !isHostProgram(pod.workload)) continue;
    const ports = portSet(pod.ports.map(({ protocol, port }) => ({ protocol, from: port, to: port })));
    if (workloadKey(pod.workload) === workloadKey(workload)) own = unitePorts(own, ports);
    else others = unitePorts(others, ports);
  }
  return subtractPorts(others, own);
}
