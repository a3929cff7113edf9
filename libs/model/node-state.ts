/** What a node is known to enforce, compared with what it should. No report in time is not realised. */
export type NodeRealisation =
  /** Everything desired is in, everything else of ours is out. */
  | { readonly kind: 'realised'; readonly revision: number; readonly hash: string; readonly at: number }
  | { readonly kind: 'pending'; readonly revision: number; readonly since: number }
  /** In, and taken away again by the node itself unless somebody confirms it. `until` is absent where the node does not say. */
  | { readonly kind: 'trial'; readonly revision: number; readonly hash: string; readonly since: number; readonly until?: number }
  | { readonly kind: 'drifted'; readonly revision: number; readonly since: number; readonly why: string }
  | { readonly kind: 'failed'; readonly revision: number; readonly hash: string; readonly since: number; readonly why: string }
  | { readonly kind: 'silent'; readonly since: number };

/** One node's enforcer as the controller sees it. Times are milliseconds since 1970. */
export interface NodeView {
  readonly node: string;
  readonly isConnected: boolean;
  readonly realisation: NodeRealisation;
  readonly driver?: string;
  readonly enforcerVersion?: string;
  readonly elements?: number;
  readonly commitMs?: number;
  readonly lastReportAt?: number;
  /** What its reports admitted to have missed since it connected. */
  readonly lostEvents: number;
}
