import { type GraphPeer, isPortNumber, labelOf, type Labels, type Origin, type Protocol, type Snapshot, type Workload, workloadKey } from '#model';

import type { ServiceBackends } from '../service-backends.ts';
import { type DefinedFlow, definedBy } from './defined-flow.ts';
import type { Discovery } from './discovery.ts';

const PREFIX = 'prometheus.io/';

/** `prometheus.io/scrape` on pods and Services: whoever scrapes by annotation calls them, in the input or outside it. */
export function scrapeAnnotations(snapshot: Snapshot, backends: ServiceBackends, discoveries: readonly Discovery[]): readonly DefinedFlow[] {
  const own = discoveries.filter(({ followsAnnotations }) => followsAnnotations).map(({ workload }) => workload.ref);
  const clients: readonly GraphPeer[] = own.length > 0 ? own : ['prometheus'];
  const targets = [...targetsOfPods(snapshot), ...targetsOfServices(snapshot, backends)];
  return targets.flatMap((target) => clients.filter((client) => !isItself(client, target.workload)).map((client) => flowTo(client, target)));
}

interface AnnotatedTarget {
  readonly workload: Workload;
  readonly port: number;
  readonly protocol: Protocol;
  readonly origin: Origin;
  readonly place: string;
}

function isItself(client: GraphPeer, { ref, replicas }: Workload): boolean {
  return typeof client !== 'string' && workloadKey(client) === workloadKey(ref) && replicas < 2;
}

function flowTo(client: GraphPeer, { workload, port, protocol, origin, place }: AnnotatedTarget): DefinedFlow {
  const text = `${place} asks to be scraped on port ${String(port)}`;
  return { from: client, to: workload.ref, port, protocol, application: 'http', confidence: 0.85, evidence: definedBy('scrape-annotation', origin, `${place} ${PREFIX}scrape`, text) };
}

function* targetsOfPods(snapshot: Snapshot): Generator<AnnotatedTarget> {
  for (const workload of snapshot.workloads.values()) {
    if (!asksToBeScraped(workload.podAnnotations)) continue;
    const place = `${workload.ref.kind} ${workload.ref.namespace}/${workload.ref.name}`;
    const declared = workload.containers.filter(({ role }) => role !== 'init').flatMap(({ ports }) => ports.filter(({ protocol }) => protocol === 'TCP').map(({ port }) => port));
    for (const port of portsAsked(workload.podAnnotations) ?? new Set(declared)) yield { workload, port, protocol: 'TCP', origin: workload.origin, place };
  }
}

function* targetsOfServices(snapshot: Snapshot, backends: ServiceBackends): Generator<AnnotatedTarget> {
  for (const service of snapshot.services.values()) {
    if (!asksToBeScraped(service.annotations)) continue;
    const place = `Service ${service.namespace}/${service.name}`;
    const [asked] = portsAsked(service.annotations) ?? [];
    if (asked === undefined) {
      for (const { workload, port, protocol } of backends.backendsOf(service)) if (protocol === 'TCP') yield { workload, port, protocol, origin: service.origin, place };
      continue;
    }
    // the annotation's number replaces the port of the pod's address, whatever the Service maps
    for (const workload of backends.workloadsOf(service)) yield { workload, port: asked, protocol: 'TCP', origin: service.origin, place };
  }
}

function asksToBeScraped(annotations: Labels): boolean {
  return labelOf(annotations, `${PREFIX}scrape`)?.trim().toLowerCase() === 'true';
}

function portsAsked(annotations: Labels): ReadonlySet<number> | undefined {
  const port = Number(labelOf(annotations, `${PREFIX}port`) ?? Number.NaN);
  return isPortNumber(port) ? new Set([port]) : undefined;
}
