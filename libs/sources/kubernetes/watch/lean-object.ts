import { isJsonObject, type Json, type JsonObject } from '#model';

type Trim = (value: JsonObject) => JsonObject;
type Trims = Readonly<Record<string, Trim>>;

// Copies and never deletes: an object that lost a property takes three times the memory in V8.

/** Nobody reads these of any object, and they are half of what a cluster holds. */
const trimMetadata = without(['managedFields', 'resourceVersion', 'generation', 'selfLink'], {
  annotations: without(['kubectl.kubernetes.io/last-applied-configuration', 'endpoints.kubernetes.io/last-change-trigger-time', 'deployment.kubernetes.io/revision']),
});
const trimContainer = without(['imagePullPolicy', 'resources', 'securityContext', 'terminationMessagePath', 'terminationMessagePolicy']);
const trimPodSpec = without(
  ['affinity', 'dnsConfig', 'dnsPolicy', 'enableServiceLinks', 'imagePullSecrets', 'nodeSelector', 'preemptionPolicy', 'priority', 'readinessGates', 'resources', 'schedulerName', 'schedulingGates', 'terminationGracePeriodSeconds', 'tolerations', 'topologySpreadConstraints'],
  { containers: trimContainer, initContainers: trimContainer, ephemeralContainers: trimContainer },
);
const withTemplate = without([], { template: without([], { metadata: trimMetadata, spec: trimPodSpec }) });

const trimAny = without([], { metadata: trimMetadata });
const trimWorkload = without(['status'], { metadata: trimMetadata, spec: withTemplate });

const BY_KIND: ReadonlyMap<string, Trim> = new Map<string, Trim>([
  ['/Pod', without([], { metadata: trimMetadata, spec: trimPodSpec, status: only(['phase', 'podIP', 'podIPs', 'hostIP', 'hostIPs', 'startTime', 'reason']) })],
  ['/Node', without([], { metadata: trimMetadata, status: only(['addresses']) })],
  ['/Service', without([], { metadata: trimMetadata, status: only(['loadBalancer']) })],
  ...['/ReplicationController', 'apps/Deployment', 'apps/StatefulSet', 'apps/DaemonSet', 'apps/ReplicaSet', 'batch/Job'].map((kind): [string, Trim] => [kind, trimWorkload]),
  ['batch/CronJob', without(['status'], { metadata: trimMetadata, spec: without([], { jobTemplate: without([], { metadata: trimMetadata, spec: withTemplate }) }) })],
  [
    'apiextensions.k8s.io/CustomResourceDefinition',
    without(['status'], { metadata: trimMetadata, spec: without(['preserveUnknownFields'], { versions: without(['schema', 'additionalPrinterColumns', 'subresources', 'selectableFields']) }) }),
  ],
  ['apiregistration.k8s.io/APIService', without(['status'], { metadata: trimMetadata, spec: without(['caBundle']) })],
  ...['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].map((kind): [string, Trim] => [
    `admissionregistration.k8s.io/${kind}`,
    without([], { metadata: trimMetadata, webhooks: without([], { clientConfig: without(['caBundle']) }) }),
  ]),
]);

/**
 * An object of the API server without what nobody here reads: bookkeeping of the server, and states
 * but addresses and phases. A pod shrinks to a third, and the heartbeat of a node is no change.
 */
export function leanObject(object: JsonObject, kind: string): JsonObject {
  return (BY_KIND.get(kind) ?? trimAny)(object);
}

/** Leaves out some fields; trims what is in others, where they are objects or lists of them. */
function without(fields: readonly string[], inside: Trims = {}): Trim {
  const left = new Set(fields);
  return (value) => {
    const result: Record<string, Json | undefined> = {};
    for (const key of Object.keys(value)) {
      // assigning to it would change what the object is
      if (left.has(key) || key === '__proto__') continue;
      const trim = Object.hasOwn(inside, key) ? inside[key] : undefined;
      result[key] = trim === undefined ? value[key] : trimmed(value[key], trim);
    }
    return result;
  };
}

function only(fields: readonly string[]): Trim {
  return (value) => Object.fromEntries(fields.filter((field) => value[field] !== undefined).map((field) => [field, value[field]]));
}

function trimmed(value: Json | undefined, trim: Trim): Json | undefined {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => (isJsonObject(item) ? trim(item) : item));
  return isJsonObject(value) ? trim(value) : value;
}
