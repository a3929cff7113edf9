import type { AdminPolicy, Direction, NamespacedPolicy, Pod, Rule, Snapshot } from '#model';

import type { Applied, Coverage } from './applied-policies.ts';
import { LayeredCoverage } from './layered-coverage.ts';
import { layersOf, type PoliciesInForce, type PolicyReplacement } from './layers.ts';
import type { Certainty } from './membership.ts';
import { isOwnNode, isSamePod, type Party } from './party.ts';
import { PeerMatcher } from './peer-matching.ts';
import { EVERY_PORT, intersectPorts, NO_PORTS, type PortSet, portsOfRule, subtractPorts, unitePorts } from './port-set.ts';

/**
 * What application a set of connections speaks, as rules see it: `any` is traffic whose
 * application nobody knows, which every rule may match; `other` is one no rule names.
 */
export type ApplicationView = 'any' | 'other' | { readonly application: string };

/**
 * How to read what the snapshot does not know: `certain` counts only what is let through whatever
 * is true, `possible` also what may be.
 */
export type Reading = 'certain' | 'possible';

/** All ports that get through between two parties at once, by set algebra: what `evaluate` says of each of them. */
export class AllowedPorts {
  #coverage: LayeredCoverage;
  readonly #matcher: PeerMatcher;
  readonly #snapshot: Snapshot;

  constructor(inForce: PoliciesInForce, snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#coverage = new LayeredCoverage(layersOf(inForce), snapshot);
    this.#matcher = new PeerMatcher(snapshot);
  }

  /** The same with another policy of one workload. */
  replacing(replacement: PolicyReplacement): AllowedPorts {
    const made = new AllowedPorts(NOTHING_IN_FORCE, this.#snapshot);
    made.#coverage = this.#coverage.replacing(replacement);
    return made;
  }

  between(from: Party, to: Party, view: ApplicationView = 'any', reading: Reading = 'certain'): PortSet {
    if (isSamePod(from, to) || this.#coverage.isWithinHost(from, to)) return EVERY_PORT;
    const sent = this.side('egress', from, to, to.pod, view, reading);
    if (sent.length === 0 || (to.pod !== undefined && isOwnNode(from, to.pod, this.#snapshot))) return sent;
    return intersectPorts(sent, this.side('ingress', to, from, to.pod, view, reading));
  }

  /** What one end lets through, by all layers: everything, where it is neither a pod that policies can select nor a closed host. */
  side(direction: Direction, subject: Party, peer: Party, destination: Pod | undefined, view: ApplicationView, reading: Reading): PortSet {
    const asked = this.#coverage.subjectAt(direction, subject);
    let ports = EVERY_PORT;
    for (const { coverage } of asked === undefined ? [] : this.#coverage.covering(asked)) {
      ports = intersectPorts(ports, this.#allowedBy(coverage, direction, peer, destination, view, reading));
      if (ports.length === 0) return NO_PORTS;
    }
    return ports;
  }

  #allowedBy({ admin, namespaced, baseline }: Coverage, direction: Direction, peer: Party, destination: Pod | undefined, view: ApplicationView, reading: Reading): PortSet {
    const portsOf = (rule: Rule): { readonly ports: PortSet; readonly certainty: Certainty } => {
      const certainty = meansApplication(rule, view) ? this.#matcher.matchAny(rule.peers, peer) : 'no';
      return { certainty, ports: certainty === 'no' ? NO_PORTS : portsOfRule(rule.ports, destination) };
    };
    const first = askTier(admin, direction, EVERY_PORT, portsOf, reading);
    if (first.passed.length === 0) return first.allowed;
    const isolating = namespaced.filter(({ policy }) => policy[direction] !== undefined);
    const second = isolating.length === 0 ? askTier(baseline, direction, first.passed, portsOf, reading) : undefined;
    if (second !== undefined) return unitePorts(first.allowed, unitePorts(second.allowed, second.passed));
    return unitePorts(first.allowed, intersectPorts(first.passed, unionOf(isolating, direction, portsOf, reading)));
  }

  /** Applications that rules for these parties name. */
  applicationsOf(parties: readonly Party[]): readonly string[] {
    const names = new Set<string>();
    for (const party of parties) {
      const pod = this.#coverage.subjectAt('ingress', party);
      for (const { coverage } of pod === undefined ? [] : this.#coverage.covering(pod)) {
        for (const { policy } of [...coverage.admin, ...coverage.namespaced, ...coverage.baseline]) {
          for (const rule of [...(policy.ingress ?? []), ...(policy.egress ?? [])]) if (rule.application !== undefined) names.add(rule.application);
        }
      }
    }
    return [...names].sort();
  }

  /** Whether some policy closes this direction of who is there, or may: without one it is open to everybody. */
  isCovered(party: Party, direction: Direction): boolean {
    const pod = this.#coverage.subjectAt(direction, party);
    return pod !== undefined && this.#coverage.covering(pod).some(({ coverage: { admin, namespaced, baseline } }) => namespaced.some(({ policy }) => policy[direction] !== undefined) || [...admin, ...baseline].some(({ policy }) => policy[direction].length > 0));
  }
}

const NOTHING_IN_FORCE: PoliciesInForce = { kind: 'layers', number: 0, layers: [] };

type PortsOf = (rule: Rule) => { readonly ports: PortSet; readonly certainty: Certainty };

function askTier(
  tier: readonly Applied<AdminPolicy>[],
  direction: Direction,
  asked: PortSet,
  portsOf: PortsOf,
  reading: Reading,
): { readonly allowed: PortSet; readonly passed: PortSet } {
  let open = asked;
  let allowed = NO_PORTS;
  let passed = NO_PORTS;
  for (const { policy, certainty: selected } of tier) {
    for (const rule of policy[direction]) {
      const { ports, certainty } = portsOf(rule);
      if (certainty === 'no') continue;
      const isCertain = certainty === 'yes' && selected === 'yes';
      const decided = intersectPorts(open, ports);
      if (!isCertain && rule.action !== 'pass' && (rule.action === 'deny') === (reading === 'possible')) continue;
      // for the smaller answer an uncertain pass lets nothing through, for the larger one both ways stay open
      const counts = isCertain || reading === 'possible';
      if (rule.action === 'allow') allowed = unitePorts(allowed, decided);
      if (rule.action === 'pass' && counts) passed = unitePorts(passed, decided);
      if (isCertain || reading === 'certain') open = subtractPorts(open, decided);
      if (open.length === 0) return { allowed, passed };
    }
  }
  return { allowed, passed: unitePorts(passed, open) };
}

function unionOf(policies: readonly Applied<NamespacedPolicy>[], direction: Direction, portsOf: PortsOf, reading: Reading): PortSet {
  let allowed = NO_PORTS;
  for (const { policy, certainty: selected } of policies) {
    for (const rule of policy[direction] ?? []) {
      const { ports, certainty } = portsOf(rule);
      const isCertain = certainty === 'yes' && selected === 'yes';
      if (certainty !== 'no' && (isCertain || reading === 'possible')) allowed = unitePorts(allowed, ports);
    }
  }
  return allowed;
}

function meansApplication({ application }: Rule, view: ApplicationView): boolean {
  if (application === undefined || view === 'any') return true;
  return view !== 'other' && view.application === application;
}
