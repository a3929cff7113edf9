import { type Service, type WorkloadKey, workloadKey } from '#model';

import type { GraphFacts, WorkloadFacts } from './workload-facts.ts';

/**
 * How explicit one namespace (or Compose project) is: what in it proves that somebody holds an
 * address the input does not show. Each is a sentence; undefined means no such sign.
 */
export interface Scope {
  /** A server nobody is seen to call, so some client's address of it is hidden: no egress is known here. */
  readonly hiddenServer?: string;
  /** A workload that must be talking to somebody unseen: any server here may be that somebody. */
  readonly hiddenClient?: string;
}

export function scopesOf(facts: GraphFacts): ReadonlyMap<string, Scope> {
  const members = Map.groupBy(facts.byWorkload.values(), ({ workload }) => workload.ref.namespace);
  const empty = emptyServices(facts);
  const scopes = new Map<string, Scope>();
  for (const [namespace, inside] of members) {
    const hiddenServer = empty.get(namespace) ?? unseenLeaf(inside) ?? unseenRoot(inside);
    const hiddenClient = unseenClient(inside);
    scopes.set(namespace, { ...(hiddenServer === undefined ? {} : { hiddenServer }), ...(hiddenClient === undefined ? {} : { hiddenClient }) });
  }
  return scopes;
}

/** A selector that matches no pod of the input waits for pods somebody makes at run time. */
function emptyServices({ snapshot, backends }: GraphFacts): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const service of snapshot.services.values()) {
    if (found.has(service.namespace) || !waitsForPods(service) || backends.workloadsOf(service).length > 0) continue;
    found.set(service.namespace, `Service ${service.name} leads to pods that are not in the input`);
  }
  return found;
}

function waitsForPods(service: Service): boolean {
  return service.selector !== undefined && service.type !== 'Compose';
}

function unseenLeaf(inside: readonly WorkloadFacts[]): string | undefined {
  const leaf = inside.find((each) => isUnseen(each) && each.servers.length === 0);
  return leaf === undefined ? undefined : `nobody is seen to call ${nameOf(leaf)}, so some client's address of it is hidden`;
}

/**
 * A server that calls others and is called by nobody is where people come in, if it is the only
 * one and there is no other way in; else somebody inside calls it.
 */
function unseenRoot(inside: readonly WorkloadFacts[]): string | undefined {
  const roots = inside.filter((each) => isUnseen(each) && each.servers.length > 0);
  const [root] = roots;
  if (root === undefined || (roots.length === 1 && !inside.some(({ isEntry }) => isEntry))) return undefined;
  return `nobody is seen to call ${nameOf(root)}, though the ways in are known`;
}

/** A server without any client that explains why it is there. */
function isUnseen(facts: WorkloadFacts): boolean {
  const { workload, clients, services, isEntry, isCalledByApiServer, isScraped, isApiClient } = facts;
  if (workload.hostNetwork || clients.length > 0 || isEntry || isCalledByApiServer) return false;
  // a controller's only Service is for its metrics
  if (isScraped && isApiClient) return false;
  if (workload.platform === 'kubernetes') return services.length > 0;
  return facts.serves || !isBusy(facts);
}

function unseenClient(inside: readonly WorkloadFacts[]): string | undefined {
  for (const each of inside) {
    if (each.hiddenSetting !== undefined) return `${nameOf(each)}: ${each.hiddenSetting}`;
    const { workload, serves } = each;
    const isNodeAgent = workload.hostNetwork || workload.ref.kind === 'DaemonSet';
    if (!serves && !isNodeAgent && !isBusy(each)) return `${nameOf(each)} serves nothing and is not seen to call anybody, so its peers are hidden`;
  }
  return undefined;
}

function isBusy({ servers, isApiClient, hasOutsideServer, unresolved }: WorkloadFacts): boolean {
  return servers.length > 0 || isApiClient || hasOutsideServer || unresolved !== undefined;
}

function nameOf({ workload }: WorkloadFacts): string {
  return `${workload.ref.kind} ${workload.ref.name}`;
}

/** The scopes a workload and its peers are in, its own first. */
export function scopesAround({ workload }: WorkloadFacts, peers: readonly { readonly namespace: string }[], scopes: ReadonlyMap<string, Scope>): readonly Scope[] {
  const namespaces = new Set([workload.ref.namespace, ...peers.map(({ namespace }) => namespace)]);
  return [...namespaces].flatMap((namespace) => scopes.get(namespace) ?? []);
}

export function factsKey({ workload }: WorkloadFacts): WorkloadKey {
  return workloadKey(workload.ref);
}
