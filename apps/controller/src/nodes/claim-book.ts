/** How well a node's word for an address stands: bare, inside a block of its own engine, or of the machine itself. */
export type ClaimGround = 'bare' | 'own' | 'host';

/** The sayings of one node that claim the same, in the order they came. */
type NodeClaimants = Map<string, ClaimGround>;

/** Everybody who claims the same: a thousand nodes may have the networks nobody set up, so nothing here is counted anew. */
interface Claimants {
  readonly nodes: Map<string, NodeClaimants>;
  /** The nodes whose machine's own it is, by how many sayings of theirs. */
  readonly hosts: Map<string, number>;
}

/** So many of those who contest something are named. */
const MOST_NAMED = 4;

/** Who has what is claimed: one saying, or nobody where several nodes say so and none of them can be told from a liar. */
export type Holder = { readonly kind: 'free' } | { readonly kind: 'held'; readonly node: string; readonly id: string } | { readonly kind: 'contested'; readonly nodes: readonly string[] };

const FREE: Holder = { kind: 'free' };

/**
 * Who claims what, and who therefore has it.
 *
 * Of one node's sayings the first has it. Where several nodes claim the same, the one that was seen to
 * speak from that very address has it; else the first, where the address is in a block of its own engine
 * and is no other machine's own; else nobody, for being first is no proof: after a restart of the
 * controller anybody may be.
 */
export class ClaimBook {
  readonly #provenBy: (claim: string) => string | undefined;
  readonly #claimants = new Map<string, Claimants>();
  /** Sayings that ask to be told of a claim and have no part in it. */
  readonly #watchers = new Map<string, Set<string>>();
  readonly #claimsOf = new Map<string, Set<string>>();

  constructor(provenBy: (claim: string) => string | undefined) {
    this.#provenBy = provenBy;
  }

  /** Every claim a saying has a part in, or watches. */
  claimsOf(id: string): ReadonlySet<string> {
    return this.#claimsOf.get(id) ?? new Set();
  }

  claim(id: string, node: string, claim: string, ground: ClaimGround): void {
    const claimants = this.#claimants.get(claim) ?? { nodes: new Map<string, NodeClaimants>(), hosts: new Map<string, number>() };
    this.#claimants.set(claim, claimants);
    const ofNode = claimants.nodes.get(node) ?? new Map<string, ClaimGround>();
    claimants.nodes.set(node, ofNode);
    countHost(claimants, node, Number(ground === 'host') - Number(ofNode.get(id) === 'host'));
    ofNode.set(id, ground);
    this.#note(id, claim);
  }

  watch(id: string, claim: string): void {
    this.#watchers.set(claim, (this.#watchers.get(claim) ?? new Set()).add(id));
    this.#note(id, claim);
  }

  /** A saying claims no more than these. */
  keepOnly(id: string, node: string, kept: ReadonlySet<string>): void {
    for (const claim of this.claimsOf(id)) {
      if (kept.has(claim)) continue;
      this.#claimsOf.get(id)?.delete(claim);
      dropFrom(this.#watchers, claim, id);
      const claimants = this.#claimants.get(claim);
      const ofNode = claimants?.nodes.get(node);
      if (claimants === undefined || ofNode?.has(id) !== true) continue;
      countHost(claimants, node, -Number(ofNode.get(id) === 'host'));
      ofNode.delete(id);
      if (ofNode.size === 0) claimants.nodes.delete(node);
      if (claimants.nodes.size === 0) this.#claimants.delete(claim);
    }
    if (this.claimsOf(id).size === 0) this.#claimsOf.delete(id);
  }

  holder(claim: string): Holder {
    const claimants = this.#claimants.get(claim);
    const [first] = claimants?.nodes ?? [];
    if (claimants === undefined || first === undefined) return FREE;
    const { nodes, hosts } = claimants;
    const [node, ofNode] = first;
    if (nodes.size === 1) return heldBy(node, ofNode);
    const proven = this.#provenBy(claim);
    const ofProven = proven === undefined ? undefined : nodes.get(proven);
    if (proven !== undefined && ofProven !== undefined) return heldBy(proven, ofProven);
    const [ground] = ofNode.values();
    const isAnothersOwn = hosts.size > Number(hosts.has(node));
    return ground === 'own' && !isAnothersOwn ? heldBy(node, ofNode) : { kind: 'contested', nodes: firstOf(nodes.keys(), MOST_NAMED).sort() };
  }

  /** Everybody with a part in a claim, and whoever watches it. */
  concerned(claim: string): readonly string[] {
    return [...[...(this.#claimants.get(claim)?.nodes.values() ?? [])].flatMap((ofNode) => [...ofNode.keys()]), ...(this.#watchers.get(claim) ?? [])];
  }

  #note(id: string, claim: string): void {
    this.#claimsOf.set(id, (this.#claimsOf.get(id) ?? new Set()).add(claim));
  }
}

function countHost({ hosts }: Claimants, node: string, more: number): void {
  const count = (hosts.get(node) ?? 0) + more;
  if (count > 0) hosts.set(node, count);
  else hosts.delete(node);
}

function firstOf<T>(items: Iterable<T>, most: number): T[] {
  const first: T[] = [];
  for (const item of items) if (first.push(item) >= most) break;
  return first;
}

function heldBy(node: string, ofNode: NodeClaimants): Holder {
  const [id = ''] = ofNode.keys();
  return { kind: 'held', node, id };
}

function dropFrom(map: Map<string, Set<string>>, key: string, member: string): void {
  const members = map.get(key);
  members?.delete(member);
  if (members?.size === 0) map.delete(key);
}
