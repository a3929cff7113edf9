import { compareText, type Direction, type Pod } from '#model';
import { comparePolicies } from '#policy';

import { type Digest, digestOf } from './digest.ts';
import type { PortSet, Profile, ProfileRule, RuleMatch } from './node-bundle.ts';
import type { PeerGroup } from './peer-group.ts';
import type { PolicyTemplate, RuleTemplate } from './policy-rules.ts';
import { asPortMatch, lookUp, type NamedPort, readPorts } from './port-set.ts';
import { slug } from './printable-text.ts';

type MatchPlan =
  | { readonly kind: 'peer'; readonly peer: PeerGroup | 'any'; readonly ports: PortSet | 'icmp' | 'any' }
  | { readonly kind: 'socket'; readonly sockets: PeerGroup };

interface RulePlan {
  readonly template: RuleTemplate;
  readonly matches: readonly MatchPlan[];
}

interface Plan {
  readonly admin: readonly RulePlan[];
  readonly namespaced: readonly RulePlan[];
  readonly baseline: readonly RulePlan[];
}

/** One distinct combination of policies in one direction, with who follows it. */
export class ProfileState {
  readonly key: string;
  readonly name: string;
  /** How many pods of each node follow it. */
  readonly nodes = new Map<string, number>();
  /** Pods that follow it, those without a node too; at none it is forgotten. */
  followers = 0;
  readonly groups: ReadonlySet<PeerGroup>;
  readonly #plan: Plan;
  readonly #head: Omit<Profile, 'admin' | 'namespaced' | 'baseline' | 'digest'>;
  #value: Profile | undefined;

  constructor(key: string, direction: Direction, policies: readonly PolicyTemplate[], pod: Pod, digest: Digest) {
    this.key = key;
    const sorted = [...policies].sort((a, b) => comparePolicies(a.policy, b.policy));
    const isolating = sorted.filter(({ policy }) => policy.kind === 'namespaced').map(({ policy }) => policy.name);
    this.#plan = planOf(direction, sorted, pod, digest);
    this.groups = new Set(allRules(this.#plan).flatMap(({ matches }) => matches.flatMap(groupOf)));
    const isolatedBy = takesEverything(this.#plan.namespaced) ? [] : isolating;
    const why = sorted.map(({ policy }) => policy.name).join(', ');
    this.name = `${direction === 'ingress' ? 'i' : 'o'}_${slug(sorted[0]?.policy.name ?? '')}_${this.#identity(direction, why, isolatedBy, digest)}`;
    this.#head = { direction, name: this.name, why, isolatedBy };
  }

  membersChanged(): void {
    this.#value = undefined;
  }

  valueOf(digest: Digest): Profile {
    this.#value ??= this.#describe(digest);
    return this.#value;
  }

  #describe(digest: Digest): Profile {
    const rules = (plans: readonly RulePlan[]): readonly ProfileRule[] => plans.map((plan) => describeRule(plan, digest));
    const digests = [...this.groups].map((group) => group.valueOf(digest)).sort((a, b) => compareText(a.name, b.name)).map((set) => set.digest);
    return {
      ...this.#head,
      admin: rules(this.#plan.admin),
      namespaced: rules(this.#plan.namespaced),
      baseline: rules(this.#plan.baseline),
      digest: digestOf(digest, [this.name, ...digests]),
    };
  }

  // Everything that is written into the chain, members of sets apart.
  #identity(direction: Direction, why: string, isolatedBy: readonly string[], digest: Digest): string {
    const texts = allRules(this.#plan).map(({ template, matches }) => {
      const { policy, rule, action, application, enforceApplication, expiry, why } = template;
      return JSON.stringify([policy, rule, action, application ?? null, enforceApplication ?? false, expiry?.set ?? null, why, matches.map(matchKey)]);
    });
    const { admin, namespaced } = this.#plan;
    return digestOf(digest, [direction, why, JSON.stringify(isolatedBy), String(admin.length), String(namespaced.length), ...texts]).slice(0, 20);
  }
}

/** What an ingress profile depends on beside its policies: the ports the named ones lead to on this pod. */
export function portSignature(named: readonly NamedPort[], pod: Pod): string {
  if (named.length === 0) return '';
  return JSON.stringify(named.map((port) => lookUp(port, pod.ports).map(({ protocol, port: number }) => `${protocol}/${String(number)}`)));
}

function planOf(direction: Direction, policies: readonly PolicyTemplate[], pod: Pod, digest: Digest): Plan {
  const rulesOf = (tier: 'admin' | 'namespaced' | 'baseline'): readonly RulePlan[] =>
    policies
      .filter(({ policy }) => (policy.kind === 'admin' ? policy.tier : 'namespaced') === tier)
      .flatMap((template) => template[direction]?.rules ?? [])
      .map((template) => ({ template, matches: matchesOf(template, direction, pod, digest) }));
  return { admin: withoutLastPasses(reachable(rulesOf('admin'))), namespaced: reachable(plainFirst(rulesOf('namespaced'))), baseline: reachable(rulesOf('baseline')) };
}

function matchesOf({ peers, ports, sockets }: RuleTemplate, direction: Direction, pod: Pod, digest: Digest): readonly MatchPlan[] {
  const targets: readonly (PeerGroup | 'any')[] = peers === 'any' ? ['any'] : peers.filter(({ definition }) => definition.families?.length !== 0);
  if (ports === 'any') return targets.map((peer) => ({ kind: 'peer', peer, ports: 'any' }));
  const resolved = direction === 'ingress' ? ports.flatMap((port) => (port.kind === 'named' ? lookUp(port, pod.ports).map(asPortMatch) : [port])) : ports;
  const demand = readPorts(resolved, digest);
  const kinds: readonly (PortSet | 'icmp')[] = [...(demand.ports === undefined ? [] : [demand.ports]), ...(demand.icmp ? (['icmp'] as const) : [])];
  return [
    ...targets.flatMap((peer) => kinds.map((kind): MatchPlan => ({ kind: 'peer', peer, ports: kind }))),
    ...sockets.map((group): MatchPlan => ({ kind: 'socket', sockets: group })),
  ];
}

// Within a tier the first match decides, so one that was asked before, or comes after one that takes everything, never is.
function reachable(rules: readonly RulePlan[]): readonly RulePlan[] {
  const asked = new Set<string>();
  const kept: RulePlan[] = [];
  for (const { template, matches } of rules) {
    if (asked.has(EVERYTHING)) break;
    const fresh = matches.filter((match) => !asked.has(matchKey(match)));
    // one that ends leaves what it matched to those after it
    if (template.expiry === undefined) for (const match of fresh) asked.add(matchKey(match));
    if (fresh.length > 0) kept.push({ template, matches: [...new Map(fresh.map((match) => [matchKey(match), match])).values()] });
  }
  return kept;
}

// The middle tier is a union: what some rule lets through for good, another must not hold to an application or end.
function plainFirst(rules: readonly RulePlan[]): readonly RulePlan[] {
  const rank = ({ template }: RulePlan): number => (template.enforceApplication === true ? 2 : 0) + (template.expiry === undefined ? 0 : 1);
  return [...rules].sort((a, b) => rank(a) - rank(b));
}

// To pass at the end of the tier is what happens anyway.
function withoutLastPasses(rules: readonly RulePlan[]): readonly RulePlan[] {
  return rules.slice(0, rules.findLastIndex(({ template }) => template.action !== 'pass') + 1);
}

const EVERYTHING = 'peer any any';

function takesEverything(rules: readonly RulePlan[]): boolean {
  return rules.some(({ template, matches }) => template.expiry === undefined && template.enforceApplication !== true && matches.some((match) => matchKey(match) === EVERYTHING));
}

function matchKey(match: MatchPlan): string {
  if (match.kind === 'socket') return `socket ${match.sockets.definition.key}`;
  const peer = match.peer === 'any' ? 'any' : `(${match.peer.definition.key})`;
  return `peer ${peer} ${typeof match.ports === 'string' ? match.ports : match.ports.name}`;
}

function groupOf(match: MatchPlan): readonly PeerGroup[] {
  if (match.kind === 'socket') return [match.sockets];
  return match.peer === 'any' ? [] : [match.peer];
}

function allRules({ admin, namespaced, baseline }: Plan): readonly RulePlan[] {
  return [...admin, ...namespaced, ...baseline];
}

function describeRule({ template, matches }: RulePlan, digest: Digest): ProfileRule {
  const { policy, rule, home, action, application, enforceApplication, expiry, why } = template;
  const speaks = { ...(application === undefined ? {} : { application }), ...(enforceApplication === undefined ? {} : { enforceApplication }) };
  return { policy, rule, home, action, ...speaks, ...(expiry === undefined ? {} : { expiry }), why, matches: matches.map((match) => describeMatch(match, digest)) };
}

function describeMatch(match: MatchPlan, digest: Digest): RuleMatch {
  if (match.kind === 'socket') return { kind: 'socket', sockets: match.sockets.valueOf(digest) };
  return { kind: 'peer', peer: match.peer === 'any' ? 'any' : match.peer.valueOf(digest), ports: match.ports };
}
