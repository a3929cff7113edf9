import { type Connection, type Direction, hostPrefix, type Peer, type PortMatch, type Revision, type Snapshot, type Verdict, type VerdictReason, type WorkloadRef } from '#model';

import { CoverageIndex } from './coverage.ts';
import { evaluate } from './evaluate.ts';
import { formatParty, type Party, PartyFinder } from './party.ts';
import { formatConnection } from './side.ts';

/** The smallest allowance that would let the connection through at one end. */
export interface MissingRule {
  readonly direction: Direction;
  readonly workload: WorkloadRef;
  readonly peer: Peer;
  readonly port: PortMatch;
  readonly application?: string;
  /** Policies that isolate the end, any of which could hold the rule. */
  readonly policies: readonly string[];
  /** One sentence for people. */
  readonly text: string;
}

/** One end of a connection, explained. */
export interface ExplainedSide {
  readonly direction: Direction;
  /** The pod or address whose policies are asked. */
  readonly subject: string;
  readonly peer: string;
  /** Policies that close this direction of the subject, admin ones included. */
  readonly policies: readonly string[];
  readonly reasons: readonly VerdictReason[];
  /** Whether the last word of this end is to let it through; it may still be uncertain, as the verdict says. */
  readonly isAllowed: boolean;
  /** Absent where this end allows, or where an admin rule denies and no allowance can help. */
  readonly missing?: MissingRule;
}

export interface Explanation {
  readonly connection: Connection;
  readonly verdict: Verdict;
  /** Egress first. */
  readonly sides: readonly ExplainedSide[];
}

/** Explains a verdict to people: both ends, what decided at each, and the smallest rule that is missing. */
export function explain(revision: Revision, snapshot: Snapshot, connection: Connection): Explanation {
  const verdict = evaluate(revision, snapshot, connection);
  const parties = new PartyFinder(snapshot);
  const from = parties.find(connection.from);
  const to = parties.find(connection.to);
  const coverage = new CoverageIndex(revision, snapshot);
  const side = (direction: Direction, subject: Party, peer: Party): ExplainedSide => {
    const reasons = verdict.reasons.filter((reason) => reason.direction === direction);
    const last = reasons.at(-1);
    const isAllowed = last?.effect !== 'deny';
    const isolating = reasons.flatMap((reason) => (reason.effect === 'deny' && reason.rule === undefined && reason.policy !== undefined ? [reason.policy] : []));
    const missing = isolating.length > 0 && !isAllowed ? missingRule(direction, subject, peer, connection, isolating) : undefined;
    return {
      direction,
      subject: formatParty(subject),
      peer: formatParty(peer),
      policies: policiesOf(coverage, direction, subject),
      reasons,
      isAllowed,
      ...(missing === undefined ? {} : { missing }),
    };
  };
  return { connection, verdict, sides: [side('egress', from, to), side('ingress', to, from)] };
}

function policiesOf(index: CoverageIndex, direction: Direction, { pod }: Party): readonly string[] {
  if (pod === undefined) return [];
  const { admin, namespaced, baseline } = index.covering(pod);
  return [
    ...admin.filter(({ policy }) => policy[direction].length > 0),
    ...namespaced.filter(({ policy }) => policy[direction] !== undefined),
    ...baseline.filter(({ policy }) => policy[direction].length > 0),
  ].map(({ policy }) => policy.name);
}

function missingRule(direction: Direction, subject: Party, peer: Party, connection: Connection, policies: readonly string[]): MissingRule | undefined {
  if (subject.pod === undefined) return undefined;
  const { workload } = subject.pod;
  const { protocol, port, application } = connection;
  const way = direction === 'egress' ? 'to' : 'from';
  const name = `${workload.namespace}/${workload.kind}/${workload.name}`;
  const other = peer.pod === undefined ? peer.address.text : `${peer.pod.workload.namespace}/${peer.pod.workload.kind}/${peer.pod.workload.name}`;
  return {
    direction,
    workload,
    peer: peer.pod === undefined ? { kind: 'cidr', cidr: hostPrefix(peer.address), except: [] } : { kind: 'workload', workload: peer.pod.workload },
    port: protocol === 'ICMP' ? { kind: 'protocol', protocol } : { kind: 'range', protocol, from: port, to: port },
    ...(application === undefined ? {} : { application }),
    policies,
    text: `missing: ${direction} of ${name} ${way} ${other} on ${formatConnection(connection)}`,
  };
}
