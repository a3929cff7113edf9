import { isJsonObject, type Json, type JsonObject, type Manifest, type SourceUpdate } from '#model';

import { isOwnPolicy } from './own-policies.ts';

/** Kinds that say nothing about who may talk to whom once that is approved; secrets least of all. */
export const NOT_ENFORCED: ReadonlySet<string> = new Set([
  'ConfigMap',
  'Secret',
  'Endpoints',
  'EndpointSlice',
  'Event',
  'Lease',
  'Ingress',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'ServiceAccount',
  'ServiceMonitor',
  'PodMonitor',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'APIService',
]);

/** Bookkeeping that changes with every write and means nothing. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['resourceVersion', 'managedFields', 'generation', 'uid', 'selfLink', 'creationTimestamp']);

/** What of an object's status matters: where a pod is. Nothing of anybody else's. */
const PLACE: readonly string[] = ['phase', 'podIP', 'podIPs', 'hostIP', 'hostIPs', 'addresses', 'loadBalancer', 'startTime'];

/**
 * Lets through what can change what is enforced, and nothing else.
 *
 * A cluster rewrites its objects all the time: probes, replica counts, conditions. Most of it means
 * nothing here, and every object that is read again costs the pods that wait for their rules.
 */
export class EnforcedObjects {
  readonly #digest: (text: string) => string;
  readonly #ignored: ReadonlySet<string>;
  /** What each object said last, as a digest. */
  readonly #said = new Map<string, string>();

  /** `ignored`: kinds that change nothing for whoever asks. */
  constructor(digest: (text: string) => string, ignored: ReadonlySet<string> = NOT_ENFORCED) {
    this.#digest = digest;
    this.#ignored = ignored;
  }

  /** The update as the inventory should see it, or undefined where it changes nothing. */
  sift(update: SourceUpdate): SourceUpdate | undefined {
    const { value } = update;
    if (value?.kind === 'manifest' && this.#ignored.has(value.objectKind)) return undefined;
    const key = `${update.source}\n${update.key}`;
    const isGone = value === undefined || isOwnPolicy(update);
    const now = isGone ? undefined : value.kind === 'manifest' ? this.#digest(meaningOf(value)) : '';
    const before = this.#said.get(key);
    // an engine's containers and projects come as values of ours, and come only where they changed
    if (now === before && now !== '') return undefined;
    if (now === undefined) this.#said.delete(key);
    else this.#said.set(key, now);
    return isGone && value !== undefined ? { ...update, value: undefined } : update;
  }
}

function meaningOf({ apiVersion, objectKind, namespace, name, body }: Manifest): string {
  const { metadata, status, ...rest } = body;
  const kept = metadata !== undefined && isJsonObject(metadata) ? without(metadata, BOOKKEEPING) : metadata;
  const place = PLACE.map((field) => (status !== undefined && isJsonObject(status) && Object.hasOwn(status, field) ? status[field] : null));
  return JSON.stringify([apiVersion, objectKind, namespace, name, kept ?? null, place, rest]);
}

function without(object: JsonObject, left: ReadonlySet<string>): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !left.has(key)));
}
