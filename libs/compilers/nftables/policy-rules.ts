import type { AdminRule, Direction, Policy, PortMatch, Rule } from '#model';

import { type Digest, digestOf } from './digest.ts';
import type { GroupTable } from './group-table.ts';
import type { ProfileRule } from './node-bundle.ts';
import type { PeerGroup } from './peer-group.ts';
import type { NamedPort } from './port-set.ts';
import { slug } from './printable-text.ts';
import { homeNumber } from './rule-numbers.ts';
import type { Selection } from './selection-index.ts';

/** One rule with its peers looked up; whatever depends on the pod it applies to is still open. */
export interface RuleTemplate {
  readonly policy: string;
  readonly rule: string;
  readonly home: number;
  readonly action: 'allow' | 'deny' | 'pass';
  readonly application?: string;
  readonly enforceApplication?: boolean;
  readonly expiry?: ProfileRule['expiry'];
  readonly why: readonly string[];
  readonly peers: readonly PeerGroup[] | 'any';
  readonly ports: readonly PortMatch[] | 'any';
  /** Egress only: ports by name, on each peer that has them. */
  readonly sockets: readonly PeerGroup[];
}

export interface DirectionTemplate {
  readonly rules: readonly RuleTemplate[];
  /** Ingress only: names that are looked up on the pod the policy applies to. */
  readonly named: readonly NamedPort[];
}

/** A policy ready to be put together with others into profiles. */
export interface PolicyTemplate {
  readonly id: number;
  readonly policy: Policy;
  readonly selection: Selection;
  readonly ingress: DirectionTemplate | undefined;
  readonly egress: DirectionTemplate | undefined;
  /** Every group its rules use, once per use. */
  readonly groups: readonly PeerGroup[];
}

export function policyTemplate(id: number, policy: Policy, selection: Selection, groups: GroupTable, digest: Digest): PolicyTemplate {
  const used: PeerGroup[] = [];
  const templateOf = (direction: Direction): DirectionTemplate | undefined => {
    const rules = direction === 'ingress' ? policy.ingress : policy.egress;
    // an admin policy without rules for a direction says nothing about it
    if (rules === undefined || (policy.kind === 'admin' && rules.length === 0)) return undefined;
    const templates = rules.map((rule) => ruleTemplate(policy, rule, direction, groups, digest));
    for (const { peers, sockets } of templates) used.push(...(peers === 'any' ? [] : peers), ...sockets);
    return { rules: templates, named: direction === 'ingress' ? rules.flatMap(namedPorts) : [] };
  };
  return { id, policy, selection, ingress: templateOf('ingress'), egress: templateOf('egress'), groups: used };
}

function ruleTemplate(policy: Policy, rule: Rule | AdminRule, direction: Direction, groups: GroupTable, digest: Digest): RuleTemplate {
  const named = direction === 'egress' ? namedPorts(rule) : [];
  const action = 'action' in rule ? rule.action : 'allow';
  return {
    policy: policy.name,
    rule: rule.id,
    home: homeNumber({ policy: policy.name, rule: rule.id }, digest),
    action,
    ...(rule.application === undefined ? {} : { application: rule.application }),
    ...(rule.enforceApplication === true ? { enforceApplication: true } : {}),
    ...(rule.expiresAt === undefined ? {} : { expiry: { at: rule.expiresAt, set: expirySet(policy, rule, rule.expiresAt, digest) } }),
    why: reasonsFor(rule),
    peers: rule.peers === 'any' ? 'any' : groups.groupsOf(rule.peers, action === 'deny'),
    ports: rule.ports,
    sockets: named.flatMap((port) => groups.socketGroupsOf(rule.peers, action === 'deny', port)),
  };
}

function expirySet({ name }: Policy, { id }: Rule, at: number, digest: Digest): string {
  return `t_${slug(id)}_${digestOf(digest, [name, id, String(at)]).slice(0, 12)}`;
}

function namedPorts({ ports }: Rule): readonly NamedPort[] {
  return ports === 'any' ? [] : ports.filter((port) => port.kind === 'named');
}

// What a person reads beside the rule: enough to find the evidence, not all of it. A policy somebody
// wrote is its own reason; which line of a file it stood in is not part of what is enforced.
const MOST_REASONS = 3;
const LONGEST_REASON = 200;

function reasonsFor({ why, evidence, widenings }: Rule): readonly string[] {
  const found = evidence.map(({ where, text }) => `${text} (${where})`);
  const widened = widenings.map((text) => `wider than its evidence: ${text}`);
  const reasons = [...(why === undefined ? [] : [why]), ...found.slice(0, MOST_REASONS), ...widened.slice(0, MOST_REASONS)];
  if (found.length > MOST_REASONS) reasons.push(`and ${String(found.length - MOST_REASONS)} more`);
  return reasons.map((reason) => reason.slice(0, LONGEST_REASON));
}
