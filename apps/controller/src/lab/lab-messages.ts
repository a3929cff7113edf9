/** What a controller asks of the process that holds its lab: one enforcer per node, that reports to it with these credentials. */
export interface LabOrder {
  readonly kind: 'enforce';
  /** `HOST:PORT`. */
  readonly controller: string;
  readonly nodes: readonly LabEnforcer[];
}

export interface LabEnforcer {
  readonly node: string;
  /** Files. */
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  /** Where it keeps its last bundle. */
  readonly state: string;
}

/** One kind of connection the lab tries again and again, and how the last try went over each family. */
export interface LabAttempt {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  /** `declared`: the manifests say so. `undeclared`: it is part of the shop, and nothing says so. `intruder`: somebody who has no business there. */
  readonly kind: 'declared' | 'undeclared' | 'intruder';
  readonly outcomes: readonly { readonly family: 4 | 6; readonly outcome: 'answered' | 'refused' | 'died' }[];
}

/** What the process that holds a lab tells. */
export type LabNews =
  | { readonly kind: 'up'; readonly nodes: readonly string[]; readonly pods: number }
  | { readonly kind: 'failed'; readonly why: string }
  /** Sent when a connection is tried for the first time, and whenever its outcome is another one. */
  | { readonly kind: 'attempt'; readonly attempt: LabAttempt }
  | { readonly kind: 'enforcer'; readonly node: string; readonly pid: number }
  /** An enforcer has ended although nobody told it to. */
  | { readonly kind: 'enforcer-ended'; readonly node: string; readonly why: string };
