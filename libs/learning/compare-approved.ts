import {
  type Direction,
  type DirectionProposal,
  graphPeerKey,
  hostKey,
  hostPrefix,
  type ObservedEvidence,
  type ObservedPeer,
  type ObservedRelationship,
  parseAddress,
  parsePrefix,
  type Peer,
  type PortMatch,
  type Prefix,
  prefixCovers,
  type Proposal,
  type ProposedRule,
  type WorkloadKey,
  workloadKey,
  type WorkloadReview,
} from '#model';

import { evidenceClass } from './evidence-class.ts';
import { isAnswered, otherEnd } from './observed-index.ts';
import { meaningOf } from './rule-draft.ts';

/** A rule that was approved, and when it was last used. */
export interface ApprovedRule {
  readonly rule: ProposedRule;
  /** Milliseconds since 1970; undefined: not within the time that is kept, or nobody can tell. */
  readonly lastSeen: number | undefined;
  /** One sentence. */
  readonly why: string;
}

/** What is different in one direction between what is proposed now and what is approved. */
export interface DirectionComparison {
  readonly direction: Direction;
  readonly approved: 'open' | 'closed';
  readonly proposed: 'open' | 'closed';
  readonly added: readonly ProposedRule[];
  /** Approved and not proposed any more, but used: something else speaks for it now, or it is proposed in another shape. */
  readonly missing: readonly ApprovedRule[];
  /** Approved, and nothing speaks for it any more: metadata does not, and nobody has used it for so long. */
  readonly stale: readonly ApprovedRule[];
  /** Approved and still proposed, but nobody has used it for so long. */
  readonly unused: readonly ApprovedRule[];
}

export interface ComparisonContext {
  readonly evidence: ObservedEvidence;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long nobody may have used a rule before it is stale. */
  readonly staleAfterMs: number;
}

/** Two weeks: what happens every week was missed twice. */
export const STALE_AFTER_MS = 14 * 24 * 3_600_000;

/**
 * Compares what a review proposes with what is approved now, rule by rule, by what they let
 * through: equal rules are no difference, whoever named them.
 *
 * That a rule was not used for a while is said only where somebody watched for that while.
 */
export function compareWithApproved(review: WorkloadReview, approved: Proposal, context: ComparisonContext): readonly DirectionComparison[] {
  const key = workloadKey(review.workload);
  const isWatched = isWatchedFor(key, context);
  return (['ingress', 'egress'] as const).map((direction) => compareDirection(direction, approved[direction], review.proposal[direction], ownRelationships(key, direction, context.evidence), isWatched, context));
}

function compareDirection(direction: Direction, before: DirectionProposal, now: DirectionProposal, seen: readonly ObservedRelationship[], isWatched: boolean, context: ComparisonContext): DirectionComparison {
  const [old, proposed] = [rulesOf(before), rulesOf(now)];
  const oldMeanings = new Set(old.map(meaningOf));
  const meanings = new Map(proposed.map((rule) => [meaningOf(rule), rule]));
  const missing: ApprovedRule[] = [];
  const stale: ApprovedRule[] = [];
  const unused: ApprovedRule[] = [];
  for (const rule of old) {
    const kept = meanings.get(meaningOf(rule));
    const lastSeen = lastUse(rule, direction, seen);
    const isQuiet = isWatched && (lastSeen === undefined || lastSeen < context.now - context.staleAfterMs) && canBeSeen(rule);
    if (kept !== undefined && evidenceClass(kept) !== 'built-in' && isQuiet) unused.push({ rule, lastSeen, why: `${evidenceClass(kept) === 'observed' ? 'it was seen' : 'metadata asks for it'}, and nobody has used it for ${daysText(context.staleAfterMs)}` });
    if (kept !== undefined || now.kind === 'open') continue;
    if (isQuiet) stale.push({ rule, lastSeen, why: `nothing speaks for it any more: no metadata, and nobody has used it for ${daysText(context.staleAfterMs)}` });
    else missing.push({ rule, lastSeen, why: lastSeen === undefined ? 'nothing speaks for it any more, but it was not watched for long enough to say that nobody uses it' : 'it is used, but not proposed in this shape any more' });
  }
  return { direction, approved: before.kind, proposed: now.kind, added: proposed.filter((rule) => !oldMeanings.has(meaningOf(rule))), missing, stale, unused };
}

function rulesOf(direction: DirectionProposal): readonly ProposedRule[] {
  return direction.kind === 'closed' ? direction.rules : [];
}

function ownRelationships(key: WorkloadKey, direction: Direction, { relationships }: ObservedEvidence): readonly ObservedRelationship[] {
  return relationships.filter((each) => {
    const own = direction === 'ingress' ? each.to : each.from;
    return own.kind === 'workload' && workloadKey(own.workload) === key && isAnswered(each);
  });
}

function isWatchedFor(key: WorkloadKey, { evidence, now, staleAfterMs }: ComparisonContext): boolean {
  const reporters = evidence.workloads.get(key)?.reporters ?? [];
  return evidence.reporters.some(({ reporter, from }) => reporters.includes(reporter) && from <= now - staleAfterMs);
}

function lastUse(rule: ProposedRule, direction: Direction, seen: readonly ObservedRelationship[]): number | undefined {
  const uses = seen.filter((observed) => matchesPort(rule.ports, observed) && (rule.peers === 'any' || rule.peers.some((peer) => matchesPeer(peer, otherEnd(observed, direction)))));
  return uses.length === 0 ? undefined : Math.max(...uses.map(({ lastSeen }) => lastSeen));
}

// pods by labels and nodes are known to be somebody only by a snapshot
function canBeSeen({ peers }: ProposedRule): boolean {
  return peers === 'any' || peers.every(({ kind }) => kind !== 'pods' && kind !== 'nodes');
}

function matchesPort(ports: readonly PortMatch[] | 'any', { protocol, port }: ObservedRelationship): boolean {
  if (ports === 'any') return true;
  return ports.some((each) => (each.protocol === 'any' || each.protocol === protocol) && (each.kind !== 'range' || (port !== null && port >= each.from && port <= each.to)));
}

function matchesPeer(peer: Peer, observed: ObservedPeer): boolean {
  switch (peer.kind) {
    case 'workload':
      return observed.kind === 'workload' && graphPeerKey(peer.workload) === graphPeerKey(observed.workload);
    case 'entity':
      return (observed.kind === 'entity' && observed.entity === peer.entity) || (peer.entity === 'internet' && observed.kind === 'external');
    case 'host':
      return observed.kind === 'external' && hostKey(observed.host) === hostKey(peer.host);
    case 'cidr':
      return blocksOf(observed).some((block) => prefixCovers(peer.cidr, block) && !peer.except.some((each) => prefixCovers(each, block)));
    case 'pods':
    case 'nodes':
      return false;
  }
}

function blocksOf(observed: ObservedPeer): readonly Prefix[] {
  if (observed.kind !== 'external') return [];
  return [observed.host, ...observed.addresses].flatMap((text) => {
    const address = parseAddress(text);
    return address === undefined ? (parsePrefix(text) ?? []) : hostPrefix(address);
  });
}

function daysText(ms: number): string {
  const days = Math.round(ms / 86_400_000);
  return days === 1 ? 'a day' : `${String(days)} days`;
}
