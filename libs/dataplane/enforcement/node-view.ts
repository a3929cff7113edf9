import { type EnforcementMode, layOutRuleset, type NodeBundle, type Profile, type ProfileRule, type RuleMatch } from '#compilers/nftables';

import type { RuleCounter } from '../driver.ts';
import type { NodeLayout } from './node-state.ts';

/** Connections a rule let through, by `<direction> <number>`, as the flow watcher counted them. */
export type RuleConnections = ReadonlyMap<string, number>;

export interface RuleView {
  readonly number: number;
  readonly policy: string;
  readonly rule: string;
  readonly action: ProfileRule['action'];
  /** Peers and ports in words, one text for each way to match. */
  readonly matches: readonly string[];
  readonly application?: string;
  /** Connections it let through since the enforcer watches; absent where nobody does. */
  readonly connections?: number;
  /** Packets it refused, where it denies and the driver counts. */
  readonly refusedPackets?: number;
}

export interface ProfileView {
  readonly name: string;
  readonly direction: Profile['direction'];
  readonly why: string;
  readonly isolatedBy: readonly string[];
  /** Of this node, sorted. */
  readonly pods: readonly string[];
  readonly rules: readonly RuleView[];
  /** Packets nothing allowed; absent where the driver does not count. */
  readonly refusedPackets?: number;
}

export interface PodView {
  readonly pod: string;
  readonly addresses: readonly string[];
  /** Profile, or `open`; behind it the mode where it is not enforced. */
  readonly ingress: string;
  readonly egress: string;
}

/** What a node enforces, for people. */
export interface RulesView {
  readonly pods: readonly PodView[];
  readonly profiles: readonly ProfileView[];
  /** Packets the part that is the same on every node refused, by chain and reason. */
  readonly refused: readonly { readonly chain: string; readonly why: string; readonly packets: number }[];
}

const OPEN = 'open';

/** Describes what is enforced, with how often each rule was hit. */
export function viewRules(bundle: NodeBundle, layout: NodeLayout, counters: readonly RuleCounter[] | undefined, connections?: RuleConnections): RulesView {
  const { rules, chains } = layOutRuleset(bundle, 1, layout);
  const numbers = new Map(rules.map(({ number, policy, rule }) => [`${policy}\n${rule}`, number]));
  const ofPolicies = new Set(chains.filter(({ isStatic }) => !isStatic).map(({ name }) => name));
  return {
    pods: bundle.pods.map(({ pod, addresses, ingress, egress, ingressMode, egressMode }) => ({ pod, addresses: addresses.map(({ text }) => text), ingress: followed(ingress, ingressMode), egress: followed(egress, egressMode) })),
    profiles: bundle.profiles.map((profile) => viewProfile(profile, bundle, numbers, counters, connections)),
    refused: (counters ?? []).filter(({ chain }) => !ofPolicies.has(chain)).map(({ chain, comment, packets }) => ({ chain, why: comment ?? whyOf(chains, chain), packets })),
  };
}

function followed(profile: string | undefined, mode: EnforcementMode | undefined): string {
  if (profile === undefined) return OPEN;
  return mode === undefined || mode === 'enforce' ? profile : `${profile} (${mode})`;
}

function viewProfile(profile: Profile, bundle: NodeBundle, numbers: ReadonlyMap<string, number>, counters: readonly RuleCounter[] | undefined, connections?: RuleConnections): ProfileView {
  const { name, direction, why, isolatedBy, admin, namespaced, baseline } = profile;
  const own = counters?.filter(({ chain }) => isChainOf(name, chain));
  const rules = [...admin, ...namespaced, ...baseline].map((rule): RuleView => {
    const number = numbers.get(`${rule.policy}\n${rule.rule}`) ?? 0;
    const allowed = rule.action === 'allow' && connections !== undefined ? { connections: connections.get(`${direction} ${String(number)}`) ?? 0 } : {};
    const refused = rule.action === 'deny' && own !== undefined ? { refusedPackets: packetsOf(own.filter((each) => numberIn(each) === number)) } : {};
    return {
      number,
      policy: rule.policy,
      rule: rule.rule,
      action: rule.action,
      matches: rule.matches.map(matchText),
      ...(rule.application === undefined ? {} : { application: rule.application }),
      ...allowed,
      ...refused,
    };
  });
  const pods = bundle.pods.filter((entry) => entry[direction] === name).map(({ pod }) => pod);
  const refused = own === undefined ? {} : { refusedPackets: packetsOf(own.filter((each) => numberIn(each) === undefined)) };
  return { name, direction, why, isolatedBy, pods, rules, ...refused };
}

/** Whether a chain is one a profile is laid out as: its own name, or that with what it is for behind it. */
export function isChainOf(profile: string, chain: string): boolean {
  return chain === profile || chain.startsWith(`${profile}_`);
}

function packetsOf(counters: readonly RuleCounter[]): number {
  return counters.reduce((sum, { packets }) => sum + packets, 0);
}

// rules of policies begin their comment with their number
function numberIn({ comment = '' }: RuleCounter): number | undefined {
  const match = /^r([0-9]+)\b/.exec(comment);
  return match === null ? undefined : Number(match[1]);
}

function whyOf(chains: readonly { readonly name: string; readonly why: string }[], name: string): string {
  return chains.find((chain) => chain.name === name)?.why ?? '';
}

function matchText(match: RuleMatch): string {
  if (match.kind === 'socket') return `${match.sockets.why} (${String(match.sockets.elements4.length + match.sockets.elements6.length)} sockets)`;
  const { peer, ports } = match;
  const who = peer === 'any' ? 'anybody' : `${peer.why} (${String(peer.elements4.length + peer.elements6.length)} addresses)`;
  if (ports === 'any') return `${who}, any port`;
  if (ports === 'icmp') return `${who}, ICMP`;
  return `${who}, ${ports.ranges.map(({ protocol, from, to }) => `${from === to ? String(from) : `${String(from)}-${String(to)}`}/${protocol}`).join(' ')}`;
}
