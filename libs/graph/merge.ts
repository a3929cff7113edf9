import { compareText, type Evidence, graphPeerKey, type Relationship, type Tier } from '#model';

/**
 * Makes one relationship of all that say the same: client, server, port, protocol, external host.
 *
 * The strongest tier wins. Evidence is deduplicated, sorted and bounded; a further channel that
 * agrees halves the remaining doubt, a repetition within one channel adds nothing.
 */
export function mergeRelationships(relationships: readonly Relationship[]): readonly Relationship[] {
  const groups = new Map<string, Relationship[]>();
  for (const relationship of relationships) {
    const key = mergeKey(relationship);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [relationship]);
    else known.push(relationship);
  }
  return [...groups.keys()].sort(compareText).map((key) => mergeGroup(groups.get(key) ?? []));
}

function mergeKey({ from, to, port, protocol, host }: Relationship): string {
  const number = port === null ? '' : String(port).padStart(5, '0');
  return [graphPeerKey(from), graphPeerKey(to), host ?? '', number, protocol].join('\n');
}

// what one reads before deciding; a ConfigMap mounted a hundred times says no more the hundredth time
const MOST_EVIDENCE = 12;
const CERTAIN = 0.99;

function mergeGroup(group: readonly Relationship[]): Relationship {
  const [first] = group;
  if (first === undefined) throw new Error('merge relationships: an empty group');
  const tier: Tier = group.some((each) => each.tier === 'strong') ? 'strong' : 'weak';
  const best = group.filter((each) => each.tier === tier);
  const application = applicationOf(best) ?? applicationOf(group);
  return {
    from: first.from,
    to: first.to,
    port: first.port,
    protocol: first.protocol,
    ...(first.host === undefined ? {} : { host: first.host }),
    ...(application === undefined ? {} : { application }),
    tier,
    ...(best.every(({ isPortGuessed }) => isPortGuessed === true) ? { isPortGuessed: true } : {}),
    confidence: combinedConfidence(best),
    evidence: distinctEvidence(group.flatMap((each) => each.evidence)).slice(0, MOST_EVIDENCE),
  };
}

/** The protocol the most trusted relationship names; among equals the first by name, so that order does not matter. */
function applicationOf(group: readonly Relationship[]): string | undefined {
  const named = group.flatMap(({ application, confidence }) => (application === undefined ? [] : [{ application, confidence }]));
  const [best] = named.sort((a, b) => b.confidence - a.confidence || compareText(a.application, b.application));
  return best?.application;
}

function combinedConfidence(group: readonly Relationship[]): number {
  const best = Math.max(...group.map((each) => each.confidence));
  const channels = new Set(group.flatMap((each) => each.evidence.map(({ source }) => source))).size;
  const combined = 1 - (1 - best) * 0.5 ** Math.max(0, channels - 1);
  return Math.round(Math.min(combined, Math.max(best, CERTAIN)) * 100) / 100;
}

function distinctEvidence(evidence: readonly Evidence[]): readonly Evidence[] {
  const byKey = new Map(evidence.map((each) => [[each.kind, each.source, each.where, each.text].join('\n'), each]));
  return [...byKey.keys()].sort(compareText).flatMap((key) => byKey.get(key) ?? []);
}
