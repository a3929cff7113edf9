import type { Address } from '#model';

/** What a ruleset hangs on beside the bundle; all of it but `ownedMark` only moves elements. */
export interface RulesetOptions {
  /** The bits of a connection's mark that are ours: all, where nobody else on the node uses it. See `markLayout`. */
  readonly ownedMark?: number;
  /** Milliseconds since 1970. Rules that end do so from then on in the kernel; absent: they never do. */
  readonly now?: number;
  /** Pods and hosts whose established connections stay whatever is enforced now: for good, or for so long. */
  readonly kept?: readonly KeptConnections[];
  /** When the rules for the node itself end in the kernel, whoever still runs by then: milliseconds since 1970; absent: they do not. */
  readonly hostUntil?: number;
  /** Nobody is there to vouch for new addresses: a bundle that fails open only then does. */
  readonly isUnattended?: boolean;
  /** Shows first payloads and answers of name servers to whoever listens. */
  readonly isIdentifying?: boolean;
}

export interface KeptConnections {
  readonly address: Address;
  readonly forSeconds?: number;
}
