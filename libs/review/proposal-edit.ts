import type { Direction, Peer, PortMatch } from '#model';

/** A rule somebody writes into a proposal. It has no evidence but the person who adds it. */
export interface AddedRule {
  readonly peers: readonly Peer[] | 'any';
  readonly ports: readonly PortMatch[] | 'any';
  readonly application?: string;
  readonly enforceApplication?: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number;
  readonly why: string;
}

/**
 * A change a person makes to what is proposed for one workload. Kept and made again on every later
 * proposal, until it is approved or discarded; one whose rule is no longer proposed does nothing.
 */
export type ProposalEdit =
  | { readonly kind: 'drop-rule'; readonly direction: Direction; readonly rule: string }
  | { readonly kind: 'add-rule'; readonly direction: Direction; readonly rule: AddedRule }
  /** Never wider than the rule was: who wants more adds a rule. */
  | { readonly kind: 'narrow-rule'; readonly direction: Direction; readonly rule: string; readonly peers?: readonly Peer[]; readonly ports?: readonly PortMatch[] }
  | { readonly kind: 'set-expiry'; readonly direction: Direction; readonly rule: string; readonly expiresAt: number | 'never' }
  | { readonly kind: 'enforce-application'; readonly direction: Direction; readonly rule: string; readonly isEnforced: boolean }
  /** Leaves a direction as open as it is, although it could be closed. */
  | { readonly kind: 'leave-open'; readonly direction: Direction };
