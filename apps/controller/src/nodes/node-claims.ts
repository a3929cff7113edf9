import { type Address, compareText, type Diagnostic, isJsonObject, type JsonObject, parseAddress, parsePrefix, type Prefix, prefixContains, prefixCovers, type SourceUpdate } from '#model';

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

/**
 * What nodes may claim: their own containers, under names and addresses nobody else has.
 *
 * A credential says which node speaks and nothing about what runs there. So what the orchestrator
 * says counts first, then what another node said before: an address or a pod that is somebody else's
 * is left out of what a node says, with a diagnostic, and comes in when it is free. What a node says
 * is kept under a source of its own name, so it replaces nobody else's.
 */
export class NodeClaims {
  readonly #emit: (update: SourceUpdate) => void;
  /** Addresses and pods the orchestrator speaks of: how many of its objects do, by claim. */
  readonly #taken = new Map<string, number>();
  readonly #takenBy = new Map<string, readonly string[]>();
  readonly #sayings = new Map<string, Saying>();
  readonly #countOf = new Map<string, number>();
  /** Which saying has a claim. */
  readonly #holders = new Map<string, string>();
  /** Sayings that were refused a claim, by claim. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Every claim a saying has, or was refused. */
  readonly #claimsOf = new Map<string, Set<string>>();
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
    for (const claim of after) this.#taken.set(claim, (this.#taken.get(claim) ?? 0) + 1);
    for (const claim of before) {
      const left = (this.#taken.get(claim) ?? 0) - 1;
      if (left > 0) this.#taken.set(claim, left);
      else this.#taken.delete(claim);
    }
    const touched = new Set<string>();
    for (const claim of [...before, ...after]) {
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
      this.#findings.set(id, [finding('node-claims-another', node, problem, 'a node speaks of itself and its own containers only: look at who holds its certificate')]);
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
    this.#countOf.set(saying.node, (this.#countOf.get(saying.node) ?? 1) - 1);
    const freed = this.#release(id);
    this.#emit({ source: saying.source, key: saying.key, value: undefined });
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
    }
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
    const allowed = (addresses: readonly Address[]): readonly Address[] => addresses.filter(({ text }) => take(addressClaim(text)));
    const said = value.kind === 'container' ? this.#container(value, take, allowed) : this.#host(value, allowed);
    this.#findings.delete(id);
    if (refused.length > 0) {
      this.#findings.set(id, [finding('claimed-by-another', node, `says that ${key} has ${refused.slice(0, 3).join(', ')}, which is somebody else's`, 'give the networks of each engine blocks of their own; what is left out is closed where rules are enforced')]);
    }
    this.#emit({ source, key, value: said });
  }

  #container(value: Extract<NodeValue, { kind: 'container' }>, take: (claim: string) => boolean, allowed: (addresses: readonly Address[]) => readonly Address[]): NodeValue | undefined {
    if (!take(podClaim(value.pod.namespace, value.pod.name))) return undefined;
    // on the network of its host it has the host's addresses, which are the host's to claim
    if (value.pod.hostNetwork) return value;
    const addresses = allowed(value.pod.addresses);
    return addresses.length === value.pod.addresses.length ? value : { ...value, pod: { ...value.pod, addresses } };
  }

  #host(value: Extract<NodeValue, { kind: 'container-host' }>, allowed: (addresses: readonly Address[]) => readonly Address[]): NodeValue {
    const addresses = allowed(value.node.addresses);
    const podCidrs = value.node.podCidrs.filter((block) => this.#isOwnBlock(parsePrefix(block)));
    return { ...value, node: { ...value.node, addresses, podCidrs } };
  }

  /** A block that holds an address of the orchestrator's is no engine's. */
  #isOwnBlock(block: Prefix | undefined): boolean {
    if (block === undefined) return false;
    for (const claim of this.#taken.keys()) {
      const address = claim.startsWith('address ') ? parseAddress(claim.slice('address '.length)) : undefined;
      if (address !== undefined && prefixContains(block, address)) return false;
      const other = claim.startsWith('block ') ? parsePrefix(claim.slice('block '.length)) : undefined;
      if (other !== undefined && (prefixCovers(block, other) || prefixCovers(other, block))) return false;
    }
    return true;
  }
}

function claimsOfManifest(kind: string, namespace: string, name: string, body: JsonObject): readonly string[] {
  if (kind === 'Pod') return [podClaim(namespace, name), ...textsAt(body, 'status', 'podIPs', 'ip').map(addressClaim)];
  if (kind === 'Node') return [...textsAt(body, 'status', 'addresses', 'address').map(addressClaim), ...blocksOf(body)];
  return [];
}

function blocksOf(body: JsonObject): readonly string[] {
  const { spec } = body;
  const blocks = spec !== undefined && isJsonObject(spec) ? spec['podCIDRs'] : undefined;
  return Array.isArray(blocks) ? blocks.filter((block) => typeof block === 'string').map((block) => `block ${block}`) : [];
}

function textsAt(body: JsonObject, part: string, list: string, field: string): readonly string[] {
  const holder = body[part];
  const items = holder !== undefined && isJsonObject(holder) ? holder[list] : undefined;
  if (!Array.isArray(items)) return [];
  return items.flatMap((item) => {
    const text = isJsonObject(item) ? item[field] : undefined;
    const address = typeof text === 'string' ? parseAddress(text) : undefined;
    return address === undefined ? [] : [address.text];
  });
}

function addressClaim(text: string): string {
  return `address ${text}`;
}

function podClaim(namespace: string, name: string): string {
  return `pod ${namespace}/${name}`;
}

function finding(code: string, node: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'warning', subject: `node ${node}`, message, hint };
}
