import { type AdminPolicy, type Connection, type Direction, type NamespacedPolicy, type Pod, type Rule, type VerdictReason } from '#model';

import type { Applied, Coverage } from './applied-policies.ts';
import type { Certainty } from './membership.ts';
import { formatParty, type Party, speaks } from './party.ts';
import type { PeerMatcher } from './peer-matching.ts';
import { matchesPorts } from './port-matching.ts';

/** A connection asked about at one of its ends: may this pod send it, or may it receive it? */
export interface Side {
  readonly direction: Direction;
  readonly pod: Pod;
  readonly peer: Party;
  readonly destination: Pod | undefined;
  readonly connection: Pick<Connection, 'protocol' | 'port' | 'application'>;
}

/** What one end may say. Both at once where it hangs on labels or names this snapshot does not know. */
export interface SideVerdict {
  readonly mayAllow: boolean;
  readonly mayDeny: boolean;
  readonly reasons: readonly VerdictReason[];
}

/**
 * Decides one end by the tiers: admin rules in priority order, the first that matches decides or
 * passes on; then NetworkPolicies, a union of allowances that isolates whatever it selects; then
 * the baseline, only for what no NetworkPolicy selects; then open.
 *
 * Where a match is uncertain both ways are followed, so the answer holds whatever is true.
 */
export function decideSide(side: Side, coverage: Coverage, matcher: PeerMatcher): SideVerdict {
  const decision = new Deciding(side, matcher);
  if (decision.askTier(coverage.admin) && decision.askNamespaced(coverage.namespaced) && decision.askTier(coverage.baseline)) decision.open(coverage);
  return decision;
}

class Deciding implements SideVerdict {
  readonly #side: Side;
  readonly #matcher: PeerMatcher;
  readonly reasons: VerdictReason[] = [];
  mayAllow = false;
  mayDeny = false;

  constructor(side: Side, matcher: PeerMatcher) {
    this.#side = side;
    this.#matcher = matcher;
  }

  /** Asks an ordered tier; true where the next tier has to be asked too. */
  askTier(tier: readonly Applied<AdminPolicy>[]): boolean {
    let mayPass = false;
    for (const { policy, certainty: selected } of tier) {
      for (const rule of policy[this.#side.direction]) {
        const certainty = weaker(selected, this.#match(rule));
        if (certainty === 'no') continue;
        if (rule.action === 'allow') this.mayAllow = true;
        else if (rule.action === 'deny') this.mayDeny = true;
        else mayPass = true;
        this.#say(rule.action, policy.name, rule.id, certainty, ruleText(rule));
        if (certainty === 'yes') return mayPass;
      }
    }
    return true;
  }

  /** Asks the NetworkPolicies; true where the pod may be selected by none of them. */
  askNamespaced(policies: readonly Applied<NamespacedPolicy>[]): boolean {
    const isolating = policies.filter(({ policy }) => policy[this.#side.direction] !== undefined);
    if (isolating.length === 0) return true;
    const said = this.reasons.length;
    let best: Certainty = 'no';
    for (const { policy, certainty: selected } of isolating) {
      for (const rule of policy[this.#side.direction] ?? []) {
        const certainty = weaker(selected, this.#match(rule));
        if (certainty === 'no') continue;
        if (best !== 'yes') best = certainty;
        this.#say('allow', policy.name, rule.id, certainty, ruleText(rule));
      }
    }
    const isSelected = isolating.some(({ certainty }) => certainty === 'yes');
    if (best !== 'no') this.mayAllow = true;
    if (best !== 'yes') {
      this.mayDeny = true;
      if (this.reasons.length === said || isSelected) this.#sayIsolated(isolating);
    }
    return !isSelected;
  }

  open(coverage: Coverage): void {
    const { direction, pod } = this.#side;
    this.mayAllow = true;
    const isUncovered = coverage.admin.length + coverage.namespaced.length + coverage.baseline.length === 0;
    const text = isUncovered ? `no policy selects ${pod.namespace}/${pod.name}` : `no policy that selects ${pod.namespace}/${pod.name} decides this ${direction}`;
    this.reasons.push({ direction, effect: 'allow', text: `${text}, so it is open` });
  }

  #match(rule: Rule): Certainty {
    const { connection, destination, peer } = this.#side;
    if (!speaks(connection, rule.application)) return 'no';
    if (!matchesPorts(rule.ports, destination, connection.protocol, connection.port)) return 'no';
    return this.#matcher.matchAny(rule.peers, peer);
  }

  #say(action: 'allow' | 'deny' | 'pass', policy: string, rule: string, certainty: Certainty, what: string): void {
    const { direction } = this.#side;
    const verb = action === 'allow' ? 'allows' : action === 'deny' ? 'denies' : 'passes on';
    const text = certainty === 'yes' ? `${policy} ${verb} it by ${rule}${what}` : `${policy} ${verb} it by ${rule}${what}, if what it names is there: this input does not say`;
    this.reasons.push({ direction, effect: action, policy, rule, text });
  }

  #sayIsolated(isolating: readonly Applied<NamespacedPolicy>[]): void {
    const { direction, pod, peer, connection } = this.#side;
    const way = direction === 'ingress' ? 'from' : 'to';
    const what = `${formatConnection(connection)} ${way} ${formatParty(peer)}`;
    for (const { policy } of isolating) {
      const count = policy[direction]?.length ?? 0;
      const rules = count === 0 ? 'has no rule' : count === 1 ? 'its one rule does not allow' : `none of its ${String(count)} rules allows`;
      const text = `${policy.name} isolates ${pod.namespace}/${pod.name} for ${direction}, and ${count === 0 ? `${rules} for` : rules} ${what}`;
      this.reasons.push({ direction, effect: 'deny', policy: policy.name, text });
    }
  }
}

/** `5432/TCP`, `ICMP`, with the application where one is known. */
export function formatConnection({ protocol, port, application }: Pick<Connection, 'protocol' | 'port' | 'application'>): string {
  const place = protocol === 'ICMP' ? protocol : `${String(port)}/${protocol}`;
  return application === undefined ? place : `${place} (${application})`;
}

function ruleText(rule: Rule): string {
  const [first] = rule.evidence;
  return first === undefined ? '' : ` (${first.text})`;
}

function weaker(a: Certainty, b: Certainty): Certainty {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'maybe' || b === 'maybe' ? 'maybe' : 'yes';
}
