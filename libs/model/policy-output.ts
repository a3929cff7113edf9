import type { OutputTarget } from './mode.ts';

/** Where approved policies go beside the nodes: NetworkPolicies on an API server, or files in a folder. */
export type PolicyOutput = Extract<OutputTarget, 'networkpolicy' | 'folder'>;

/** Who said no to a write: the rules of access, something that looks at what is admitted, or the server itself. */
export type Refuser = 'access' | 'admission' | 'server';

interface OutcomePlace {
  readonly namespace: string;
  readonly name: string;
  /** It was as wanted when it was looked at last, and somebody changed or removed it since: what is different, in words. */
  readonly drift?: string;
}

/** What became of one policy. `would-…`: what would be done where nothing may be written. */
export type PolicyOutcome =
  | ({ readonly kind: 'applied' | 'unchanged' | 'pruned' | 'would-apply' | 'would-prune' } & OutcomePlace)
  /** Somebody else has a say in it, so it was left as it is. `fields` where the server names them. */
  | ({ readonly kind: 'conflict'; readonly managers: readonly string[]; readonly fields: readonly string[]; readonly why: string } & OutcomePlace)
  | ({ readonly kind: 'refused'; readonly by: Refuser; readonly why: string } & OutcomePlace)
  /** Nobody answered, or a disk would not. */
  | ({ readonly kind: 'failed'; readonly why: string } & OutcomePlace);

/** What a round of reconciling did, sorted by namespace and name. */
export interface PolicyReport {
  readonly outcomes: readonly PolicyOutcome[];
  /** Everything desired is there, and nothing else of ours. */
  readonly isRealised: boolean;
  /** Why the round could not even begin, and who said so where it was refused. */
  readonly why?: string;
  readonly refusedBy?: Refuser;
}

/** How a policy, or all of a namespace, stands in an output. Times are milliseconds since 1970. */
export type PolicyRealisation =
  /** What is desired is there, word for word, and nothing else of ours. */
  | { readonly kind: 'realised'; readonly revision: number; readonly since: number }
  /** Nobody has looked yet. */
  | { readonly kind: 'pending'; readonly revision: number; readonly since: number }
  /** Nothing may be written from here: `why` says what that waits for. */
  | { readonly kind: 'waiting'; readonly revision: number; readonly since: number; readonly why: string }
  /** It was there, somebody changed it, and nothing may be written from here. What may be is healed at once. */
  | { readonly kind: 'drifted'; readonly revision: number; readonly since: number; readonly why: string }
  | { readonly kind: 'conflict'; readonly revision: number; readonly since: number; readonly why: string; readonly managers: readonly string[]; readonly fields: readonly string[] }
  | { readonly kind: 'refused'; readonly revision: number; readonly since: number; readonly why: string; readonly by: Refuser }
  | { readonly kind: 'failed'; readonly revision: number; readonly since: number; readonly why: string }
  /** Nothing is desired any more, and what there was is gone. */
  | { readonly kind: 'pruned'; readonly revision: number; readonly since: number };

export type PolicyStanding = PolicyRealisation['kind'];

export interface PolicyView {
  readonly name: string;
  readonly realisation: PolicyRealisation;
}

export interface OutputNamespaceView {
  readonly namespace: string;
  /** That of the policy that stands worst. */
  readonly realisation: PolicyRealisation;
  /** Policies desired. */
  readonly policies: number;
  /** Those that are not realised, sorted by name; the first of many. */
  readonly troubled: readonly PolicyView[];
  /** Troubled ones beyond these. */
  readonly moreTroubled: number;
  /** What somebody changed last, and when it was as wanted again. */
  readonly drift?: { readonly at: number; readonly policy: string; readonly what: string; readonly healedAt?: number };
}

/** One output as the controller sees it. */
export interface OutputView {
  readonly output: PolicyOutput;
  /** The URL of the server, the path of the folder; absent where there is none. */
  readonly place?: string;
  /** Desired, 0 before anything was approved. */
  readonly revision: number;
  readonly lookedAt?: number;
  /** How many policies stand how, in all namespaces; what is gone is not counted. */
  readonly policies: Readonly<Record<Exclude<PolicyStanding, 'pruned'>, number>>;
  /** Changes of others that were undone, since the start. */
  readonly healed: number;
  readonly namespaces: readonly OutputNamespaceView[];
}
