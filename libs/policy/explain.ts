import { type Connection, type Direction, type EnforcedBy, hostPrefix, isHostProgram, type Peer, type PortMatch, type Snapshot, type Verdict, type VerdictReason, workloadKey, type WorkloadRef } from '#model';

import { evaluate } from './evaluate.ts';
import { HostPrograms } from './host-programs.ts';
import { LayeredCoverage } from './layered-coverage.ts';
import { layersOf, type PoliciesInForce } from './layers.ts';
import { formatParty, type Party, PartyFinder } from './party.ts';
import { formatConnection } from './side.ts';

/** The smallest allowance that would let the connection through at one end, as far as one enforcer is concerned. */
export interface MissingRule {
  /** Who would have to enforce it, where that is told apart. */
  readonly enforcedBy?: EnforcedBy;
  readonly direction: Direction;
  readonly workload: WorkloadRef;
  readonly peer: Peer;
  readonly port: PortMatch;
  readonly application?: string;
  /** Policies that isolate the end, any of which could hold the rule. */
  readonly policies: readonly string[];
  /** The allowance in words. */
  readonly what: string;
  /** One sentence for people, with the policies that lack it where others enforce theirs apart. */
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
  /** Whether the last word of this end, by every layer, is to let it through; it may still be uncertain, as the verdict says. */
  readonly isAllowed: boolean;
  /** All of them are needed, one a layer; none where this end allows, or where an admin rule denies and no allowance can help. */
  readonly missing: readonly MissingRule[];
}

export interface Explanation {
  readonly connection: Connection;
  readonly verdict: Verdict;
  /** Egress first. */
  readonly sides: readonly ExplainedSide[];
}

/** Explains a verdict to people: both ends, what decided at each, and the smallest rules that are missing. */
export function explain(inForce: PoliciesInForce, snapshot: Snapshot, connection: Connection): Explanation {
  const verdict = evaluate(inForce, snapshot, connection);
  const parties = new PartyFinder(snapshot);
  const from = parties.find(connection.from);
  const to = parties.find(connection.to);
  const layers = layersOf(inForce);
  const coverage = new LayeredCoverage(layers, snapshot);
  const programs = new HostPrograms(snapshot);
  const side = (direction: Direction, subject: Party, peer: Party): ExplainedSide => {
    const reasons = verdict.reasons.filter((reason) => reason.direction === direction);
    const workload = subject.pod?.workload ?? programs.at(subject.address, connection)?.workload;
    const denying = layers.filter(({ enforcedBy }) => reasons.findLast((reason) => reason.enforcedBy === enforcedBy)?.effect === 'deny');
    const missing = denying.flatMap(({ enforcedBy }) => missingRules(direction, workload, peer, connection, { enforcedBy, isApart: layers.length > 1, reasons: reasons.filter((reason) => reason.enforcedBy === enforcedBy) }));
    return {
      direction,
      subject: formatParty(subject),
      peer: formatParty(peer),
      policies: policiesOf(coverage, direction, subject),
      reasons,
      isAllowed: denying.length === 0,
      missing,
    };
  };
  return { connection, verdict, sides: [side('egress', from, to), side('ingress', to, from)] };
}

function policiesOf(index: LayeredCoverage, direction: Direction, subject: Party): readonly string[] {
  const pod = index.subjectAt(direction, subject);
  if (pod === undefined) return [];
  return index.covering(pod).flatMap(({ coverage: { admin, namespaced, baseline } }) =>
    [
      ...admin.filter(({ policy }) => policy[direction].length > 0),
      ...namespaced.filter(({ policy }) => policy[direction] !== undefined),
      ...baseline.filter(({ policy }) => policy[direction].length > 0),
    ].map(({ policy }) => policy.name),
  );
}

interface Denial {
  readonly enforcedBy: EnforcedBy | undefined;
  /** Whether another enforces policies too. */
  readonly isApart: boolean;
  readonly reasons: readonly VerdictReason[];
}

function missingRules(direction: Direction, workload: WorkloadRef | undefined, peer: Party, connection: Connection, { enforcedBy, isApart, reasons }: Denial): readonly MissingRule[] {
  const policies = reasons.flatMap((reason) => (reason.effect === 'deny' && reason.rule === undefined && reason.policy !== undefined ? [reason.policy] : []));
  if (workload === undefined || policies.length === 0) return [];
  const { protocol, port, application } = connection;
  const way = direction === 'egress' ? 'to' : 'from';
  const other = peerOf(peer);
  const what = `${direction} of ${workloadKey(workload)} ${way} ${other === undefined ? peer.address.text : workloadKey(other)} on ${formatConnection(connection)}`;
  const missing: MissingRule = {
    ...(enforcedBy === undefined ? {} : { enforcedBy }),
    direction,
    workload,
    peer: other === undefined ? { kind: 'cidr', cidr: hostPrefix(peer.address), except: [] } : { kind: 'workload', workload: other },
    port: protocol === 'ICMP' ? { kind: 'protocol', protocol } : { kind: 'range', protocol, from: port, to: port },
    ...(application === undefined ? {} : { application }),
    policies,
    what,
    text: `missing${isApart && enforcedBy === 'network' ? ` in ${policies.join(' or ')}` : ''}: ${what}`,
  };
  return [missing];
}

function peerOf({ pod, host }: Party): WorkloadRef | undefined {
  return pod?.workload ?? (host !== undefined && isHostProgram(host.workload) ? host.workload : undefined);
}
