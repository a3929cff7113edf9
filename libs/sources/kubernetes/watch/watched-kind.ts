/** A kind of object as an API server serves it. */
export interface WatchedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural of paths: `networkpolicies`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
  readonly need: KindNeed;
}

/**
 * Whether nothing may be decided without this kind: `always`; unless the cluster has not got it, or
 * nobody lets us read it (`where allowed`); or never (`never`), as for custom resources nobody knows.
 */
export type KindNeed = 'always' | 'where allowed' | 'never';

/** What the inventory has a reader for, by `group/Kind`, and how much it is needed. */
const KNOWN: ReadonlyMap<string, KindNeed> = new Map<string, KindNeed>([
  // without these no address can be told to be anybody's
  ...['/Namespace', '/Node', '/Pod'].map((name): [string, KindNeed] => [name, 'always']),
  ...[
    '/ReplicationController',
    '/Service',
    '/ConfigMap',
    '/Secret',
    '/ServiceAccount',
    'apps/Deployment',
    'apps/StatefulSet',
    'apps/DaemonSet',
    'apps/ReplicaSet',
    'batch/Job',
    'batch/CronJob',
    'discovery.k8s.io/EndpointSlice',
    'rbac.authorization.k8s.io/Role',
    'rbac.authorization.k8s.io/ClusterRole',
    'rbac.authorization.k8s.io/RoleBinding',
    'rbac.authorization.k8s.io/ClusterRoleBinding',
    'networking.k8s.io/Ingress',
    'networking.k8s.io/NetworkPolicy',
    'policy.networking.k8s.io/AdminNetworkPolicy',
    'policy.networking.k8s.io/BaselineAdminNetworkPolicy',
    'policy.networking.k8s.io/ClusterNetworkPolicy',
    'gateway.networking.k8s.io/HTTPRoute',
    'gateway.networking.k8s.io/GRPCRoute',
    'gateway.networking.k8s.io/TLSRoute',
    'gateway.networking.k8s.io/TCPRoute',
    'gateway.networking.k8s.io/UDPRoute',
    'monitoring.coreos.com/ServiceMonitor',
    'monitoring.coreos.com/PodMonitor',
    'monitoring.coreos.com/Prometheus',
    'monitoring.coreos.com/PrometheusAgent',
    'monitoring.coreos.com/Alertmanager',
    'monitoring.coreos.com/ThanosRuler',
    'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
    'admissionregistration.k8s.io/MutatingWebhookConfiguration',
    'apiregistration.k8s.io/APIService',
    'apiextensions.k8s.io/CustomResourceDefinition',
  ].map((name): [string, KindNeed] => [name, 'where allowed']),
]);

/** Of older servers: what they say is in EndpointSlices too where those are served. */
const ENDPOINTS = '/Endpoints';
const ENDPOINT_SLICE = 'discovery.k8s.io/EndpointSlice';

export const DEFINITIONS = 'apiextensions.k8s.io/CustomResourceDefinition';
export const API_SERVICES = 'apiregistration.k8s.io/APIService';

export function kindName({ group, kind }: Pick<WatchedKind, 'group' | 'kind'>): string {
  return `${group}/${kind}`;
}

/** How a person is told of a kind: `Pod`, `Deployment.apps`. */
export function kindTitle(name: string): string {
  const slash = name.indexOf('/');
  return slash <= 0 ? name.slice(slash + 1) : `${name.slice(slash + 1)}.${name.slice(0, slash)}`;
}

/** Kinds that are to be told of even where the server has not got them. */
export function knownKinds(): readonly string[] {
  return [...KNOWN.keys()];
}

export function needOf(name: string): KindNeed {
  return KNOWN.get(name) ?? 'never';
}

/**
 * Which of the kinds a server serves are watched: those the inventory reads, and, where asked for,
 * those of CustomResourceDefinitions, which it keeps for the addresses in them.
 */
export function chooseKinds(served: readonly WatchedKind[], isDefined: (name: string) => boolean): readonly WatchedKind[] {
  const hasSlices = served.some((each) => kindName(each) === ENDPOINT_SLICE);
  const chosen = new Map<string, WatchedKind>();
  for (const each of served) {
    const name = kindName(each);
    // the version the server prefers comes first
    if (chosen.has(name)) continue;
    if (KNOWN.has(name) || (name === ENDPOINTS && !hasSlices) || isDefined(name)) chosen.set(name, { ...each, need: needOf(name) });
  }
  return [...chosen.values()];
}

export function listPath({ group, version, resource }: WatchedKind): string {
  return group === '' ? `/api/${version}/${resource}` : `/apis/${group}/${version}/${resource}`;
}
