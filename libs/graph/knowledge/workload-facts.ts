import { type GraphPeer, type Relationship, type Service, type Snapshot, type UnresolvedMention, type Workload, type WorkloadKey, type WorkloadRef, workloadKey } from '#model';

import type { Discovery } from '../defined/discovery.ts';
import type { ServiceBackends } from '../service-backends.ts';
import { hiddenSetting } from './hidden-settings.ts';

/** What the graph shows around one workload, as far as deciding what is known needs it. */
export interface WorkloadFacts {
  readonly workload: Workload;
  readonly services: readonly Service[];
  /** Whether anything says that it listens: a Service, a declared or published port, a scrape annotation. */
  readonly serves: boolean;
  /** Workloads that call it or that it calls on strong evidence, itself and scrapes left out. */
  readonly clients: readonly WorkloadRef[];
  readonly servers: readonly WorkloadRef[];
  readonly hasWeakClient: boolean;
  readonly hasWeakServer: boolean;
  /** Called from outside its application: internet, ingress controller, gateway. */
  readonly isEntry: boolean;
  readonly isCalledByApiServer: boolean;
  readonly isScraped: boolean;
  /** Pod ports that some strong relationship leads to. */
  readonly calledPorts: ReadonlySet<number>;
  readonly isApiClient: boolean;
  readonly hasOutsideServer: boolean;
  readonly discovery?: Discovery;
  readonly unresolved?: UnresolvedMention;
  readonly hiddenSetting?: string;
}

export interface GraphFacts {
  readonly snapshot: Snapshot;
  readonly backends: ServiceBackends;
  readonly byWorkload: ReadonlyMap<WorkloadKey, WorkloadFacts>;
}

export interface FactsInput {
  readonly snapshot: Snapshot;
  readonly backends: ServiceBackends;
  readonly relationships: readonly Relationship[];
  readonly unresolved: readonly UnresolvedMention[];
  readonly discoveries: readonly Discovery[];
}

export function graphFacts(input: FactsInput): GraphFacts {
  const { snapshot, backends } = input;
  const inward = groupByEnd(input.relationships, ({ to }) => to);
  const outward = groupByEnd(input.relationships, ({ from }) => from);
  const discoveries = new Map(input.discoveries.map((each) => [workloadKey(each.workload.ref), each]));
  const unresolved = new Map(input.unresolved.toReversed().map((each) => [workloadKey(each.from), each]));
  const byWorkload = new Map<WorkloadKey, WorkloadFacts>();
  for (const [key, workload] of snapshot.workloads) {
    const discovery = discoveries.get(key);
    const mention = unresolved.get(key);
    const hidden = hiddenSetting(workload, snapshot);
    byWorkload.set(key, {
      workload,
      ...inwardFacts(workload, inward.get(key) ?? [], backends.servicesOf(workload)),
      ...outwardFacts(key, outward.get(key) ?? []),
      ...(discovery === undefined ? {} : { discovery }),
      ...(mention === undefined ? {} : { unresolved: mention }),
      ...(hidden === undefined ? {} : { hiddenSetting: hidden }),
    });
  }
  return { snapshot, backends, byWorkload };
}

type InwardFacts = Pick<WorkloadFacts, 'services' | 'serves' | 'clients' | 'hasWeakClient' | 'isEntry' | 'isCalledByApiServer' | 'isScraped' | 'calledPorts'>;

function inwardFacts(workload: Workload, inward: readonly Relationship[], services: readonly Service[]): InwardFacts {
  const key = workloadKey(workload.ref);
  const strong = inward.filter((each) => each.tier === 'strong');
  const isScraped = strong.some(isScrape);
  const declaresPort = workload.containers.some((container) => container.ports.length > 0) || (workload.compose?.published ?? []).length > 0;
  return {
    services,
    // every Compose service has a name of its own, whether or not it listens
    serves: declaresPort || isScraped || (workload.platform === 'kubernetes' && services.length > 0),
    clients: workloadsOf(strong.filter((each) => !isScrape(each)).map(({ from }) => from), key),
    hasWeakClient: inward.length > strong.length,
    isEntry: strong.some(({ from }) => from === 'internet' || from === 'ingress-controller' || from === 'gateway'),
    isCalledByApiServer: strong.some(({ from }) => from === 'kube-apiserver'),
    isScraped,
    calledPorts: new Set(strong.flatMap(({ port }) => port ?? [])),
  };
}

type OutwardFacts = Pick<WorkloadFacts, 'servers' | 'hasWeakServer' | 'isApiClient' | 'hasOutsideServer'>;

function outwardFacts(key: WorkloadKey, outward: readonly Relationship[]): OutwardFacts {
  const strong = outward.filter((each) => each.tier === 'strong');
  return {
    servers: workloadsOf(strong.filter((each) => !isScrape(each)).map(({ to }) => to), key),
    hasWeakServer: outward.length > strong.length,
    isApiClient: strong.some(({ to }) => to === 'kube-apiserver'),
    hasOutsideServer: strong.some(({ to }) => to === 'internet'),
  };
}

const SCRAPES: ReadonlySet<string> = new Set(['service-monitor', 'pod-monitor', 'scrape-annotation']);

/** Whether nothing but being monitored is behind a relationship: it says nothing about who else calls. */
export function isScrape({ from, evidence }: Relationship): boolean {
  return from === 'prometheus' || evidence.every(({ source }) => SCRAPES.has(source));
}

function workloadsOf(peers: readonly GraphPeer[], own: WorkloadKey): readonly WorkloadRef[] {
  const found = new Map<WorkloadKey, WorkloadRef>();
  for (const peer of peers) if (typeof peer !== 'string' && workloadKey(peer) !== own) found.set(workloadKey(peer), peer);
  return [...found.values()];
}

function groupByEnd(relationships: readonly Relationship[], endOf: (relationship: Relationship) => GraphPeer): ReadonlyMap<WorkloadKey, readonly Relationship[]> {
  const index = new Map<WorkloadKey, Relationship[]>();
  for (const relationship of relationships) {
    const end = endOf(relationship);
    if (typeof end === 'string') continue;
    const known = index.get(workloadKey(end));
    if (known === undefined) index.set(workloadKey(end), [relationship]);
    else known.push(relationship);
  }
  return index;
}
