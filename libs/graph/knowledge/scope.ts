import { formatOrigin, type Service, type WorkloadKey, type WorkloadRef, workloadKey } from '#model';

import { canReach } from '../declared/compose-facts.ts';
import { answersOnly } from './lone-store.ts';
import type { GraphFacts, WorkloadFacts } from './workload-facts.ts';

/** A workload that must be calling somebody unseen. */
export interface HiddenClient {
  readonly facts: WorkloadFacts;
  readonly why: string;
  /** Where it is only not told the address of what it waits for: everything it waits for, directly or not. */
  readonly waitsFor?: ReadonlySet<WorkloadKey>;
  /** Where it can only be calling these. */
  readonly among?: ReadonlySet<WorkloadKey>;
}

/**
 * How explicit one namespace (or Compose project) is: what in it proves that somebody holds an
 * address the input does not show.
 */
export interface Scope {
  /** A server nobody is seen to call, so some client's address of it is hidden; a sentence. */
  readonly hiddenServer?: string;
  readonly hiddenClients: readonly HiddenClient[];
}

export function scopesOf(facts: GraphFacts): ReadonlyMap<string, Scope> {
  const members = Map.groupBy(facts.byWorkload.values(), ({ workload }) => workload.ref.namespace);
  const empty = emptyServices(facts);
  const unread = unreadInput(facts);
  const clientsOfRegistries = registered(facts);
  const scopes = new Map<string, Scope>();
  for (const [namespace, inside] of members) {
    const hiddenServer = unread ?? empty.get(namespace) ?? (isNearlyExplicit(inside) ? undefined : (unseenLeaf(inside) ?? unseenRoot(inside)));
    scopes.set(namespace, { ...(hiddenServer === undefined ? {} : { hiddenServer }), hiddenClients: inside.flatMap((each) => [...hiddenClient(each, facts), ...acquaintances(each, clientsOfRegistries)]) });
  }
  return scopes;
}

/** Errors that hide no workload: the object is no workload, or was read all the same. */
const HARMLESS_ERRORS: ReadonlySet<string> = new Set(['policy-invalid', 'duplicate-key']);

/** What could not be read may be a client of anybody, in a namespace nobody knows. */
function unreadInput({ snapshot }: GraphFacts): string | undefined {
  const error = snapshot.diagnostics.find(({ severity, code }) => severity === 'error' && !HARMLESS_ERRORS.has(code));
  if (error === undefined) return undefined;
  const place = error.origin === undefined ? error.subject : formatOrigin(error.origin);
  return `part of the input could not be read (${place}), and whom that calls is not known`;
}

/** The scopes a workload and its peers are in, its own first. */
export function scopesAround({ workload }: WorkloadFacts, peers: readonly WorkloadRef[], scopes: ReadonlyMap<string, Scope>): readonly Scope[] {
  const namespaces = new Set([workload.ref.namespace, ...peers.map(({ namespace }) => namespace)]);
  return [...namespaces].flatMap((namespace) => scopes.get(namespace) ?? []);
}

/** Whether a hidden client could be calling this server, besides what it is seen to do. */
export function mayCall(client: HiddenClient, server: WorkloadFacts): boolean {
  const key = workloadKey(server.workload.ref);
  if (client.facts.workload === server.workload || client.facts.servers.some((seen) => workloadKey(seen) === key)) return false;
  if (!canReach(client.facts.workload, server.workload)) return false;
  if (client.among !== undefined) return client.among.has(key);
  // who lists what to wait for lists the stores it uses, and leaves out the services it only calls
  const isStore = server.servers.length === 0 && (server.workload.platform === 'compose' || !server.isEntry);
  return client.waitsFor === undefined || !isStore || client.waitsFor.has(key);
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

/**
 * Where nearly every server has a known client, addresses are written down as a habit, and a
 * straggler says more about itself (its own ingress stays open) than about the others.
 */
const SERVERS_TO_ONE_UNSEEN = 12;

function isNearlyExplicit(inside: readonly WorkloadFacts[]): boolean {
  const servers = inside.filter(({ serves, services }) => serves || services.length > 0);
  return inside.filter(isUnseen).length * SERVERS_TO_ONE_UNSEEN <= servers.length;
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
  // a port without a Service is found through a registry, if anybody but the kubelet calls it
  if (workload.platform === 'kubernetes') return services.length > 0 || (facts.offersPort && !isScraped && !isApiClient);
  return facts.serves || !isBusy(facts);
}

function hiddenClient(facts: WorkloadFacts, graph: GraphFacts): readonly HiddenClient[] {
  const { workload, serves, clients, hiddenSetting, untoldServer } = facts;
  if (hiddenSetting !== undefined) return [{ facts, why: `${nameOf(facts)}: ${hiddenSetting}` }];
  const isNodeAgent = workload.hostNetwork || workload.ref.kind === 'DaemonSet';
  if (!serves && clients.length === 0 && !isNodeAgent && !isBusy(facts)) {
    return [{ facts, why: `${nameOf(facts)} serves nothing and is not seen to call anybody, so its peers are hidden` }];
  }
  if (isMuteEntry(facts)) return [{ facts, why: `${nameOf(facts)} lets people in and is not seen to call anybody, so whom it fronts is hidden` }];
  if (untoldServer === undefined) return [];
  const why = `${nameOf(facts)} waits for ${untoldServer.kind} ${untoldServer.name} without being told its address, so it may know others`;
  return [{ facts, why, waitsFor: reachedFrom(facts, graph) }];
}

/** Whom it may be calling because it is told of them, or finds them where they are registered too. */
function acquaintances(facts: WorkloadFacts, clientsOf: ReadonlyMap<WorkloadKey, ReadonlySet<WorkloadKey>>): readonly HiddenClient[] {
  const found: HiddenClient[] = [];
  const { unproxied, registries } = facts;
  if (unproxied.length > 0) found.push({ facts, among: new Set(unproxied.map(workloadKey)), why: `${nameOf(facts)} is told not to use a proxy for it` });
  for (const registry of registries) found.push({ facts, among: clientsOf.get(workloadKey(registry)) ?? new Set(), why: `${nameOf(facts)} may find it in the registry ${registry.kind} ${registry.name}` });
  return found;
}

function registered({ byWorkload }: GraphFacts): ReadonlyMap<WorkloadKey, ReadonlySet<WorkloadKey>> {
  const clients = new Map<WorkloadKey, Set<WorkloadKey>>();
  for (const { workload, registries } of byWorkload.values()) {
    for (const registry of registries) clients.set(workloadKey(registry), (clients.get(workloadKey(registry)) ?? new Set()).add(workloadKey(workload.ref)));
  }
  return clients;
}

/** A way in that leads nowhere: a front end whose peers are baked into its image, unless it is a store. */
function isMuteEntry(facts: WorkloadFacts): boolean {
  if (!facts.isEntry || isBusy(facts) || answersOnly(facts.workload)) return false;
  // Compose publishes stores for people who debug; those have clients besides
  return facts.workload.platform === 'kubernetes' ? facts.workload.ref.kind !== 'StatefulSet' : facts.clients.length === 0;
}

function reachedFrom(facts: WorkloadFacts, { byWorkload }: GraphFacts): ReadonlySet<WorkloadKey> {
  const reached = new Set<WorkloadKey>();
  const waiting = [facts];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const server of next.servers) {
      const key = workloadKey(server);
      const found = byWorkload.get(key);
      if (found === undefined || reached.has(key)) continue;
      reached.add(key);
      waiting.push(found);
    }
  }
  return reached;
}

function isBusy({ servers, isApiClient, hasOutsideServer, unresolved }: WorkloadFacts): boolean {
  return servers.length > 0 || isApiClient || hasOutsideServer || unresolved !== undefined;
}

function nameOf({ workload }: WorkloadFacts): string {
  return `${workload.ref.kind} ${workload.ref.name}`;
}
