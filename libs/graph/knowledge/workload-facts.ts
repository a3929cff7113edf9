import { type GraphPeer, graphPeerKey, type Relationship, type Service, type Snapshot, type UnresolvedMention, type Workload, type WorkloadKey, type WorkloadRef, workloadKey } from '#model';

import type { Discovery } from '../defined/discovery.ts';
import type { ServiceBackends } from '../service-backends.ts';
import { asksEngine, isRegistry, unproxied } from './acquaintance.ts';
import { hiddenSetting } from './hidden-settings.ts';
import { isLoneStore, storesByKind } from './lone-store.ts';
import { monitoring } from './monitoring.ts';

/** What the graph shows around one workload, as far as deciding what is known needs it. */
export interface WorkloadFacts {
  readonly workload: Workload;
  readonly services: readonly Service[];
  /** Whether anything says that it listens: a Service, a declared, probed or published port, a scrape annotation. */
  readonly serves: boolean;
  /** Whether it declares a port that is not named for metrics or health: others than the kubelet and a scraper call it. */
  readonly offersPort: boolean;
  /** Workloads that call it or that it calls on strong evidence, itself and scrapes left out. */
  readonly clients: readonly WorkloadRef[];
  readonly servers: readonly WorkloadRef[];
  /** Whether its own replicas are seen to call each other. */
  readonly callsItself: boolean;
  readonly hasWeakClient: boolean;
  readonly hasWeakServer: boolean;
  /** Called from outside its application: internet, ingress controller, gateway. */
  readonly isEntry: boolean;
  readonly isCalledByApiServer: boolean;
  readonly isScraped: boolean;
  /** A Service port nobody is seen to call, as `port 9115 of Service x`. */
  readonly uncalledPort?: string;
  readonly isApiClient: boolean;
  readonly hasOutsideServer: boolean;
  /** A server it waits for without being told its address, which it must know by itself. */
  readonly untoldServer?: WorkloadRef;
  /** Workloads it lists as not to be called through a proxy, and is not seen to call. */
  readonly unproxied: readonly WorkloadRef[];
  /** Registries it is a client of: what it finds there is in no manifest. */
  readonly registries: readonly WorkloadRef[];
  readonly asksEngine: boolean;
  /** It keeps data and does nothing else, in one replica, and nobody around runs the same product. */
  readonly isLoneStore: boolean;
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
  const isMonitored = monitoring(snapshot, backends);
  const registries = new Set([...snapshot.workloads.values()].filter(isRegistry).map(({ ref }) => workloadKey(ref)));
  const stores = storesByKind(snapshot);
  const byWorkload = new Map<WorkloadKey, WorkloadFacts>();
  for (const [key, workload] of snapshot.workloads) {
    const discovery = discoveries.get(key);
    const mention = unresolved.get(key);
    const isLone = isLoneStore(workload, stores);
    // the settings of who calls nobody hold no addresses
    const hidden = isLone ? undefined : hiddenSetting(workload, snapshot);
    const out = outwardFacts(key, outward.get(key) ?? [], isMonitored);
    const called = new Set(out.servers.map(workloadKey));
    byWorkload.set(key, {
      workload,
      ...inwardFacts(workload, inward.get(key) ?? [], backends, isMonitored),
      ...out,
      unproxied: unproxied(workload, snapshot, backends).filter((ref) => !called.has(workloadKey(ref))),
      registries: out.servers.filter((ref) => registries.has(workloadKey(ref))),
      asksEngine: asksEngine(workload),
      isLoneStore: isLone,
      ...(discovery === undefined ? {} : { discovery }),
      ...(mention === undefined ? {} : { unresolved: mention }),
      ...(hidden === undefined ? {} : { hiddenSetting: hidden }),
    });
  }
  return { snapshot, backends, byWorkload };
}

type Monitored = (relationship: Relationship) => boolean;

type InwardFacts = Pick<WorkloadFacts, 'services' | 'serves' | 'offersPort' | 'clients' | 'callsItself' | 'hasWeakClient' | 'isEntry' | 'isCalledByApiServer' | 'isScraped' | 'uncalledPort'>;

function inwardFacts(workload: Workload, inward: readonly Relationship[], backends: ServiceBackends, isMonitored: Monitored): InwardFacts {
  const key = workloadKey(workload.ref);
  const services = backends.servicesOf(workload);
  const strong = inward.filter((each) => each.tier === 'strong');
  const isScraped = strong.some(isMonitored);
  const listens = workload.containers.some(({ ports, probes }) => ports.length > 0 || probes.length > 0) || (workload.compose?.published ?? []).length > 0;
  return {
    services,
    // every Compose service has a name of its own, whether or not it listens
    serves: listens || isScraped || (workload.platform === 'kubernetes' && services.length > 0),
    offersPort: workload.containers.some(({ ports }) => ports.some(({ name = '' }) => !HOUSEKEEPING.test(name))),
    clients: workloadsOf(strong.filter((each) => !isMonitored(each)).map(({ from }) => from), key),
    callsItself: strong.some(({ from }) => typeof from !== 'string' && workloadKey(from) === key),
    hasWeakClient: inward.length > strong.length,
    isEntry: strong.some(({ from }) => from === 'internet' || from === 'ingress-controller' || from === 'gateway'),
    isCalledByApiServer: strong.some(({ from }) => from === 'kube-apiserver'),
    isScraped,
    ...uncalledPort(workload, strong, services, backends),
  };
}

const HOUSEKEEPING = /metric|prom|health|probe|ready|live|debug|pprof/i;

function uncalledPort(workload: Workload, strong: readonly Relationship[], services: readonly Service[], backends: ServiceBackends): Pick<WorkloadFacts, 'uncalledPort'> {
  const called = new Set(strong.map(({ port }) => port));
  for (const service of services) {
    const silent = backends.backendsOf(service).find((backend) => backend.workload === workload && !called.has(backend.port));
    if (silent !== undefined) return { uncalledPort: `port ${String(silent.servicePort.port)} of Service ${service.name}` };
  }
  return {};
}

type OutwardFacts = Pick<WorkloadFacts, 'servers' | 'hasWeakServer' | 'isApiClient' | 'hasOutsideServer' | 'untoldServer'>;

function outwardFacts(key: WorkloadKey, outward: readonly Relationship[], isMonitored: Monitored): OutwardFacts {
  const strong = outward.filter((each) => each.tier === 'strong');
  const calls = strong.filter((each) => !isMonitored(each));
  const told = new Set(calls.filter(isTold).map(({ to }) => graphPeerKey(to)));
  const [untold] = workloadsOf(calls.filter(({ to }) => !told.has(graphPeerKey(to))).map(({ to }) => to), key);
  return {
    servers: workloadsOf(calls.map(({ to }) => to), key),
    ...(untold === undefined ? {} : { untoldServer: untold }),
    // what is outside the cluster stays open anyhow
    hasWeakServer: outward.some(({ tier, to }) => tier === 'weak' && to !== 'internet'),
    isApiClient: strong.some(({ to }) => to === 'kube-apiserver'),
    hasOutsideServer: strong.some(({ to }) => to === 'internet'),
  };
}

// a start order, or a loop that waits for a port, says that there is a server, not how its client finds it
const ORDER_ONLY: ReadonlySet<string> = new Set(['compose-depends_on', 'init-container']);

function isTold({ evidence }: Relationship): boolean {
  return evidence.some(({ source }) => !ORDER_ONLY.has(source));
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

/**
 * The headless Service through which replicas may find each other, where nothing else says whether
 * they do. Members of a StatefulSet are taken to: the catalogue lets them.
 */
export function unseenPeers({ workload, services, callsItself }: WorkloadFacts): string | undefined {
  const { kind } = workload.ref;
  if (callsItself || kind === 'StatefulSet' || (workload.replicas < 2 && kind !== 'DaemonSet')) return undefined;
  const headless = services.find((service) => service.headless);
  return headless === undefined ? undefined : `its replicas may find each other through the headless Service ${headless.name}`;
}
