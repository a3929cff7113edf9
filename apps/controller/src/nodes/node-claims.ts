import { type Address, compareText, type Diagnostic, hostPrefix, parsePrefix, type Prefix, prefixContains, type SourceUpdate } from '#model';

import { addressClaim, claimsOfManifest, hostClaim, namespaceClaim, podClaim } from './orchestrator-claims.ts';
import { isPublic, TakenSpace } from './taken-space.ts';

type NodeValue = Extract<SourceUpdate['value'], { readonly kind: 'container' | 'container-host' }>;

/** What a node said of one key, as it said it. */
interface Saying {
  readonly node: string;
  readonly source: string;
  readonly key: string;
  readonly value: NodeValue;
}

/** A node may speak of so many containers. */
const MOST_KEYS = 5_000;
/** Of so many blocks of addresses: each is looked at whenever it says so. */
const MOST_BLOCKS = 128;
/** Of a container or a host: each public one is no longer the internet for anybody. */
const MOST_ADDRESSES = 64;
/** Sources of one node that speak of the node itself: its engine, what runs outside of any, with room. */
const MOST_HOSTS = 4;

/**
 * What nodes may claim: their own containers, under names and addresses nobody else has.
 *
 * A credential says which node speaks and nothing about what runs there. So what the orchestrator
 * says counts first, then what another node said before: an address or a pod that is somebody else's
 * is left out of what a node says, with a diagnostic, and comes in when it is free. A namespace of
 * the orchestrator's is nobody else's: whoever could put containers there, with labels of its choice,
 * would be let in wherever the pods of that namespace are. A public address that is a container's is no
 * longer the internet for anybody, so a container has one only inside the blocks of its own host. What a node says is kept under a source
 * of its own name, so it replaces nobody else's.
 */
export class NodeClaims {
  readonly #emit: (update: SourceUpdate) => void;
  /** Addresses and pods the orchestrator speaks of: how many of its objects do, by claim. */
  readonly #taken = new Map<string, number>();
  readonly #takenBy = new Map<string, readonly string[]>();
  readonly #sayings = new Map<string, Saying>();
  readonly #countOf = new Map<string, number>();
  readonly #space = new TakenSpace();
  /** Which saying has a claim. */
  readonly #holders = new Map<string, string>();
  /** Sayings that were refused a claim, by claim. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Every claim a saying has, or was refused. */
  readonly #claimsOf = new Map<string, Set<string>>();
  /** Containers on the network of their host or with public addresses, by node. */
  readonly #onHosts = new Map<string, Set<string>>();
  /** The blocks a host was granted, by node and the saying that is of it. */
  readonly #blocks = new Map<string, Map<string, readonly Prefix[]>>();
  readonly #findings = new Map<string, readonly Diagnostic[]>();

  constructor(emit: (update: SourceUpdate) => void) {
    this.#emit = emit;
  }

  /** What an orchestrator says: it is passed on by others, and only looked at here. */
  orchestrator({ source, key, value }: SourceUpdate): void {
    const id = `${source}\n${key}`;
    const before = this.#takenBy.get(id) ?? [];
    const after = value?.kind === 'manifest' ? claimsOfManifest(value.objectKind, value.namespace, value.name, value.body) : [];
    if (before.join('\n') === after.join('\n')) return;
    if (after.length === 0) this.#takenBy.delete(id);
    else this.#takenBy.set(id, after);
    const changed = new Set<string>();
    for (const claim of after) {
      const count = this.#taken.get(claim) ?? 0;
      if (count === 0) changed.add(claim);
      this.#taken.set(claim, count + 1);
    }
    for (const claim of before) {
      const left = (this.#taken.get(claim) ?? 0) - 1;
      if (left > 0) this.#taken.set(claim, left);
      else {
        this.#taken.delete(claim);
        changed.add(claim);
      }
    }
    const touched = new Set<string>();
    for (const claim of changed) {
      if (this.#taken.has(claim)) this.#space.add(claim);
      else this.#space.remove(claim);
      const holder = this.#holders.get(claim);
      if (holder !== undefined) touched.add(holder);
      for (const each of this.#waiting.get(claim) ?? []) touched.add(each);
    }
    this.#sayAgain(touched);
  }

  /** What the node with this credential says. */
  node(node: string, { source, key, value }: SourceUpdate): void {
    const id = `${node}\n${source}\n${key}`;
    if (value === undefined) {
      this.#forget(id);
      return;
    }
    const problem = this.#problemOf(node, source, value);
    if (problem !== undefined) {
      // one a node: whoever says such things may say any number of them
      this.#findings.set(`${node}\n `, [finding('node-claims-another', node, problem, 'a node speaks of itself and its own containers only: look at who holds its certificate')]);
      return;
    }
    // the blocks and addresses of a host go with it
    if (value.kind === 'container' && this.#sayings.get(id)?.value.kind === 'container-host') this.#forget(id);
    const hosts = this.#blocks.get(node);
    if (value.kind === 'container-host' && hosts?.has(id) !== true && (hosts?.size ?? 0) >= MOST_HOSTS) {
      this.#findings.set(`${node}\n  `, [finding('node-says-too-much', node, `speaks of itself in more than ${String(MOST_HOSTS)} ways, and no more are taken in`, 'look at who holds its certificate')]);
      return;
    }
    if (!this.#sayings.has(id)) {
      const count = this.#countOf.get(node) ?? 0;
      if (count >= MOST_KEYS) {
        this.#findings.set(`${node}\n`, [finding('node-says-too-much', node, `speaks of more than ${String(MOST_KEYS)} containers, and no more are taken in`, 'look at what its engine runs')]);
        return;
      }
      this.#countOf.set(node, count + 1);
    }
    this.#sayings.set(id, { node, source, key, value: value as NodeValue });
    this.#noteOnHost(id, node, value as NodeValue);
    this.#sayAgain(new Set([id]));
  }

  /** The node begins anew: whatever it does not say again is gone. */
  keysOf(node: string): readonly { readonly source: string; readonly key: string }[] {
    return [...this.#sayings.values()].filter((saying) => saying.node === node).map(({ source, key }) => ({ source, key }));
  }

  diagnostics(): readonly Diagnostic[] {
    return [...this.#findings].sort(([a], [b]) => compareText(a, b)).flatMap(([, findings]) => findings);
  }

  #problemOf(node: string, source: string, value: NonNullable<SourceUpdate['value']>): string | undefined {
    if (value.kind !== 'container' && value.kind !== 'container-host') return `says something of a ${value.kind}, which is the orchestrator's to say`;
    if (!source.endsWith(`:${node}`)) return `speaks as the source ${JSON.stringify(source.slice(0, 80))}`;
    if (value.kind === 'container-host') return value.node.name === node ? undefined : `speaks of the host ${JSON.stringify(value.node.name.slice(0, 80))}`;
    if (value.pod.node !== node) return `speaks of a container on ${JSON.stringify((value.pod.node ?? 'no node').slice(0, 80))}`;
    const { ref, platform } = value.workload;
    // a project may run on many hosts; anything else is the host's own
    if (platform === 'kubernetes' || (ref.kind !== 'ComposeService' && ref.namespace !== node)) return `says that a container belongs to ${ref.kind.slice(0, 80)} of ${JSON.stringify(ref.namespace.slice(0, 80))}`;
    if (ref.kind !== value.pod.workload.kind || ref.name !== value.pod.workload.name) return 'says of one container that it belongs to two workloads';
    return ref.namespace === value.pod.namespace && value.pod.workload.namespace === ref.namespace ? undefined : 'says that a container belongs to a workload of another namespace';
  }

  #forget(id: string): void {
    const saying = this.#sayings.get(id);
    this.#findings.delete(id);
    if (saying === undefined) return;
    this.#sayings.delete(id);
    this.#noteOnHost(id, saying.node, undefined);
    this.#noteBlocks(id, saying.node, undefined);
    this.#countOf.set(saying.node, (this.#countOf.get(saying.node) ?? 1) - 1);
    const freed = this.#release(id);
    this.#emit({ source: saying.source, key: saying.key, value: undefined });
    for (const each of this.#dependentOf(saying)) freed.add(each);
    this.#sayAgain(freed);
  }

  /** Gives back what a saying held, and says who waits for it. */
  #release(id: string): Set<string> {
    const waiting = new Set<string>();
    for (const claim of this.#claimsOf.get(id) ?? []) {
      const others = this.#waiting.get(claim);
      others?.delete(id);
      if (others?.size === 0) this.#waiting.delete(claim);
      if (this.#holders.get(claim) !== id) continue;
      this.#holders.delete(claim);
      for (const each of others ?? []) waiting.add(each);
    }
    this.#claimsOf.delete(id);
    return waiting;
  }

  #sayAgain(first: ReadonlySet<string>): void {
    const queue = [...first];
    const seen = new Set<string>();
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      const saying = this.#sayings.get(id);
      if (saying === undefined || seen.has(id)) continue;
      seen.add(id);
      const held = [...(this.#claimsOf.get(id) ?? [])].filter((claim) => this.#holders.get(claim) === id);
      const waiting = this.#release(id);
      this.#say(id, saying);
      // whoever waited for what was given up and not taken again gets it now
      if (held.some((claim) => this.#holders.get(claim) !== id)) queue.push(...waiting);
      // a host is said once, so this ends
      for (const each of this.#dependentOf(saying)) {
        seen.delete(each);
        queue.push(each);
      }
    }
  }

  #noteOnHost(id: string, node: string, value: NodeValue | undefined): void {
    const ids = this.#onHosts.get(node) ?? new Set();
    if (value?.kind === 'container' && (value.pod.hostNetwork || value.pod.addresses.some(isPublicAddress))) ids.add(id);
    else ids.delete(id);
    if (ids.size > 0) this.#onHosts.set(node, ids);
    else this.#onHosts.delete(node);
  }

  #noteBlocks(id: string, node: string, blocks: readonly Prefix[] | undefined): void {
    const ofNode = this.#blocks.get(node) ?? new Map<string, readonly Prefix[]>();
    if (blocks === undefined) ofNode.delete(id);
    else ofNode.set(id, blocks);
    if (ofNode.size > 0) this.#blocks.set(node, ofNode);
    else this.#blocks.delete(node);
  }

  #isInOwnBlock(node: string, address: Address): boolean {
    return [...(this.#blocks.get(node)?.values() ?? [])].some((blocks) => blocks.some((block) => prefixContains(block, address)));
  }

  /** What has the addresses of a host, or public ones in its blocks, changes with it. */
  #dependentOf({ node, value }: Saying): Iterable<string> {
    return value.kind === 'container-host' ? (this.#onHosts.get(node) ?? []) : [];
  }

  #say(id: string, { node, source, key, value }: Saying): void {
    const refused: string[] = [];
    const claims = new Set<string>();
    this.#claimsOf.set(id, claims);
    const take = (claim: string): boolean => {
      claims.add(claim);
      const isFree = !this.#taken.has(claim) && (this.#holders.get(claim) ?? id) === id;
      if (isFree) this.#holders.set(claim, id);
      else {
        refused.push(claim);
        this.#waiting.set(claim, (this.#waiting.get(claim) ?? new Set()).add(id));
      }
      return isFree;
    };
    // told when it becomes free or is taken, and holding nothing
    const heed = (claim: string, isFree: boolean): boolean => {
      claims.add(claim);
      this.#waiting.set(claim, (this.#waiting.get(claim) ?? new Set()).add(id));
      if (!isFree) refused.push(claim);
      return isFree;
    };
    const foreign: string[] = [];
    const given = value.kind === 'container' ? value.pod.addresses : value.node.addresses;
    const addresses = given.slice(0, MOST_ADDRESSES).filter((address) => {
      const isAllowed = value.kind !== 'container' || value.pod.hostNetwork || !isPublicAddress(address) || this.#isInOwnBlock(node, address);
      if (!isAllowed) foreign.push(address.text);
      return isAllowed;
    });
    const said = value.kind === 'container' ? this.#container(node, { ...value, pod: { ...value.pod, addresses } }, take, heed) : this.#host(id, { ...value, node: { ...value.node, addresses } }, take);
    const findings: Diagnostic[] = [];
    if (given.length > MOST_ADDRESSES) findings.push(finding('too-many-addresses', node, `says that ${key} has ${String(given.length)} addresses, and no more than ${String(MOST_ADDRESSES)} are taken in`, 'look at what runs there, and at who holds its certificate'));
    if (foreign.length > 0) findings.push(finding('public-address-of-no-own-block', node, `says that the container ${key} has ${foreign.slice(0, 3).join(', ')}, which is public and in no network of its host`, 'a container has public addresses only in the networks of its own engine; what is left out is closed where rules are enforced'));
    if (refused.length > 0) {
      findings.push(finding('claimed-by-another', node, `says that ${key} has ${refused.slice(0, 3).join(', ')}, which is somebody else's`, 'give the networks of each engine blocks of their own; what is left out is closed where rules are enforced'));
    }
    if (findings.length > 0) this.#findings.set(id, findings);
    else this.#findings.delete(id);
    this.#emit({ source, key, value: said });
  }

  #container(node: string, value: Extract<NodeValue, { kind: 'container' }>, take: (claim: string) => boolean, heed: (claim: string, isFree: boolean) => boolean): NodeValue | undefined {
    const { pod } = value;
    const namespace = namespaceClaim(pod.namespace);
    if (pod.namespace !== node && !heed(namespace, !this.#taken.has(namespace))) return undefined;
    if (!take(podClaim(pod.namespace, pod.name))) return undefined;
    // on the network of its host it has the host's addresses, which are the host's to claim
    const isAllowed = pod.hostNetwork ? ({ text }: Address) => heed(addressClaim(text), this.#isOfHost(node, text)) : ({ text }: Address) => take(addressClaim(text));
    const addresses = pod.addresses.filter(isAllowed);
    return addresses.length === pod.addresses.length ? value : { ...value, pod: { ...pod, addresses } };
  }

  #isOfHost(node: string, address: string): boolean {
    if (this.#taken.has(hostClaim(node, address))) return true;
    const holder = this.#sayings.get(this.#holders.get(addressClaim(address)) ?? '');
    return holder?.node === node && holder.value.kind === 'container-host';
  }

  #host(id: string, value: Extract<NodeValue, { kind: 'container-host' }>, take: (claim: string) => boolean): NodeValue {
    const { node } = value;
    const addresses = node.addresses.filter(({ text }) => take(addressClaim(text)));
    const asked = [...new Set([...node.podCidrs, ...(node.bridges ?? []).flatMap(({ blocks }) => blocks)])].slice(0, MOST_BLOCKS);
    const own = new Set(asked.filter((block) => this.#space.isFree(block)));
    this.#noteBlocks(id, node.name, [...own].flatMap((block) => parsePrefix(block) ?? []));
    const bridges = node.bridges?.map((bridge) => ({ ...bridge, blocks: bridge.blocks.filter((block) => own.has(block)) }));
    return { ...value, node: { ...node, addresses, podCidrs: node.podCidrs.filter((block) => own.has(block)), ...(bridges === undefined ? {} : { bridges }) } };
  }
}

function isPublicAddress(address: Address): boolean {
  return isPublic(hostPrefix(address));
}

function finding(code: string, node: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject: `node ${node}`, message, hint };
}
