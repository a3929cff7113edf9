import { type Address, isHostProgram, type Node, type Pod, type PodPort, parseAddress, type Prefix, parsePrefix, type Protocol, prefixContains, type Service, type Snapshot, type WorkloadRef, workloadKey } from '#model';

import { holdsAddresses } from './address-holders.ts';
import { addressesOfNode, type AddressHolder, nodeHolder, nodePortKeys, podHolder, serviceHolder } from './address-holder.ts';
import { type Claim, ClaimTable } from './claim-table.ts';
import { ClusterRanges } from './cluster-ranges.ts';

export interface AddressHistoryOptions {
  /** How long a claim that ended is remembered. */
  readonly keptMs?: number;
  /** Claims that ended and are remembered. */
  readonly mostEnded?: number;
  /** How late news of a pod may come: where nobody held an address, who is first seen to hold it so long after did. */
  readonly lateMs?: number;
}

const HOUR_MS = 3_600_000;
const MOST_REMEMBERED = 65_536;

/**
 * Who held which address, and when, folded from one snapshot after the other.
 *
 * ```
 *   snapshot ─► what changed, by identity ─► claims that end, then claims that begin
 *                 address ─► pod, node or Service        (pods before nodes before Services)
 *                 node    ─► the pods on its network     (who an address of a node may be)
 *                 port    ─► the Service behind a node port
 * ```
 *
 * What is remembered of the past is bounded in time and number. A pod's claim begins when the pod
 * started, where its source says so, but never before another's claim ended; else when it was seen.
 */
export class AddressHistory {
  readonly #keptMs: number;
  readonly #mostEnded: number;
  readonly #lateMs: number;
  readonly #addresses = new ClaimTable<AddressHolder>(({ key, holder }) => {
    this.#leave(key, holder);
  });
  readonly #onNodes = new ClaimTable<AddressHolder>();
  readonly #nodePorts = new ClaimTable<AddressHolder>();
  /** By node, port and protocol: programs of plain hosts. */
  readonly #programs = new ClaimTable<AddressHolder>();
  readonly #ranges = new ClusterRanges();
  readonly #apiServers = new Set<string>();
  #bridges: ReadonlyMap<string, readonly Prefix[]> = new Map();
  readonly #inside = new Map<string, boolean>();
  readonly #read = new Map<string, Address | undefined>();
  #rangesVersion = 0;
  #snapshot: Snapshot | undefined;
  #at = 0;

  constructor({ keptMs = 2 * HOUR_MS, mostEnded = 200_000, lateMs = 30_000 }: AddressHistoryOptions = {}) {
    this.#keptMs = keptMs;
    this.#mostEnded = mostEnded;
    this.#lateMs = lateMs;
  }

  /** Ended claims that were forgotten before their time because there were too many. */
  get dropped(): number {
    return this.#addresses.dropped;
  }

  get size(): number {
    return this.#addresses.size;
  }

  /** What is so from `at` on. Time that goes back is taken to stand still. */
  observe(snapshot: Snapshot, at: number): void {
    const before = this.#snapshot;
    this.#at = Math.max(this.#at, at);
    if (before !== snapshot) {
      this.#endClaims(before, snapshot);
      this.#beginClaims(before, snapshot);
      this.#snapshot = snapshot;
    }
    const past = this.#at - this.#keptMs;
    this.#addresses.forget(past, this.#mostEnded);
    this.#onNodes.forget(past, this.#mostEnded);
    this.#nodePorts.forget(past, this.#mostEnded);
    this.#programs.forget(past, this.#mostEnded);
  }

  /**
   * Who held an address at any time of a stretch, as one node sees it: an address on a bridge of
   * that node is a neighbour there, whoever has the same one elsewhere. Each holder once.
   */
  holdersOf(address: string, from: number, to: number, reporter?: string): readonly AddressHolder[] {
    const claims = this.#addresses.during(address, from, to);
    const [only] = claims;
    if (only !== undefined && claims.length === 1 && this.#bridges.size === 0) return [only.holder];
    const found = this.#foremost(claims, address, reporter);
    return found.length > 0 ? found : this.#foremost(this.#justAfter(address, to), address, reporter);
  }

  /** Who held an address last before a moment, as far as that is remembered. */
  holderBefore(address: string, at: number): AddressHolder | undefined {
    return this.#addresses.lastBefore(address, at)?.holder;
  }

  /** The Service a client asked for at an address and port of a node. */
  serviceOfNodePort(port: number, protocol: Protocol, from: number, to: number): string | undefined {
    const names = new Set(this.#nodePorts.during(`${String(port)}/${protocol}`, from, to).flatMap(({ holder }) => (holder.kind === 'service' ? [holder.service] : [])));
    return names.size === 1 ? [...names][0] : undefined;
  }

  /** The one program of a plain host that waited on a port of it then; a program is known some seconds after it begins to. */
  programAt(node: string, port: number, protocol: Protocol, from: number, to: number): Extract<AddressHolder, { kind: 'pod' }> | undefined {
    const found = new Map(this.#programs.during(programKey(node, { port, protocol }), from, to + this.#lateMs).flatMap(({ holder }) => (holder.kind === 'pod' ? [[holder.id, holder] as const] : [])));
    return found.size === 1 ? [...found.values()][0] : undefined;
  }

  /** The Services that had an address of their own then, also where a pod or a node had it too. */
  serviceAt(address: string, from: number, to: number): { readonly service: string; readonly access: 'cluster' | 'external' } | undefined {
    const found = this.#addresses.during(address, from, to).flatMap(({ holder }) => (holder.kind === 'service' ? [holder] : []));
    return found.length === 1 ? found[0] : undefined;
  }

  /** The workloads that had pods on a node's network then: who an address of that node may be, beside the node itself. */
  sharingNode(node: string, from: number, to: number): readonly WorkloadRef[] {
    const found = new Map<string, WorkloadRef>();
    for (const { holder } of this.#onNodes.during(node, from, to)) if (holder.kind === 'pod') found.set(workloadKey(holder.party.workload), holder.party.workload);
    return [...found.keys()].sort().flatMap((key) => found.get(key) ?? []);
  }

  /** Whether the API server is said to listen there. */
  isApiServer(address: string, port: number | null): boolean {
    return this.#apiServers.has(`${address} ${String(port)}`);
  }

  /** Reads an address; the same ones come again and again, and reading IPv6 is slow. */
  read(text: string): Address | undefined {
    if (this.#read.has(text)) return this.#read.get(text);
    if (this.#read.size >= MOST_REMEMBERED) this.#read.clear();
    const address = parseAddress(text);
    this.#read.set(text, address);
    return address;
  }

  /** Whether an address is the cluster's to give, so that nobody outside can have it. */
  isInside(address: Address): boolean {
    if (this.#rangesVersion !== this.#ranges.version || this.#inside.size > MOST_REMEMBERED) {
      this.#rangesVersion = this.#ranges.version;
      this.#inside.clear();
    }
    const known = this.#inside.get(address.text);
    if (known !== undefined) return known;
    const isInside = this.#ranges.contains(address);
    this.#inside.set(address.text, isInside);
    return isInside;
  }

  #foremost(claims: readonly Claim<AddressHolder>[], address: string, reporter: string | undefined): readonly AddressHolder[] {
    const holders = new Map(claims.map(({ holder }) => [holder.id, holder]));
    for (const kind of ['pod', 'node', 'service'] as const) {
      const found = [...holders.values()].filter((holder) => holder.kind === kind);
      const near = this.#isOnBridgeOf(reporter, address) ? found.filter((holder) => holder.kind !== 'service' && holder.node === reporter) : found;
      if (near.length > 0) return near;
    }
    return [];
  }

  #isOnBridgeOf(reporter: string | undefined, address: string): boolean {
    const blocks = reporter === undefined ? undefined : this.#bridges.get(reporter);
    const parsed = blocks === undefined ? undefined : parseAddress(address);
    return parsed !== undefined && blocks !== undefined && blocks.some((block) => prefixContains(block, parsed));
  }

  #justAfter(address: string, to: number): readonly Claim<AddressHolder>[] {
    return this.#lateMs === 0 ? [] : this.#addresses.during(address, to, to + this.#lateMs);
  }

  #endClaims(before: Snapshot | undefined, after: Snapshot): void {
    if (before === undefined) return;
    for (const [pod, now] of changed(before.pods, after.pods)) if (now === undefined || !holdAlike(pod, now)) this.#endPod(pod);
    for (const [service, now] of changed(before.services, after.services)) {
      if (now !== undefined && serviceText(service) === serviceText(now)) continue;
      for (const [address, holder] of serviceClaims(service)) this.#end(address.text, holder.id);
      for (const key of nodePortKeys(service)) this.#nodePorts.end(key, serviceHolder(service, 'external').id, this.#at);
    }
    for (const [node, now] of changed(before.nodes, after.nodes)) {
      if (now === undefined || nodeText(node) !== nodeText(now)) for (const { text } of addressesOfNode(node)) this.#end(text, nodeHolder(node).id);
    }
  }

  #endPod(pod: Pod): void {
    const { id } = podHolder(pod);
    if (pod.hostNetwork && pod.node !== undefined) this.#onNodes.end(pod.node, id, this.#at);
    for (const key of programKeys(pod)) this.#programs.end(key, id, this.#at);
    if (holdsAddresses(pod)) for (const { text } of pod.addresses) this.#end(text, id);
  }

  #beginClaims(before: Snapshot | undefined, after: Snapshot): void {
    // nodes and Services are older than whoever first looks at them
    const since = before === undefined ? 0 : this.#at;
    for (const [pod, was] of changed(after.pods, before?.pods)) if (was === undefined || !holdAlike(pod, was)) this.#beginPod(pod);
    for (const [service, was] of changed(after.services, before?.services)) {
      if (was !== undefined && serviceText(service) === serviceText(was)) continue;
      for (const [address, holder] of serviceClaims(service)) this.#begin(address, holder, since);
      for (const key of nodePortKeys(service)) this.#nodePorts.begin(key, serviceHolder(service, 'external'), this.#at, since);
    }
    let isNew = before === undefined || before.nodes.size !== after.nodes.size;
    for (const [node, was] of changed(after.nodes, before?.nodes)) {
      if (was !== undefined && nodeText(node) === nodeText(was)) continue;
      for (const address of addressesOfNode(node)) this.#begin(address, nodeHolder(node), since);
      isNew = true;
    }
    if (isNew) this.#lookAtNodes(after);
    if (before?.endpointSlices !== after.endpointSlices) this.#lookAtApiServer(after);
  }

  #beginPod(pod: Pod): void {
    const holder = podHolder(pod);
    const since = pod.startedAt ?? this.#at;
    if (pod.hostNetwork && pod.node !== undefined && pod.phase !== 'finished') this.#onNodes.begin(pod.node, holder, this.#at, since);
    for (const key of programKeys(pod)) this.#programs.begin(key, holder, this.#at, since);
    if (holdsAddresses(pod)) for (const address of pod.addresses) this.#begin(address, holder, since);
  }

  #begin(address: Address, holder: AddressHolder, since: number): void {
    if (this.#addresses.begin(address.text, holder, this.#at, since) && holder.kind !== 'node') this.#ranges.add(address, holder.kind);
  }

  #end(address: string, id: string): void {
    this.#addresses.end(address, id, this.#at);
  }

  #leave(text: string, holder: AddressHolder): void {
    const address = parseAddress(text);
    if (address !== undefined && holder.kind !== 'node') this.#ranges.remove(address, holder.kind);
  }

  #lookAtNodes({ nodes }: Snapshot): void {
    this.#ranges.replaceNodes(nodes.values());
    const bridges = [...nodes.values()].flatMap(({ name, bridges: own = [] }) => (own.length === 0 ? [] : [[name, own.flatMap(({ blocks }) => blocks.flatMap((text) => parsePrefix(text) ?? []))] as const]));
    this.#bridges = new Map(bridges);
  }

  #lookAtApiServer({ endpointSlices }: Snapshot): void {
    this.#apiServers.clear();
    for (const { namespace, service, endpoints, ports } of endpointSlices) {
      if (namespace !== 'default' || service !== 'kubernetes') continue;
      for (const { addresses } of endpoints) for (const { text } of addresses) for (const { port } of ports) this.#apiServers.add(`${text} ${String(port)}`);
    }
  }
}

/** What is there in `now` and is not the same object in `other`, with what that is. */
function* changed<T>(now: ReadonlyMap<string, T>, other: ReadonlyMap<string, T> | undefined): Generator<readonly [T, T | undefined]> {
  if (now === other) return;
  for (const [key, value] of now) {
    const counterpart = other?.get(key);
    if (counterpart !== value) yield [value, counterpart];
  }
}

function programKeys({ node, ports, workload, phase }: Pod): readonly string[] {
  return node === undefined || phase === 'finished' || !isHostProgram(workload) ? [] : ports.map((port) => programKey(node, port));
}

function programKey(node: string, { port, protocol }: Pick<PodPort, 'port' | 'protocol'>): string {
  return `${node} ${String(port)}/${protocol}`;
}

/** Whether two states of one pod hold the same, as most of them do: a pod's status changes often, its address hardly ever. */
function holdAlike(a: Pod, b: Pod): boolean {
  return (
    a.hostNetwork === b.hostNetwork &&
    a.node === b.node &&
    (a.phase === 'finished') === (b.phase === 'finished') &&
    workloadKey(a.workload) === workloadKey(b.workload) &&
    programKeys(a).join() === programKeys(b).join() &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every(({ text }, at) => text === b.addresses[at]?.text)
  );
}

// what a Service, or a node, holds; the rest of it may change as it likes
function serviceText(service: Service): string {
  return [...[...serviceClaims(service)].map(([{ text }, { id }]) => `${text} ${id}`), ...nodePortKeys(service)].join('\n');
}

function nodeText(node: Node): string {
  return [...addressesOfNode(node).map(({ text }) => text), ...node.podCidrs, ...(node.bridges ?? []).flatMap(({ blocks }) => blocks)].join('\n');
}

function* serviceClaims(service: Service): Generator<readonly [Address, AddressHolder]> {
  for (const address of service.clusterAddresses) yield [address, serviceHolder(service, 'cluster')];
  for (const address of service.externalAddresses) yield [address, serviceHolder(service, 'external')];
}
