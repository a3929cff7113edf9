import { compareText, type Evidence, graphPeerKey, hostKey, type ObservedRelationship, type Relationship, type ServiceGraph, type Snapshot } from '#model';

import { serviceBackends } from '../service-backends.ts';
import { type GraphEnds, ObservedEnds } from './observed-ends.ts';
import { timeText } from './time-text.ts';

/** The policies others wrote that let a relationship through already, by name. */
export type PermittedBy = (relationship: Relationship) => readonly string[];

const MOST_EVIDENCE = 12;
const MOST_OBSERVED = 6;
const MOST_PERMITTED = 3;

/**
 * The graph with what was observed beside what is declared.
 *
 * ```
 *   declared and observed      strong: the two agree
 *   observed only              weak, evidence `observed` alone: undeclared, needs eyes
 *   declared only              as it was: not exercised yet
 * ```
 *
 * What nothing answered, or was only ever refused, is shown and makes nothing strong. Which
 * directions are known stays as it was: whether enough was seen is for learning to say. Policies
 * that let a relationship through already are evidence of their own kind and change nothing else.
 */
export function joinObserved(graph: ServiceGraph, observed: readonly ObservedRelationship[], snapshot: Snapshot, permittedBy: PermittedBy = () => []): ServiceGraph {
  const ends = new ObservedEnds(snapshot, serviceBackends(snapshot));
  const seen = new Map<string, Sightings>();
  for (const each of observed) {
    for (const end of ends.endsOf(each)) {
      const key = keyOf({ ...end, protocol: each.protocol });
      const known = seen.get(key);
      if (known === undefined) seen.set(key, { ends: end, all: [each], notes: new Set(end.note === undefined ? [] : [end.note]) });
      else {
        known.all.push(each);
        if (end.note !== undefined) known.notes.add(end.note);
      }
    }
  }
  const relationships = graph.relationships.map((relationship) => {
    const sightings = seen.get(keyOf(relationship));
    seen.delete(keyOf(relationship));
    return sightings === undefined ? relationship : confirmed(relationship, sightings);
  });
  const guesses = guessesOf(graph.relationships);
  const undeclared = [...seen.values()].map((sightings) => observedOnly(sightings, guesses));
  const all = [...relationships, ...undeclared].map((relationship) => permitted(relationship, permittedBy));
  return { ...graph, relationships: all.map((relationship) => ({ relationship, key: sortKey(relationship) })).sort((a, b) => compareText(a.key, b.key)).map(({ relationship }) => relationship) };
}

/** All that was observed and is one relationship to the graph: several hosts outside are one client. */
interface Sightings {
  readonly ends: GraphEnds;
  readonly all: ObservedRelationship[];
  readonly notes: Set<string>;
}

function confirmed(declared: Relationship, sightings: Sightings): Relationship {
  const evidence = [...declared.evidence.slice(0, MOST_EVIDENCE - MOST_OBSERVED), ...observedEvidence(sightings)];
  if (!isAnswered(sightings)) return { ...declared, evidence };
  const { from, to, port, protocol, host } = declared;
  const application = declared.application ?? applicationOf(sightings);
  // a port that was seen is no guess any more
  return {
    from,
    to,
    port,
    protocol,
    ...(host === undefined ? {} : { host }),
    ...(application === undefined ? {} : { application }),
    tier: 'strong',
    confidence: bothKinds(declared.confidence),
    evidence,
  };
}

// two kinds of witnesses that know nothing of each other leave half the doubt
function bothKinds(confidence: number): number {
  return Math.round(Math.min(0.99, 1 - (1 - confidence) / 2) * 100) / 100;
}

/** What is only observed; where the client is told of this server without a port, metadata agrees all the same. */
function observedOnly(sightings: Sightings, guesses: ReadonlyMap<string, Relationship>): Relationship {
  const { from, to, host, port } = sightings.ends;
  const [first] = sightings.all;
  if (first === undefined) throw new Error('join what was observed: a relationship nobody saw');
  const guess = guesses.get(pairKey(from, to));
  const application = applicationOf(sightings);
  const own = observedEvidence(sightings);
  const relationship: Relationship = {
    from,
    to,
    port,
    protocol: first.protocol,
    ...(host === undefined ? {} : { host }),
    ...(application === undefined ? {} : { application }),
    tier: 'weak',
    confidence: observedConfidence(sightings),
    evidence: own,
  };
  if (guess === undefined || !isAnswered(sightings)) return relationship;
  return { ...relationship, tier: 'strong', confidence: bothKinds(guess.confidence), evidence: [...guess.evidence.slice(0, MOST_EVIDENCE - MOST_OBSERVED), ...own] };
}

function guessesOf(relationships: readonly Relationship[]): ReadonlyMap<string, Relationship> {
  return new Map(relationships.filter(({ isPortGuessed, port }) => isPortGuessed === true || port === null).map((each) => [pairKey(each.from, each.to), each]));
}

/** Surer with every hour it was seen in, never as sure as where metadata agrees. */
function observedConfidence({ all }: Sightings): number {
  const hours = Math.max(...all.map(({ buckets }) => buckets));
  return Math.round(0.9 * (hours / (hours + 2)) * 100) / 100;
}

function isAnswered({ all }: Sightings): boolean {
  return all.some(({ connections, wouldBeDenied, replied, denied }) => replied !== 0 && (connections + wouldBeDenied > 0 || denied === 0));
}

function applicationOf({ all }: Sightings): string | undefined {
  const names = new Set(all.flatMap(({ applications }) => applications));
  return names.size === 1 ? [...names][0] : undefined;
}

function observedEvidence({ all, notes }: Sightings): readonly Evidence[] {
  const note = [...notes].sort(compareText);
  const through = note.length === 0 ? '' : `; ${note.slice(0, 3).join('; ')}${note.length > 3 ? `; and ${String(note.length - 3)} more` : ''}`;
  const sum = (value: (each: ObservedRelationship) => number): number => all.reduce((total, each) => total + value(each), 0);
  const first = Math.min(...all.map(({ firstSeen }) => firstSeen));
  const last = Math.max(...all.map(({ lastSeen }) => lastSeen));
  const replied = all.some((each) => each.replied === undefined) ? undefined : sum((each) => each.replied ?? 0);
  const connections = sum((each) => each.connections);
  const pods = Math.max(...all.map(({ clientPods }) => clientPods));
  const parts = [
    `${counted(connections, 'connection')}${replied === undefined || connections === 0 ? '' : replied >= connections ? ', all answered' : `, ${String(replied)} answered`}`,
    ...(pods === 0 ? [] : [`from ${counted(pods, 'pod')}`]),
    ...refusals(sum((each) => each.denied), sum((each) => each.wouldBeDenied)),
    `first ${timeText(first)}, last ${timeText(last)}`,
  ];
  const reporters = [...new Set(all.flatMap((each) => each.reporters))].sort(compareText).slice(0, 4);
  return [{ kind: 'observed', source: 'flows', where: reporters.length === 0 ? 'flow reports' : `flow reports of ${reporters.join(', ')}`, text: `${parts.join('; ')}${through}` }];
}

function refusals(denied: number, wouldBeDenied: number): readonly string[] {
  return [...(denied === 0 ? [] : [`${counted(denied, 'attempt')} refused`]), ...(wouldBeDenied === 0 ? [] : [`${counted(wouldBeDenied, 'connection')} would be refused`])];
}

function permitted(relationship: Relationship, permittedBy: PermittedBy): Relationship {
  const names = permittedBy(relationship);
  if (names.length === 0) return relationship;
  const evidence = names.slice(0, MOST_PERMITTED).map((name): Evidence => ({ kind: 'permitted', source: 'policy', where: name, text: `${name} lets it through already` }));
  return { ...relationship, evidence: [...relationship.evidence.slice(0, MOST_EVIDENCE), ...evidence] };
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function keyOf({ from, to, host, port, protocol }: Pick<Relationship, 'from' | 'to' | 'host' | 'port' | 'protocol'>): string {
  return `${graphPeerKey(from)}\n${graphPeerKey(to)}\n${host === undefined ? '' : hostKey(host)}\n${String(port)}\n${protocol}`;
}

function pairKey(from: Relationship['from'], to: Relationship['to']): string {
  return `${graphPeerKey(from)}\n${graphPeerKey(to)}`;
}

// as the graph is sorted without it
function sortKey({ from, to, host, port, protocol }: Relationship): string {
  return [graphPeerKey(from), graphPeerKey(to), host ?? '', port === null ? '' : String(port).padStart(5, '0'), protocol].join('\n');
}
