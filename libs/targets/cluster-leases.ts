import { type Json, type JsonObject, isJsonObject } from '#model';

import { type AskCluster, type ClusterResponse, fieldsOf, refusalText, textOf } from './cluster-request.ts';

export interface ClusterLeasesOptions {
  readonly ask: AskCluster;
  /** Where the Lease objects are; the controller's own. */
  readonly namespace: string;
  /** A clock that never goes back, in milliseconds from anywhere. */
  readonly now: () => number;
  /** Milliseconds since 1970, for people who look at the object. */
  readonly wallNow: () => number;
  /** The fence that writes are held to already: a new holder's is above it, whatever became of the object. */
  readonly knownFence: () => Promise<number>;
}

/** A lease that is held, with a number that grows with every change of holder; or who has it. */
export type ClusterLeaseResult = { readonly kind: 'held'; readonly fence: number } | { readonly kind: 'taken'; readonly by: string; readonly forMs: number };

interface FoundLease {
  readonly object: JsonObject;
  readonly version: string;
  readonly holder: string;
  readonly fence: number;
  readonly durationMs: number;
}

const TRIES = 5;

/**
 * Leases as Lease objects of coordination.k8s.io, one replica of the controller holding each.
 *
 * As other programs do with theirs, the clock of whoever wrote it is not believed: a lease has run
 * out when nobody has touched it for as long as it says, by our own clock, counted from when we
 * first saw it so. Takeovers are made on the version that was looked at, so of two at once one fails.
 */
export class ClusterLeases {
  readonly #options: ClusterLeasesOptions;
  /** The last change of each, and when it was first seen. */
  readonly #seen = new Map<string, { readonly version: string; readonly at: number }>();
  /** Until when our own last, counted from before we asked. */
  readonly #own = new Map<string, number>();

  constructor(options: ClusterLeasesOptions) {
    this.#options = options;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<ClusterLeaseResult> {
    const { now, knownFence } = this.#options;
    for (let tried = 0; tried < TRIES; tried += 1) {
      const asked = now();
      const lease = await this.#find(name);
      const leftMs = lease === undefined ? 0 : this.#leftMs(name, lease);
      if (lease !== undefined && lease.holder !== holder && leftMs > 0) return { kind: 'taken', by: lease.holder, forMs: leftMs };
      const isOurs = lease?.holder === holder && asked < (this.#own.get(name) ?? 0);
      const fence = isOurs ? lease.fence : Math.max(lease?.fence ?? 0, await knownFence()) + 1;
      if (await this.#write(name, lease, { holder, fence, ttlMs, isNew: !isOurs, asked })) return { kind: 'held', fence };
    }
    throw new Error(`acquire lease ${this.#objectName(name)}: others wrote it ${String(TRIES)} times in between`);
  }

  /** False where the lease is no longer this holder's under this fence, or has run out by its own clock. */
  async renew(name: string, holder: string, fence: number, ttlMs: number): Promise<boolean> {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const asked = this.#options.now();
      if (asked >= (this.#own.get(name) ?? 0)) return false;
      const lease = await this.#find(name);
      if (lease?.holder !== holder || lease.fence !== fence) return false;
      if (await this.#write(name, lease, { holder, fence, ttlMs, isNew: false, asked })) return true;
    }
    return false;
  }

  async release(name: string, holder: string, fence: number): Promise<void> {
    this.#own.delete(name);
    const lease = await this.#find(name);
    if (lease?.holder !== holder || lease.fence !== fence) return;
    // somebody else's by now, where it fails
    await this.#write(name, lease, { holder: '', fence, ttlMs: 1_000, isNew: false, asked: 0 });
  }

  #leftMs(name: string, { version, holder, durationMs }: FoundLease): number {
    if (holder === '') return 0;
    const now = this.#options.now();
    const seen = this.#seen.get(name);
    if (seen?.version !== version) {
      this.#seen.set(name, { version, at: now });
      return durationMs;
    }
    return Math.max(0, seen.at + durationMs - now);
  }

  async #find(name: string): Promise<FoundLease | undefined> {
    const answer = await this.#options.ask({ method: 'GET', path: `${this.#path}/${this.#objectName(name)}` });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200 || !isJsonObject(answer.body)) throw this.#refused('read', name, answer);
    const spec = fieldsOf(answer.body, 'spec');
    return {
      object: answer.body,
      version: textOf(fieldsOf(answer.body, 'metadata'), 'resourceVersion'),
      holder: textOf(spec, 'holderIdentity'),
      fence: numberOf(spec, 'leaseTransitions'),
      durationMs: numberOf(spec, 'leaseDurationSeconds') * 1_000,
    };
  }

  /** False where somebody else wrote it since it was looked at. */
  async #write(name: string, found: FoundLease | undefined, lease: { readonly holder: string; readonly fence: number; readonly ttlMs: number; readonly isNew: boolean; readonly asked: number }): Promise<boolean> {
    const { holder, fence, ttlMs, isNew, asked } = lease;
    const time = microTime(this.#options.wallNow());
    const spec: Json = {
      ...(found === undefined ? {} : fieldsOf(found.object, 'spec')),
      holderIdentity: holder,
      leaseDurationSeconds: Math.ceil(ttlMs / 1_000),
      leaseTransitions: fence,
      renewTime: time,
      ...(isNew ? { acquireTime: time } : {}),
    };
    const object = this.#objectName(name);
    const head = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    const answer =
      found === undefined
        ? await this.#options.ask({ method: 'POST', path: this.#path, body: { ...head, metadata: { name: object, namespace: this.#options.namespace, labels: { 'app.kubernetes.io/managed-by': 'ringfence' } }, spec } })
        : await this.#options.ask({ method: 'PUT', path: `${this.#path}/${object}`, body: { ...head, metadata: fieldsOf(found.object, 'metadata'), spec } });
    if (answer.status === 409 || (found !== undefined && answer.status === 404)) return false;
    if (answer.status !== 200 && answer.status !== 201) throw this.#refused('write', name, answer);
    this.#seen.set(name, { version: textOf(fieldsOf(answer.body, 'metadata'), 'resourceVersion'), at: asked });
    if (holder !== '') this.#own.set(name, asked + ttlMs);
    return true;
  }

  get #path(): string {
    return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(this.#options.namespace)}/leases`;
  }

  #objectName(name: string): string {
    if (!/^[a-z0-9](?:[-a-z0-9]{0,50}[a-z0-9])?$/.test(name)) throw new Error(`use lease ${name}: that is no name for an object`);
    return `ringfence-${name}`;
  }

  #refused(doing: string, name: string, answer: ClusterResponse): Error {
    return new Error(`${doing} lease ${this.#options.namespace}/${this.#objectName(name)}: ${refusalText(answer)}`);
  }
}

function numberOf(fields: JsonObject, name: string): number {
  const value = fields[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

// The API server takes six digits and no others.
function microTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}
