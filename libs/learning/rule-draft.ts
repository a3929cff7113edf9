import { compareText, type Evidence, type Peer, type PortMatch, type ProposedRule, type Tier, workloadKey } from '#model';

/** A rule before it has an id: what it lets through, and why. */
export type RuleDraft = Omit<ProposedRule, 'id'>;

/**
 * Merges drafts that let through the same, and names each by what it lets through, so that an id
 * stays the same while the rule's meaning does. Sorted by peers and ports; built-in rules last.
 */
export function finishRules(direction: string, drafts: readonly RuleDraft[]): readonly ProposedRule[] {
  const merged = new Map<string, RuleDraft>();
  for (const draft of [...drafts].sort(compareDrafts)) {
    const key = meaningOf(draft);
    const known = merged.get(key);
    merged.set(key, known === undefined ? draft : merge(known, draft));
  }
  const ids = new Set<string>();
  return [...merged]
    .sort(([keyA, a], [keyB, b]) => rank(a) - rank(b) || compareText(keyA, keyB))
    .map(([key, draft]) => ({ id: unusedId(`${direction}-${contentHash(key)}`, ids), ...draft }));
}

// The surest first: its sentence stays.
function compareDrafts(a: RuleDraft, b: RuleDraft): number {
  return b.confidence - a.confidence || compareText(a.why, b.why) || compareText(JSON.stringify(a.evidence), JSON.stringify(b.evidence));
}

function merge(best: RuleDraft, other: RuleDraft): RuleDraft {
  const tier: Tier = best.tier === 'strong' || other.tier === 'strong' ? 'strong' : 'weak';
  return { ...best, tier, evidence: distinctEvidence([...best.evidence, ...other.evidence]), widenings: [...new Set([...best.widenings, ...other.widenings])].sort(compareText) };
}

function distinctEvidence(evidence: readonly Evidence[]): readonly Evidence[] {
  return [...new Map(evidence.map((each) => [JSON.stringify([each.kind, each.source, each.where, each.text]), each])).values()];
}

function rank(draft: RuleDraft): number {
  return draft.evidence.every((each) => each.kind === 'built-in') ? 1 : 0;
}

function unusedId(wanted: string, used: Set<string>): string {
  let id = wanted;
  for (let count = 2; used.has(id); count += 1) id = `${wanted}-${String(count)}`;
  used.add(id);
  return id;
}

/** What a rule lets through, as a text: equal for rules that let through the same. */
export function meaningOf({ peers, ports, application }: Pick<RuleDraft, 'peers' | 'ports' | 'application'>): string {
  return JSON.stringify([
    peers === 'any' ? 'any' : peers.map(peerText).sort(compareText),
    ports === 'any' ? 'any' : ports.map(portText).sort(compareText),
    application ?? '',
  ]);
}

function peerText(peer: Peer): string {
  switch (peer.kind) {
    case 'workload':
      return `workload ${workloadKey(peer.workload)}`;
    case 'pods':
      return `pods ${JSON.stringify([peer.namespaces, peer.pods])}`;
    case 'cidr':
      return `cidr ${peer.cidr.text} ${peer.except.map((each) => each.text).join(' ')}`;
    case 'nodes':
      return `nodes ${JSON.stringify(peer.nodes)}`;
    case 'host':
      return `host ${peer.host}`;
    case 'entity':
      return `entity ${peer.entity}`;
  }
}

/** `8080/TCP`, `8000-8010/TCP`, `web/TCP`, `TCP`. */
export function portText(port: PortMatch): string {
  switch (port.kind) {
    case 'range':
      return `${String(port.from)}${port.to === port.from ? '' : `-${String(port.to)}`}/${port.protocol}`;
    case 'named':
      return `${port.name}/${port.protocol}`;
    case 'protocol':
      return port.protocol;
  }
}

// FNV-1a, 64 bits: it names rules within one policy, it guards nothing.
function contentHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0').slice(0, 12);
}
