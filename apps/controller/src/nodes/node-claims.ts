import { type Address, type Diagnostic, hostPrefix, type SourceUpdate } from '#model';
import type { ProjectNodes } from '#review';

import { ClaimBook } from './claim-book.ts';
import { finding, findingsOf, toldOf } from './claim-findings.ts';
import { Hearing } from './hearing.ts';
import { HostBlocks } from './host-blocks.ts';
import { addressClaim, hostClaim, namespaceClaim, nodeClaim, podClaim, projectClaim } from './orchestrator-claims.ts';
import { ProjectClaims, type WaitingProject } from './project-claims.ts';
import { ProvenAddresses } from './proven-addresses.ts';
import { faultOfSaying, type NodeValue, type Saying } from './saying.ts';
import { TakenClaims } from './taken-claims.ts';
import { isPublic } from './taken-space.ts';

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
 * says counts first. An address that several nodes claim is given as {@link ClaimBook} says, and where
 * none can be told from a liar to nobody. A namespace of the orchestrator's is nobody else's, and a
 * Compose project that of its first node, until a person admits another: whoever could put containers
 * there, with labels of its choice, would be let in wherever it is let in. A public address that is a
 * container's is no longer the internet for anybody, so a container has one only inside the blocks of
 * its own host. What is left out is told, and comes in when it may. What a node says is kept under a
 * source of its own name, so it replaces nobody else's.
 */
export class NodeClaims {
  readonly #emit: (update: SourceUpdate) => void;
  readonly #taken = new TakenClaims();
  readonly #proven = new ProvenAddresses();
  readonly #book = new ClaimBook((claim) => this.#proven.by(claim));
  readonly #projects: ProjectClaims;
  readonly #blocks = new HostBlocks();
  /** What every node says, by node. */
  readonly #sayings = new Map<string, Map<string, Saying>>();
  /** Of which saying and to what end it was last told on. */
  readonly #told = new Map<string, { readonly value: NodeValue; readonly mark: string }>();
  readonly #findings = new Map<string, { readonly node: string; readonly findings: readonly Diagnostic[] }>();

  /** `onFirst` is told of the first node with containers of a project nobody has, until that is decided. */
  constructor(emit: (update: SourceUpdate) => void, onFirst: (project: string, node: string) => void = () => undefined) {
    this.#emit = emit;
    this.#projects = new ProjectClaims(onFirst);
  }

  /** What an orchestrator says: it is passed on by others, and only looked at here. */
  orchestrator(update: SourceUpdate): void {
    this.#sayAgain(this.#taken.take(update).flatMap((claim) => this.#book.concerned(claim)));
  }

  /** What people decided about where projects may run. */
  decide(projects: ProjectNodes): void {
    this.#sayAgain(this.#projects.decide(projects).flatMap((project) => this.#book.concerned(projectClaim(project))));
  }

  /** A node speaks from this address, as the channel names its peers. */
  connected(node: string, peer: string): void {
    this.#sayAgain(this.#proven.connected(node, peer).flatMap((claim) => this.#book.concerned(claim)));
  }

  /** What the node with this credential says. */
  node(node: string, { source, key, value }: SourceUpdate): void {
    const id = `${node}\n${source}\n${key}`;
    if (value === undefined) {
      this.#forget(id, node);
      return;
    }
    const fault = faultOfSaying(node, source, value);
    if (fault !== undefined) {
      // one a node: whoever says such things may say any number of them
      this.#note(`${node}\n `, node, [finding('node-claims-another', node, fault, 'a node speaks of itself and its own containers only: look at who holds its certificate')]);
      return;
    }
    const said = this.#sayings.get(node)?.get(id);
    // the blocks and addresses of a host go with it
    if (value.kind === 'container' && said?.value.kind === 'container-host') this.#forget(id, node);
    if (value.kind === 'container-host' && this.#blocks.countBeside(node, id) >= MOST_HOSTS) {
      this.#note(`${node}\n  `, node, [finding('node-says-too-much', node, `speaks of itself in more than ${String(MOST_HOSTS)} ways, and no more are taken in`, 'look at who holds its certificate')]);
      return;
    }
    const ofNode = this.#sayings.get(node) ?? new Map<string, Saying>();
    if (said === undefined && ofNode.size >= MOST_KEYS) {
      this.#note(`${node}\n`, node, [finding('node-says-too-much', node, `speaks of more than ${String(MOST_KEYS)} containers, and no more are taken in`, 'look at what its engine runs')]);
      return;
    }
    if (said?.value.kind === 'container') this.#projects.note(id, said.value.pod.namespace, node, false);
    this.#sayings.set(node, ofNode);
    ofNode.set(id, { node, source, key, value: value as NodeValue });
    this.#sayAgain([id, ...(ofNode.size === 1 ? this.#book.concerned(nodeClaim(node)) : [])]);
  }

  /** What the node says, as it said it. */
  sayingsOf(node: string): readonly SourceUpdate[] {
    return [...(this.#sayings.get(node)?.values() ?? [])].map(({ source, key, value }) => ({ source, key, value }));
  }

  /** Containers of projects that are left out until a person decides. */
  waiting(): readonly WaitingProject[] {
    return this.#projects.waiting();
  }

  diagnostics(): readonly Diagnostic[] {
    return toldOf(this.#findings);
  }

  #forget(id: string, node: string): void {
    const ofNode = this.#sayings.get(node);
    const saying = ofNode?.get(id);
    this.#findings.delete(id);
    if (ofNode === undefined || saying === undefined) return;
    ofNode.delete(id);
    if (ofNode.size === 0) this.#sayings.delete(node);
    this.#blocks.note(id, node, undefined);
    this.#projects.note(id, saying.value.kind === 'container' ? saying.value.pod.namespace : '', node, false);
    this.#told.delete(id);
    this.#emit({ source: saying.source, key: saying.key, value: undefined });
    const touched = new Hearing(this.#book, this.#taken, id, node).end();
    this.#sayAgain([...touched, ...this.#dependentOf(saying), ...(ofNode.size === 0 ? this.#book.concerned(nodeClaim(node)) : [])]);
  }

  #sayAgain(first: Iterable<string>): void {
    const queue = new Set(first);
    for (const id of queue) {
      queue.delete(id);
      const saying = this.#sayings.get(id.slice(0, id.indexOf('\n')))?.get(id);
      // whoever fares otherwise for it is added at the end, also where it had its turn: this ends as soon as nothing changes any more
      if (saying !== undefined) for (const each of this.#say(id, saying)) queue.add(each);
    }
  }

  /** Looks at one saying and tells what is left of it; gives those that fare otherwise for it. */
  #say(id: string, saying: Saying): readonly string[] {
    const { node, source, key, value } = saying;
    const hearing = new Hearing(this.#book, this.#taken, id, node);
    const given = value.kind === 'container' ? value.pod.addresses : value.node.addresses;
    if (given.length > MOST_ADDRESSES) hearing.denied.push({ kind: 'too-many', addresses: given.length, most: MOST_ADDRESSES });
    const addresses = given.slice(0, MOST_ADDRESSES);
    const said = value.kind === 'container' ? this.#container(id, node, value, addresses, hearing) : this.#host(id, value, addresses, hearing);
    const touched = hearing.end();
    this.#note(id, node, findingsOf(node, key, hearing.denied));
    const mark = markOf(said);
    const before = this.#told.get(id);
    if (before?.value === value && before.mark === mark) return touched;
    this.#told.set(id, { value, mark });
    this.#emit({ source, key, value: said });
    return before?.mark === mark ? touched : [...touched, ...this.#dependentOf(saying)];
  }

  /** Containers stand or fall with the addresses and blocks of their host. */
  #dependentOf({ node, value }: Saying): readonly string[] {
    if (value.kind !== 'container-host') return [];
    return [...(this.#sayings.get(node) ?? [])].filter(([, other]) => other.value.kind === 'container').map(([id]) => id);
  }

  #container(id: string, node: string, value: Extract<NodeValue, { kind: 'container' }>, given: readonly Address[], hearing: Hearing): NodeValue | undefined {
    const { pod } = value;
    if (pod.namespace !== node && !this.#mayBeIn(id, pod.namespace, node, hearing)) return undefined;
    if (!hearing.take(podClaim(pod.namespace, pod.name), 'own')) return undefined;
    const addresses = given.filter((address) => (pod.hostNetwork ? this.#isOfHost(node, address, hearing) : this.#isContainers(node, address, hearing)));
    return addresses.length === pod.addresses.length ? value : { ...value, pod: { ...pod, addresses } };
  }

  #mayBeIn(id: string, namespace: string, node: string, hearing: Hearing): boolean {
    const claims = [namespaceClaim(namespace), nodeClaim(namespace), projectClaim(namespace)];
    for (const claim of claims) hearing.heed(claim);
    const [ofOrchestrator = ''] = claims;
    const standing = this.#taken.has(ofOrchestrator) ? 'refused' : this.#projects.standing(namespace, node, this.#sayings.has(namespace));
    this.#projects.note(id, namespace, node, standing === 'unknown' || standing === 'waits');
    if (this.#taken.has(ofOrchestrator)) hearing.denied.push({ kind: 'taken', claim: ofOrchestrator });
    if (standing === 'unknown' || standing === 'waits') hearing.denied.push({ kind: 'project', project: namespace, nodes: this.#projects.nodesOf(namespace) });
    if (standing === 'unknown') this.#projects.first(namespace, node);
    return standing === 'admitted';
  }

  // on the network of its host it has the host's addresses, which are the host's to claim
  #isOfHost(node: string, { text }: Address, hearing: Hearing): boolean {
    const claim = addressClaim(text);
    hearing.heed(claim);
    const holder = this.#book.holder(claim);
    const isItsHosts = !this.#taken.has(claim) && holder.kind === 'held' && holder.node === node && this.#sayings.get(node)?.get(holder.id)?.value.kind === 'container-host';
    if (isItsHosts || this.#taken.has(hostClaim(node, text))) return true;
    hearing.denied.push({ kind: 'no-address-of-host', claim });
    return false;
  }

  #isContainers(node: string, address: Address, hearing: Hearing): boolean {
    const isInOwnBlock = this.#blocks.holds(node, address);
    if (isInOwnBlock || !isPublic(hostPrefix(address))) return hearing.take(addressClaim(address.text), isInOwnBlock || isLinkLocal(address) ? 'own' : 'bare');
    hearing.denied.push({ kind: 'foreign', address: address.text });
    return false;
  }

  #host(id: string, value: Extract<NodeValue, { kind: 'container-host' }>, given: readonly Address[], hearing: Hearing): NodeValue {
    const { node } = value;
    const asked = [...new Set([...node.podCidrs, ...(node.bridges ?? []).flatMap(({ blocks }) => blocks)])].slice(0, MOST_BLOCKS);
    const own = new Set(asked.filter((block) => this.#taken.space.isFree(block)));
    this.#blocks.note(id, node.name, own);
    // the address of a bridge is that of many machines; that of the machine is nobody else's
    const addresses = given.filter((address) => hearing.take(addressClaim(address.text), this.#blocks.holds(node.name, address) ? 'own' : 'host'));
    const bridges = node.bridges?.map((bridge) => ({ ...bridge, blocks: bridge.blocks.filter((block) => own.has(block)) }));
    return { ...value, node: { ...node, addresses, podCidrs: node.podCidrs.filter((block) => own.has(block)), ...(bridges === undefined ? {} : { bridges }) } };
  }

  #note(id: string, node: string, findings: readonly Diagnostic[]): void {
    if (findings.length > 0) this.#findings.set(id, { node, findings });
    else this.#findings.delete(id);
  }
}

/** What can become different of a saying while the node goes on saying the same. */
function markOf(said: NodeValue | undefined): string {
  if (said === undefined) return 'absent';
  if (said.kind === 'container') return said.pod.addresses.map(({ text }) => text).join();
  const { addresses, podCidrs, bridges = [] } = said.node;
  return JSON.stringify([addresses.map(({ text }) => text), podCidrs, bridges.map(({ blocks }) => blocks)]);
}

// every host has them, and they lead no further than the next machine
function isLinkLocal({ family, text }: Address): boolean {
  return family === 6 ? /^fe[89ab]/.test(text) : text.startsWith('169.254.');
}
