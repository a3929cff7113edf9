import type { NetworkPolicyObject } from '#compilers/kubernetes';
import { compareText, isJsonObject, type Json, type JsonObject, type PolicyOutcome, type PolicyReport, type Refuser } from '#model';

import { type AskCluster, type ClusterResponse, fieldsOf, plainLine, refusalText, refuserOf, textOf } from './cluster-request.ts';
import { changedParts, contentText, FIELD_MANAGER, foundPolicy, type FoundPolicy, OWNER, OWNER_LABEL } from './found-policy.ts';

export interface NetworkPolicyTargetOptions {
  readonly ask: AskCluster;
  /** False: nothing is ever written, and the report says what would be. */
  readonly mayWrite: boolean;
}

const PAGE = 500;
const MOST_PAGES = 1_000;
const AT_ONCE = 4;
/** A person reads so many names. */
const MOST_NAMED = 20;
const GROUP = '/apis/networking.k8s.io/v1';

/** How an object was seen last when it was as we ask for it in `text`: as long as both stand, there is nothing to do. */
interface Held {
  readonly text: string;
  readonly found: FoundPolicy;
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
 * reported and not forced. What is as wanted and later is not was changed by somebody, which is told
 * beside what became of it. Whoever calls says when the desired set is known in full: an empty set
 * prunes everything of ours.
 */
export class NetworkPolicyTarget {
  readonly #options: NetworkPolicyTargetOptions;
  readonly #held = new Map<string, Held>();

  constructor(options: NetworkPolicyTargetOptions) {
    this.#options = options;
  }

  reconcile(desired: readonly NetworkPolicyObject[]): Promise<PolicyReport> {
    return this.#round(desired, this.#options.mayWrite);
  }

  /** Says what would be done, with nothing but reads. */
  look(desired: readonly NetworkPolicyObject[]): Promise<PolicyReport> {
    return this.#round(desired, false);
  }

  async #round(desired: readonly NetworkPolicyObject[], mayWrite: boolean): Promise<PolicyReport> {
    const listing = await this.#list();
    if (!(listing instanceof Map)) return { outcomes: [], isRealised: false, ...listing };
    const wanted = new Map(desired.map((object) => [keyOf(object.metadata), object]));
    for (const key of this.#held.keys()) if (!wanted.has(key)) this.#held.delete(key);
    const steps = [
      ...[...wanted].map(([key, object]) => () => this.#apply(object, listing.get(key), mayWrite)),
      ...[...listing].filter(([key, found]) => !wanted.has(key) && found.isOurs).map(([, found]) => () => this.#prune(found, mayWrite)),
    ];
    const outcomes = (await someAtOnce(steps)).sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name));
    return { outcomes, isRealised: outcomes.every(({ kind }) => kind === 'applied' || kind === 'unchanged' || kind === 'pruned') };
  }

  async #apply(object: NetworkPolicyObject, listed: FoundPolicy | undefined, mayWrite: boolean): Promise<PolicyOutcome> {
    const { namespace, name } = object.metadata;
    const key = keyOf(object.metadata);
    const text = JSON.stringify(object);
    const last = this.#held.get(key);
    const before = last?.text === text ? last.found : undefined;
    const isSame = before !== undefined && before.uid === listed?.uid && before.resourceVersion === listed.resourceVersion;
    // an apply that says the same would still be a write: a server notes an empty list anew each time
    if (listed?.isOurs === true && (isSame || listed.content === contentText(object as unknown as JsonObject))) {
      this.#held.set(key, { text, found: listed });
      return { kind: 'unchanged', namespace, name };
    }
    let place: { readonly namespace: string; readonly name: string; readonly drift?: string } = { namespace, name };
    try {
      // what carries no label of ours is not in the list
      const held = listed ?? (await this.#read(place));
      if (isRefusal(held)) return { kind: 'refused', ...place, ...held };
      const drift = before === undefined ? undefined : driftOf(before, held);
      if (drift !== undefined) place = { ...place, drift };
      if (held?.isOurs === false) return { kind: 'conflict', ...place, managers: held.otherManagers, fields: [], why: held.wasOurs ? 'somebody took our label off it; it is left alone' : 'an object of somebody else has this name; it is left alone' };
      if (!mayWrite) return { kind: 'would-apply', ...place };
      return await this.#write(object, text, held, place);
    } catch (error) {
      return { kind: 'failed', ...place, why: messageOf(error) };
    }
  }

  async #write(object: NetworkPolicyObject, text: string, held: FoundPolicy | undefined, place: { readonly namespace: string; readonly name: string; readonly drift?: string }): Promise<PolicyOutcome> {
    const { namespace, name } = place;
    const response = await this.#applyConfiguration(place, object as unknown as JsonObject);
    if (response.status === 409) return { kind: 'conflict', ...place, ...conflictIn(response), why: refusalText(response) };
    if (response.status !== 200 && response.status !== 201) return { kind: 'refused', ...place, by: refuserOf(response), why: refusalText(response) };
    const result = foundPolicy(response.body);
    if (result === undefined) return { kind: 'failed', ...place, why: 'the API server answered with something that is no NetworkPolicy' };
    // between our look and our write somebody made it: take back what we added to theirs
    if (held === undefined && response.status === 200 && result.otherManagers.length > 0) {
      await this.#applyConfiguration(place, { apiVersion: object.apiVersion, kind: object.kind, metadata: { name, namespace } });
      return { kind: 'conflict', ...place, managers: result.otherManagers, fields: [], why: 'somebody made an object of this name just now; it is left alone' };
    }
    this.#held.set(keyOf(place), { text, found: result });
    // what somebody added beside ours is theirs, and stays
    return result.content === held?.content ? { kind: 'unchanged', namespace, name } : { kind: 'applied', ...place };
  }

  async #prune(found: FoundPolicy, mayWrite: boolean): Promise<PolicyOutcome> {
    const { namespace, name, uid, resourceVersion } = found;
    const place = { namespace, name };
    if (!mayWrite) return { kind: 'would-prune', ...place };
    try {
      const response = await this.#options.ask({ method: 'DELETE', path: pathOf(place), body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } } });
      if (response.status === 409) return { kind: 'conflict', ...place, managers: found.otherManagers, fields: [], why: 'somebody changed it just now; it is looked at again' };
      if (response.status === 404 || (response.status >= 200 && response.status < 300)) return { kind: 'pruned', ...place };
      return { kind: 'refused', ...place, by: refuserOf(response), why: refusalText(response) };
    } catch (error) {
      return { kind: 'failed', ...place, why: messageOf(error) };
    }
  }

  async #read(place: { readonly namespace: string; readonly name: string }): Promise<FoundPolicy | Refusal | undefined> {
    const response = await this.#options.ask({ method: 'GET', path: pathOf(place) });
    if (response.status === 404) return undefined;
    if (response.status !== 200) return { by: refuserOf(response), why: refusalText(response) };
    return foundPolicy(response.body) ?? { by: 'server', why: 'the API server answered with something that is no NetworkPolicy' };
  }

  #applyConfiguration(place: { readonly namespace: string; readonly name: string }, body: Json): ReturnType<AskCluster> {
    const path = `${pathOf(place)}?fieldManager=${FIELD_MANAGER}&force=false&fieldValidation=Strict`;
    return this.#options.ask({ method: 'PATCH', path, body, contentType: 'application/apply-patch+yaml' });
  }

  /** Everything with our label, by namespace and name; or why the server does not tell. */
  async #list(): Promise<Map<string, FoundPolicy> | Pick<PolicyReport, 'why' | 'refusedBy'>> {
    const found = new Map<string, FoundPolicy>();
    let token = '';
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({ labelSelector: `${OWNER_LABEL}=${OWNER}`, limit: String(PAGE), ...(token === '' ? {} : { continue: token }) });
      const response = await this.#options.ask({ method: 'GET', path: `${GROUP}/networkpolicies?${query.toString()}` }).catch((error: unknown) => messageOf(error));
      if (typeof response === 'string') return { why: response };
      // a list that took too long: what it named last is not there any more
      if (response.status === 410) return { why: 'the list of NetworkPolicies changed too much while it was read; it is read again' };
      if (response.status !== 200) return { why: refusalText(response), refusedBy: refuserOf(response) };
      const items = isJsonObject(response.body) && Array.isArray(response.body['items']) ? response.body['items'] : [];
      for (const item of items as readonly Json[]) {
        const policy = foundPolicy(item);
        if (policy !== undefined) found.set(keyOf(policy), policy);
      }
      token = textOf(fieldsOf(response.body, 'metadata'), 'continue');
      if (token === '') return found;
    }
    return { why: 'the list of NetworkPolicies does not end' };
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

interface Refusal {
  readonly by: Refuser;
  readonly why: string;
}

function isRefusal(held: FoundPolicy | Refusal | undefined): held is Refusal {
  return held !== undefined && 'by' in held;
}

/** What somebody did to an object that was as wanted; undefined where nothing of it is different. */
function driftOf(before: FoundPolicy, held: FoundPolicy | undefined): string | undefined {
  if (held === undefined) return 'somebody removed it';
  const parts = changedParts(before, held);
  const others = held.otherManagers.slice(0, MOST_NAMED).join(', ');
  return parts.length === 0 ? undefined : plainLine(`${others === '' ? 'somebody' : others} changed its ${parts.join(', ')}`);
}

/** Whom and what the server names in a refusal to apply (`details.causes[]`: `conflict with "kubectl-edit" using …`, `.spec.egress`). */
function conflictIn({ body }: ClusterResponse): { readonly managers: readonly string[]; readonly fields: readonly string[] } {
  const given = fieldsOf(body, 'details')['causes'];
  const causes = Array.isArray(given) ? given.filter(isJsonObject) : [];
  const managers = causes.map((cause) => /^conflict with "([^"]{1,200})"/.exec(textOf(cause, 'message'))?.[1]).filter((manager) => manager !== undefined);
  const fields = causes.map((cause) => textOf(cause, 'field')).filter((field) => field !== '');
  return { managers: distinct(managers), fields: distinct(fields) };
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.map(plainLine))].sort().slice(0, MOST_NAMED);
}

function pathOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${GROUP}/namespaces/${encodeURIComponent(namespace)}/networkpolicies/${encodeURIComponent(name)}`;
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return plainLine(String(error));
  const { cause } = error;
  return plainLine(cause instanceof Error ? `${error.message}: ${cause.message}` : error.message);
}
