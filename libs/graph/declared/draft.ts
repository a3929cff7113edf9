import { type Evidence, type GraphPeer, type Protocol, type Relationship, type Tier, compareText, graphPeerKey } from '#model';

import { combineConfidence } from './confidence.ts';

/** One reason for a relationship, before those for the same one are put together. */
export interface Draft {
  readonly from: GraphPeer;
  readonly to: GraphPeer;
  readonly port: number | null;
  readonly protocol: Protocol;
  readonly host?: string;
  readonly application?: string;
  readonly tier: Tier;
  readonly confidence: number;
  readonly evidence: Evidence;
  /** Where nothing named the port: `any` of several (or none) was meant, or the `usual` one of the product. */
  readonly portGuess?: 'any' | 'usual';
  /** True where the client may use other ports of that server besides. */
  readonly isPortGuessed?: boolean;
}

const MOST_EVIDENCE = 20;

/** Puts drafts of one client, server and port together: the best tier, all evidence, a joint confidence. */
export function mergeDrafts(drafts: readonly Draft[]): readonly Relationship[] {
  const groups = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const id = relationshipId(draft);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [draft]);
    else group.push(draft);
  }
  return [...groups.entries()].sort(([a], [b]) => compareText(a, b)).flatMap(([, group]) => mergeGroup(group) ?? []);
}

/** Orders and identifies relationships: client, server, host, port, protocol. */
export function relationshipId({ from, to, host, port, protocol }: Pick<Relationship, 'from' | 'to' | 'host' | 'port' | 'protocol'>): string {
  return [graphPeerKey(from), graphPeerKey(to), host ?? '', String(port ?? 0).padStart(5, '0'), protocol].join('\n');
}

function mergeGroup(group: readonly Draft[]): Relationship | undefined {
  const [first] = group;
  if (first === undefined) return undefined;
  const strong = group.filter(({ tier }) => tier === 'strong');
  const deciding = strong.length > 0 ? strong : group;
  const application = [...deciding, ...group].find((draft) => draft.application !== undefined)?.application;
  const evidence = new Map<string, Evidence>();
  for (const draft of [...strong, ...group]) evidence.set(`${draft.evidence.source}\n${draft.evidence.where}\n${draft.evidence.text}`, draft.evidence);
  return {
    from: first.from,
    to: first.to,
    port: first.port,
    protocol: first.protocol,
    ...(first.host === undefined ? {} : { host: first.host }),
    ...(application === undefined ? {} : { application }),
    tier: strong.length > 0 ? 'strong' : 'weak',
    ...(deciding.every(({ isPortGuessed }) => isPortGuessed === true) ? { isPortGuessed: true } : {}),
    confidence: strong.length > 0 ? combineConfidence(distinctBy(strong, ({ evidence: { where } }) => where).map(({ confidence }) => confidence)) : combineConfidence([Math.max(...group.map(({ confidence }) => confidence))]),
    evidence: [...evidence.values()].slice(0, MOST_EVIDENCE),
  };
}

// the same line found twice is one reason
function distinctBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
