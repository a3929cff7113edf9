import { compareText, type Direction, type Flow, type Rule, type Snapshot, workloadKey, type WorkloadKey, type WorkloadRef } from '#model';

import type { AllowedPorts } from './allowed-ports.ts';
import { endsByWorkload, type PodEnd, podEnds, portsOfEnd, siblingOf } from './ends.ts';
import type { AttributedEnd } from './flow-parties.ts';
import { LayeredCoverage } from './layered-coverage.ts';
import { layersOf, type PoliciesInForce } from './layers.ts';
import type { Party } from './party.ts';
import { RuleReach } from './rule-reach.ts';
import { PeerMatcher } from './peer-matching.ts';
import { intersectPorts, NO_PORTS, type PortSet, portSet, portsOfRule, subtractPorts, unitePorts } from './port-set.ts';

/** A path between two workloads that rules open and nobody has shown a need for. */
export interface UnusedPath {
  readonly from: WorkloadRef;
  readonly to: WorkloadRef;
  readonly ports: PortSet;
  /** The rules at the closed ends that open it, `policy rule`. */
  readonly rules: readonly string[];
}

/** Collects the paths flows used, to tell which open paths nobody did. */
export class UsedPaths {
  readonly #ports = new Map<string, PortSet>();

  add(from: AttributedEnd, to: AttributedEnd, { protocol, port }: Flow): void {
    const number = protocol === 'ICMP' ? 0 : port;
    if (number === null) return;
    for (const sender of workloadsOf(from)) {
      for (const receiver of workloadsOf(to)) {
        const key = `${sender} ${receiver}`;
        this.#ports.set(key, unitePorts(this.#ports.get(key) ?? NO_PORTS, portSet([{ protocol, from: number, to: number }])));
      }
    }
  }

  /**
   * Paths where at least one end is closed and a rule opens them all the same. A rule's evidence
   * speaks for what the rule says, not for what it was widened to. `about`: only paths with such an end.
   */
  unusedIn(allowed: AllowedPorts, snapshot: Snapshot, inForce: PoliciesInForce, about?: ReadonlySet<WorkloadKey>): readonly UnusedPath[] {
    if (about?.size === 0) return [];
    const ends = endsByWorkload(podEnds(snapshot, [{ family: 4, first: 0n, last: (1n << 32n) - 1n }, { family: 6, first: 0n, last: (1n << 128n) - 1n }]));
    const openers = new Openers(inForce, snapshot);
    const paths: UnusedPath[] = [];
    for (const [sender, receiver] of pairsWorthAsking(ends, allowed, new RuleReach(inForce, snapshot))) {
      if (about !== undefined && !about.has(sender) && !about.has(receiver)) continue;
      const path = this.#unusedBetween(sender, ends.get(sender) ?? [], receiver, ends.get(receiver) ?? [], allowed, openers);
      if (path !== undefined) paths.push(path);
    }
    return paths.sort((a, b) => compareText(workloadKey(a.from), workloadKey(b.from)) || compareText(workloadKey(a.to), workloadKey(b.to)));
  }

  #unusedBetween(sender: WorkloadKey, senders: readonly PodEnd[], receiver: WorkloadKey, receivers: readonly PodEnd[], allowed: AllowedPorts, openers: Openers): UnusedPath | undefined {
    const used = this.#ports.get(`${sender} ${receiver}`) ?? NO_PORTS;
    let unused = NO_PORTS;
    const rules = new Set<string>();
    let from: WorkloadRef | undefined;
    let to: WorkloadRef | undefined;
    for (const one of senders) {
      for (const other of receivers) {
        if (one.party.address.family !== other.party.address.family) continue;
        const isSentClosed = allowed.isCovered(one.party, 'egress');
        const isReceivedClosed = allowed.isCovered(other.party, 'ingress');
        if (!isSentClosed && !isReceivedClosed) continue;
        const destination = siblingOf(one.party, other.party);
        const open = subtractPorts(portsOfEnd(destination, allowed.between(one.party, destination)), used);
        if (open.length === 0) continue;
        const sides = [...(isSentClosed ? [openers.opening('egress', one.party, destination, destination, open)] : []), ...(isReceivedClosed ? [openers.opening('ingress', destination, one.party, destination, open)] : [])];
        const asked = sides.reduce((ports, side) => unitePorts(ports, side.asked), NO_PORTS);
        const rest = subtractPorts(open, asked);
        if (rest.length === 0) continue;
        unused = unitePorts(unused, rest);
        for (const side of sides) for (const rule of side.rules) rules.add(rule);
        from = one.workload;
        to = other.workload;
      }
    }
    return from === undefined || to === undefined ? undefined : { from, to, ports: unused, rules: [...rules].sort(compareText) };
  }
}

// A closed receiver is reached by those its rules name, an open one by those whose own rules name it. Of
// two open ends no rule opens anything, so in a cluster where little is closed few pairs are asked.
function* pairsWorthAsking(ends: ReadonlyMap<WorkloadKey, readonly PodEnd[]>, allowed: AllowedPorts, reach: RuleReach): Generator<readonly [WorkloadKey, WorkloadKey]> {
  const isCovered = ({ party }: PodEnd, direction: Direction): boolean => allowed.isCovered(party, direction);
  const receivers = [...ends].map(([key, own]) => ({ key, covered: own.filter((end) => isCovered(end, 'ingress')).length, all: own.length }));
  const closed = new Set(receivers.flatMap(({ key, covered, all }) => (covered === all ? [key] : [])));
  const partlyClosed = receivers.flatMap(({ key, covered, all }) => (covered > 0 && covered < all ? [key] : []));
  const others = (key: WorkloadKey, direction: Direction): ReadonlySet<WorkloadKey> => {
    const named = new Set<WorkloadKey>();
    for (const { party } of ends.get(key) ?? []) {
      const reached = reach.of(party, direction);
      if (reached === 'all') return new Set(ends.keys());
      for (const other of reached) if (ends.has(other)) named.add(other);
    }
    return named;
  };
  for (const receiver of closed) for (const sender of others(receiver, 'ingress')) yield [sender, receiver];
  for (const [sender, own] of ends) {
    const asked = own.some((end) => isCovered(end, 'egress')) ? others(sender, 'egress') : partlyClosed;
    for (const receiver of asked) if (!closed.has(receiver)) yield [sender, receiver];
  }
}

/** Finds the rules that open ports at one end, and which of them have evidence of their own. */
class Openers {
  readonly #coverage: LayeredCoverage;
  readonly #matcher: PeerMatcher;

  constructor(inForce: PoliciesInForce, snapshot: Snapshot) {
    this.#coverage = new LayeredCoverage(layersOf(inForce), snapshot);
    this.#matcher = new PeerMatcher(snapshot);
  }

  opening(direction: 'ingress' | 'egress', subject: Party, peer: Party, destination: Party, open: PortSet): { readonly rules: readonly string[]; readonly asked: PortSet } {
    const rules: string[] = [];
    let asked = NO_PORTS;
    const closed = this.#coverage.subjectAt(direction, subject);
    if (closed === undefined) return { rules, asked };
    const policies = this.#coverage.covering(closed).flatMap(({ coverage: { admin, namespaced, baseline } }) => [...admin, ...namespaced, ...baseline]);
    for (const { policy } of policies) {
      for (const rule of policy[direction] ?? []) {
        const ports = intersectPorts(portsOfRule(rule.ports, destination.pod), open);
        if (ports.length === 0 || this.#matcher.matchAny(rule.peers, peer) !== 'yes') continue;
        rules.push(`${policy.name} ${rule.id}`);
        if (hasOwnEvidence(rule)) asked = unitePorts(asked, ports);
      }
    }
    return { rules, asked };
  }
}

function hasOwnEvidence({ evidence, widenings }: Rule): boolean {
  return widenings.length === 0 && evidence.some(({ kind }) => kind !== 'permitted');
}

function workloadsOf({ parties }: AttributedEnd): ReadonlySet<WorkloadKey> {
  return new Set(parties.map(({ pod, host }) => pod ?? host).filter((pod) => pod !== undefined).map((pod) => workloadKey(pod.workload)));
}
