import {
  type Direction,
  graphPeerKey,
  hostKey,
  hostPrefix,
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
} from '#model';

import { evidenceClass } from './evidence-class.ts';
import { isAnswered, type ObservedIndex, otherEnd } from './observed-index.ts';
import { isByHand, proposalDifference, type RuleChange, rulesOf } from './proposal-difference.ts';
import { daysText } from './observed-text.ts';

/** A rule that was approved, and when it was last used. */
export interface ApprovedRule {
  readonly rule: ProposedRule;
  /** Milliseconds since 1970; undefined: not within the time that is kept, or nobody can tell. */
  readonly lastSeen: number | undefined;
  /** Since when nobody is known to have used it: its last use, else as long as somebody watched. Undefined where it is used, or nobody can tell. */
  readonly unusedSince: number | undefined;
  /** One sentence. */
  readonly why: string;
}

/** What is different in one direction between what is proposed now and what is approved. */
export interface DirectionComparison {
  readonly direction: Direction;
  readonly approved: 'open' | 'closed';
  readonly proposed: 'open' | 'closed';
  readonly added: readonly ProposedRule[];
  /** Approved and proposed, but something beside what it lets through is different. */
  readonly changed: readonly RuleChange[];
  /** Approved and not proposed any more, but used, or nobody can tell; or a person added it. */
  readonly missing: readonly ApprovedRule[];
  /** Approved, and nothing speaks for it any more: metadata does not, and nobody has used it for so long. */
  readonly stale: readonly ApprovedRule[];
  /** Approved and still proposed, but nobody has used it for so long. */
  readonly unused: readonly ApprovedRule[];
}

export interface ComparisonContext {
  readonly index: ObservedIndex;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long nobody may have used a rule before it is stale. */
  readonly staleAfterMs: number;
}

/** Two weeks: what happens every week was missed twice. */
export const STALE_AFTER_MS = 14 * 24 * 3_600_000;

/**
 * Compares what is proposed now with what is approved, rule by rule, as `proposalDifference` does.
 *
 * That a rule was not used for a while is said only where somebody watched for that while.
 */
export function compareWithApproved(proposed: Proposal, approved: Proposal, context: ComparisonContext): readonly DirectionComparison[] {
  const key = workloadKey(proposed.workload);
  const watchedFrom = watchedSince(key, context);
  return proposalDifference(approved, proposed).map(({ direction, before, now, added, gone, changed }) => {
    const seen = context.index.of(key, direction).filter(isAnswered);
    const use = (rule: ProposedRule): Use => useOf(rule, direction, seen, watchedFrom, context);
    const fresh = new Set(added.map(({ id }) => id));
    const kept = rulesOf(proposed[direction]).filter((rule) => !fresh.has(rule.id) && evidenceClass(rule) !== 'built-in');
    const approvedRules = gone.map((rule) => ({ rule, ...use(rule) }));
    return {
      direction,
      approved: before,
      proposed: now,
      added,
      changed,
      missing: approvedRules.filter(({ isQuiet, rule }) => !isQuiet || isByHand(rule)).map(missing),
      stale: approvedRules.filter(({ isQuiet, rule }) => isQuiet && !isByHand(rule)).map(({ rule, lastSeen, unusedSince }) => ({ rule, lastSeen, unusedSince, why: `nothing speaks for it any more: no metadata, and nobody has used it for ${daysText(context.staleAfterMs)}` })),
      unused: kept.flatMap((rule): readonly ApprovedRule[] => {
        const { isQuiet, lastSeen, unusedSince } = use(rule);
        return isQuiet ? [{ rule, lastSeen, unusedSince, why: `${evidenceClass(rule) === 'observed' ? 'it was seen' : 'metadata asks for it'}, and nobody has used it for ${daysText(context.staleAfterMs)}` }] : [];
      }),
    };
  });
}

interface Use {
  readonly lastSeen: number | undefined;
  readonly unusedSince: number | undefined;
  /** Nobody has used it for so long, and somebody watched. */
  readonly isQuiet: boolean;
}

function useOf(rule: ProposedRule, direction: Direction, seen: readonly ObservedRelationship[], watchedFrom: number | undefined, { now, staleAfterMs }: ComparisonContext): Use {
  const lastSeen = lastUse(rule, direction, seen);
  const since = canBeSeen(rule) ? (lastSeen ?? watchedFrom) : undefined;
  const isQuiet = watchedFrom !== undefined && since !== undefined && Math.max(since, watchedFrom) <= now - staleAfterMs;
  return { lastSeen, unusedSince: isQuiet ? since : undefined, isQuiet };
}

function missing({ rule, lastSeen, unusedSince }: Use & { readonly rule: ProposedRule }): ApprovedRule {
  const why = isByHand(rule)
    ? 'a person added it, and neither metadata nor flows ask for it'
    : lastSeen === undefined
      ? 'nothing speaks for it any more, but it was not watched for long enough to say that nobody uses it'
      : 'it is used, but not proposed in this shape any more';
  return { rule, lastSeen, unusedSince, why };
}

/** Since when somebody has told of a workload without ceasing to be asked; undefined where nobody did. */
function watchedSince(key: WorkloadKey, { index: { evidence } }: ComparisonContext): number | undefined {
  const workload = evidence.workloads.get(key);
  if (workload?.since === undefined) return undefined;
  const reporting = evidence.reporters.filter(({ reporter }) => workload.reporters.includes(reporter)).map(({ from }) => from);
  return reporting.length === 0 ? undefined : Math.max(workload.since, Math.min(...reporting));
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
