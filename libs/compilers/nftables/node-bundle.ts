import type { Address, ConnectionFate, Direction, IpFamily, PodKey, Protocol } from '#model';

/**
 * Addresses that rules match a peer by, shared by every rule that names the same peer.
 *
 * The key says what the set means and not what is in it: members come and go, the name stays.
 * `sockets` hold address, protocol and port of pods that name a port.
 */
export interface PeerSet {
  readonly key: string;
  readonly kind: 'addresses' | 'ranges' | 'sockets';
  readonly name: string;
  readonly why: string;
  /** The families that have a set of their own. */
  readonly families: readonly IpFamily[];
  /** As they are written in a ruleset, in numeric order, unique. */
  readonly elements4: readonly string[];
  readonly elements6: readonly string[];
  readonly digest: string;
}

export interface PortRange {
  readonly protocol: Exclude<Protocol, 'ICMP'>;
  readonly from: number;
  readonly to: number;
}

/** Ports by protocol, sorted, never overlapping; equal contents have equal names. */
export interface PortSet {
  readonly name: string;
  readonly ranges: readonly PortRange[];
}

/** What a rule looks at in a packet: the peer, the destination port, or both at once as a socket of the peer. */
export type RuleMatch =
  | { readonly kind: 'peer'; readonly peer: PeerSet | 'any'; readonly ports: PortSet | 'icmp' | 'any' }
  | { readonly kind: 'socket'; readonly sockets: PeerSet };

/** One rule of a policy. It matches where one of `matches` does. */
export interface ProfileRule {
  readonly policy: string;
  readonly rule: string;
  /** The number it would like to have, from what it is called. */
  readonly home: number;
  readonly action: 'allow' | 'deny' | 'pass';
  /** What the connection is meant to speak. Looked at where {@link enforceApplication} says so, otherwise for people only. */
  readonly application?: string;
  readonly enforceApplication?: boolean;
  /** The rule ends: the set whose elements last as long as it does, and when that is, in milliseconds since 1970. */
  readonly expiry?: { readonly set: string; readonly at: number };
  /** Why the rule exists, one sentence each; empty where somebody wrote the policy. */
  readonly why: readonly string[];
  readonly matches: readonly RuleMatch[];
}

/**
 * Everything that decides one direction of a pod, shared by all pods for which that is the same.
 *
 * `name` changes whenever the rules do and not when only the members of a peer set do.
 */
export interface Profile {
  readonly direction: Direction;
  readonly name: string;
  readonly why: string;
  readonly admin: readonly ProfileRule[];
  /** The policies that isolate this direction; none: what no rule matches is allowed. */
  readonly isolatedBy: readonly string[];
  readonly namespaced: readonly ProfileRule[];
  readonly baseline: readonly ProfileRule[];
  /** Of a host that is only audited, which is not known by its addresses alone: what is denied is told of and let through. */
  readonly isAudited?: true;
  readonly digest: string;
}

/** `observe`: open; `audit`: what would be denied is logged and let through; `enforce`: it is dropped. */
export type EnforcementMode = 'observe' | 'audit' | 'enforce';

/** Which profile each direction follows (absent: it is open), and how earnestly (absent: `enforce`). */
export interface Directions {
  readonly ingress?: string;
  readonly egress?: string;
  readonly ingressMode?: EnforcementMode;
  readonly egressMode?: EnforcementMode;
}

/** An interface many pods are behind, and the addresses one of them has there. */
export interface GuardedLink {
  readonly interface: string;
  readonly addresses: readonly Address[];
}

/** One pod of the node. */
export interface DispatchEntry extends Directions {
  readonly pod: PodKey;
  readonly addresses: readonly Address[];
  /** The interface its packets enter the node by, where it is guarded: nothing else may come in there. See {@link isGuardable}. */
  readonly interface?: string;
  /** The guarded bridges it speaks on, and as whom; see {@link NodeBundle.bridges}. */
  readonly links?: readonly GuardedLink[];
  /** What becomes of its established connections when its rules get stricter than those of the bundle before; absent: they are cut. */
  readonly fate?: ConnectionFate;
}

/**
 * The node itself as what policies are about (host mode). However closed, it stays reachable on
 * `sshPort` (22 where absent) and `channelPort`, asks for its addresses, and reaches its own pods.
 */
export interface HostEntry extends Directions {
  /** Of the node: what modes and kept connections are found by. */
  readonly addresses: readonly Address[];
  readonly sshPort?: number;
  readonly channelPort?: number;
  /** As that of a pod. */
  readonly fate?: ConnectionFate;
}

/**
 * Everything one node enforces.
 *
 * `hash` is over what is enforced and shown, not over the number of the revision it came from: an
 * unchanged hash means an unchanged ruleset. Peer sets, port sets and profiles are shared between bundles.
 */
export interface NodeBundle {
  readonly node: string;
  readonly revision: number;
  readonly hash: string;
  /** Where only this node's own pods may be, as written in a ruleset: an address in here that is no known pod is closed. */
  readonly local4: readonly string[];
  readonly local6: readonly string[];
  /** Addresses more than one pod claims: closed, because either's policy would be a guess. None where nothing is enforced. */
  readonly contested: readonly Address[];
  /** Sorted by pod. */
  readonly pods: readonly DispatchEntry[];
  /** Sorted by name; exactly those the pods and the host follow. */
  readonly profiles: readonly Profile[];
  /** Bridges on which nobody speaks but pods that say so in their `links`. None where nothing is enforced, or strangers are let through. */
  readonly bridges?: readonly string[];
  /** Absent: the node's own traffic is its own business. */
  readonly host?: HostEntry;
  /** What happens to addresses of the node's own blocks that are no known pod; absent: `closed`. Where nothing is enforced it is `open`. */
  readonly failMode?: FailMode;
}

/**
 * Whether an address nobody vouches for is let through: never, always, or only while the controller
 * is away and so nobody will. Until then it is closed: its rules are on their way.
 */
export type FailMode = 'closed' | 'open' | 'open-unattended';
