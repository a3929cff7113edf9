import type { NetworkPolicyObject } from '#compilers/kubernetes';
import { compareText, isJsonObject, type Json, type JsonObject } from '#model';

import { type AskCluster, type ClusterResponse, fieldsOf, refusalText, textOf } from './cluster-request.ts';
import { contentText, FIELD_MANAGER, foundPolicy, type FoundPolicy, OWNER, OWNER_LABEL } from './found-policy.ts';
import type { PolicyOutcome, PolicyReport } from './policy-report.ts';

export interface NetworkPolicyTargetOptions {
  readonly ask: AskCluster;
  /** False: nothing is ever written, and the report says what would be. */
  readonly mayWrite: boolean;
}

const PAGE = 500;
const MOST_PAGES = 1_000;
const AT_ONCE = 4;
const GROUP = '/apis/networking.k8s.io/v1';

/** What the server gave back for an object, and what we had asked for: as long as both stand, there is nothing to do. */
interface Applied {
  readonly text: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/**
 * Makes the NetworkPolicies of ours on an API server equal to a desired set, by server-side apply.
 *
 * ```
 *  list what carries our label ─► desired, not there or changed ─► apply (never forced)
 *                               └► ours by label AND field manager, not desired ─► delete that very object
 * ```
 *
 * An object of somebody else is never touched, whatever it is called: one that has a desired name
 * already is a conflict. Where somebody else changed a field of ours the server refuses, which is
 * reported and not forced. Whoever calls says when the desired set is known in full: an empty set
 * prunes everything of ours.
 */
export class NetworkPolicyTarget {
  readonly #options: NetworkPolicyTargetOptions;
  readonly #applied = new Map<string, Applied>();

  constructor(options: NetworkPolicyTargetOptions) {
    this.#options = options;
  }

  async reconcile(desired: readonly NetworkPolicyObject[]): Promise<PolicyReport> {
    const listing = await this.#list();
    if (typeof listing === 'string') return { outcomes: [], isRealised: false, why: listing };
    const wanted = new Map(desired.map((object) => [keyOf(object.metadata), object]));
    for (const key of this.#applied.keys()) if (!wanted.has(key)) this.#applied.delete(key);
    const steps = [
      ...[...wanted].map(([key, object]) => () => this.#apply(object, listing.get(key))),
      ...[...listing].filter(([key, found]) => !wanted.has(key) && found.isOurs).map(([, found]) => () => this.#prune(found)),
    ];
    const outcomes = (await someAtOnce(steps)).sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
    return { outcomes, isRealised: outcomes.every(({ kind }) => kind === 'applied' || kind === 'unchanged' || kind === 'pruned') };
  }

  async #apply(object: NetworkPolicyObject, found: FoundPolicy | undefined): Promise<PolicyOutcome> {
    const { namespace, name } = object.metadata;
    const place = { namespace, name };
    const key = keyOf(object.metadata);
    const text = JSON.stringify(object);
    const before = this.#applied.get(key);
    if (found?.isOurs === true && before !== undefined && before.text === text && before.uid === found.uid && before.resourceVersion === found.resourceVersion) return { kind: 'unchanged', ...place };
    // an apply that says the same would still be a write: a server notes an empty list anew each time
    if (found?.isOurs === true && found.content === contentText(object as unknown as JsonObject)) return { kind: 'unchanged', ...place };
    try {
      // what carries no label of ours is not in the list
      const held = found ?? (await this.#read(place));
      if (typeof held === 'string') return { kind: 'failed', ...place, why: held };
      if (held?.isOurs === false) return { kind: 'conflict', ...place, managers: held.otherManagers, why: 'an object of somebody else has this name; it is left alone' };
      if (!this.#options.mayWrite) return { kind: 'would-apply', ...place };
      return await this.#write(object, text, held);
    } catch (error) {
      return { kind: 'failed', ...place, why: messageOf(error) };
    }
  }

  async #write(object: NetworkPolicyObject, text: string, held: FoundPolicy | undefined): Promise<PolicyOutcome> {
    const { namespace, name } = object.metadata;
    const place = { namespace, name };
    const response = await this.#applyConfiguration(place, object as unknown as JsonObject);
    if (response.status === 409) return { kind: 'conflict', ...place, managers: conflictingManagers(response), why: refusalText(response) };
    if (response.status !== 200 && response.status !== 201) return { kind: 'failed', ...place, why: refusalText(response) };
    const result = foundPolicy(response.body);
    if (result === undefined) return { kind: 'failed', ...place, why: 'the API server answered with something that is no NetworkPolicy' };
    // between our look and our write somebody made it: take back what we added to theirs
    if (held === undefined && response.status === 200 && result.otherManagers.length > 0) {
      await this.#applyConfiguration(place, { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, namespace } });
      return { kind: 'conflict', ...place, managers: result.otherManagers, why: 'somebody made an object of this name just now; it is left alone' };
    }
    this.#applied.set(keyOf(place), { text, uid: result.uid, resourceVersion: result.resourceVersion });
    return { kind: 'applied', ...place };
  }

  async #prune(found: FoundPolicy): Promise<PolicyOutcome> {
    const { namespace, name, uid, resourceVersion } = found;
    const place = { namespace, name };
    if (!this.#options.mayWrite) return { kind: 'would-prune', ...place };
    try {
      const response = await this.#options.ask({ method: 'DELETE', path: pathOf(place), body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } } });
      if (response.status === 409) return { kind: 'conflict', ...place, managers: found.otherManagers, why: 'somebody changed it just now; it is looked at again' };
      if (response.status === 404 || (response.status >= 200 && response.status < 300)) return { kind: 'pruned', ...place };
      return { kind: 'failed', ...place, why: refusalText(response) };
    } catch (error) {
      return { kind: 'failed', ...place, why: messageOf(error) };
    }
  }

  async #read(place: { readonly namespace: string; readonly name: string }): Promise<FoundPolicy | undefined | string> {
    const response = await this.#options.ask({ method: 'GET', path: pathOf(place) });
    if (response.status === 404) return undefined;
    return response.status === 200 ? (foundPolicy(response.body) ?? 'the API server answered with something that is no NetworkPolicy') : refusalText(response);
  }

  #applyConfiguration(place: { readonly namespace: string; readonly name: string }, body: Json): ReturnType<AskCluster> {
    const path = `${pathOf(place)}?fieldManager=${FIELD_MANAGER}&force=false&fieldValidation=Strict`;
    return this.#options.ask({ method: 'PATCH', path, body, contentType: 'application/apply-patch+yaml' });
  }

  /** Everything with our label, by namespace and name; a text where the server does not tell. */
  async #list(): Promise<ReadonlyMap<string, FoundPolicy> | string> {
    const found = new Map<string, FoundPolicy>();
    let token = '';
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({ labelSelector: `${OWNER_LABEL}=${OWNER}`, limit: String(PAGE), ...(token === '' ? {} : { continue: token }) });
      const response = await this.#options.ask({ method: 'GET', path: `${GROUP}/networkpolicies?${query.toString()}` }).catch((error: unknown) => messageOf(error));
      if (typeof response === 'string') return response;
      // a list that took too long: what it named last is not there any more
      if (response.status === 410) return 'the list of NetworkPolicies changed too much while it was read; it is read again';
      if (response.status !== 200) return refusalText(response);
      const items = isJsonObject(response.body) && Array.isArray(response.body['items']) ? response.body['items'] : [];
      for (const item of items as readonly Json[]) {
        const policy = foundPolicy(item);
        if (policy !== undefined) found.set(keyOf(policy), policy);
      }
      token = textOf(fieldsOf(response.body, 'metadata'), 'continue');
      if (token === '') return found;
    }
    return 'the list of NetworkPolicies does not end';
  }
}

async function someAtOnce(steps: readonly (() => Promise<PolicyOutcome>)[]): Promise<PolicyOutcome[]> {
  const outcomes: PolicyOutcome[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let step = steps[next]; step !== undefined; step = steps[next]) {
      next += 1;
      outcomes.push(await step());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return outcomes;
}

/** Whom the server names in a refusal to apply (`details.causes[].message`: `conflict with "kubectl-edit" using …`). */
function conflictingManagers({ body }: ClusterResponse): readonly string[] {
  const causes = fieldsOf(body, 'details')['causes'];
  const messages = Array.isArray(causes) ? causes.filter(isJsonObject).map((cause) => textOf(cause, 'message')) : [];
  const named = messages.map((message) => /^conflict with "([^"]{1,200})"/.exec(message)?.[1]).filter((manager) => manager !== undefined);
  return [...new Set(named)].sort();
}

function pathOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${GROUP}/namespaces/${encodeURIComponent(namespace)}/networkpolicies/${encodeURIComponent(name)}`;
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
