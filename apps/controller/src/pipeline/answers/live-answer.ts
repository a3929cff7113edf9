import type { Decision, Diagnostic, Mode, ModeScope, ObservedRelationship, PolicyOutput, PolicyRealisation, Protocol, Relationship, Rule, WorkloadRef } from '#model';
import type { ConnectivityDiff, ExplainedSide, SimulatedFlow, UnusedPath } from '#policy';
import type { ModePreview, Remedy, RevisionRecord } from '#review';

/** `unanswerable`: the question is wrong in itself, such as an end that is nobody or a revision that never was. */
export type Answer<Value> = { readonly kind: 'answer'; readonly value: Value } | { readonly kind: 'unanswerable'; readonly diagnostics: readonly Diagnostic[] };

/** Which proposals to try, or which revision; and over how many days of what was observed. */
export interface SimulationQuestion {
  readonly what: { readonly kind: 'proposals'; readonly workloads: readonly WorkloadRef[]; readonly leaveOut?: readonly string[] | undefined; readonly admit?: readonly string[] | undefined } | { readonly kind: 'revision'; readonly number: number };
  readonly days: number;
}

export interface LostFlow extends SimulatedFlow {
  /** Whether what is in force does not let it through either: nothing changes for it. */
  readonly deniedBefore: boolean;
}

/** What would happen if it were approved (or were in force) now. Times are milliseconds since 1970. */
export interface SimulationAnswer {
  /** What an approval of exactly this has to name. */
  readonly hashes: readonly { readonly workload: WorkloadRef; readonly hash: string }[];
  /** The revision it was compared with. */
  readonly base: number;
  readonly from: number;
  readonly to: number;
  /** Kinds of flow that were replayed, and the connections they stand for. */
  readonly flows: number;
  readonly connections: number;
  /** Got through and would not any more, most connections first. */
  readonly lost: readonly LostFlow[];
  /** What opens and closes against the base. */
  readonly change: ConnectivityDiff;
  /** Open by a rule, although nothing used it and no evidence asks for it. */
  readonly unused: readonly UnusedPath[];
  /** While there are any it cannot be approved. */
  readonly brokenInvariants: readonly string[];
  readonly notes: readonly Diagnostic[];
}

/** Which mode to try, and over how many days of what was observed. */
export interface ModeQuestion {
  readonly scope: ModeScope;
  readonly mode: Mode | 'cleared';
  readonly skipsRamp?: boolean;
  readonly days: number;
}

/** Something that gets through now and would be dropped. */
export interface DoomedFlow {
  readonly observed: ObservedRelationship;
  /** Connections of the days that were asked about. */
  readonly count: number;
  readonly decision: Decision;
  readonly text: string;
  /** The rules it lacks, in words, and what a person can do about each. */
  readonly missing: readonly string[];
  readonly remedies: readonly Remedy[];
}

/** What would come of setting a mode. Times are milliseconds since 1970. */
export interface ModeAnswer extends Pick<ModePreview, 'revision' | 'shown' | 'changes' | 'isLowering' | 'unchanged' | 'open' | 'change' | 'notes'> {
  readonly from: number;
  readonly to: number;
  readonly flows: number;
  readonly connections: number;
  /** What audit has counted first. */
  readonly lost: readonly DoomedFlow[];
}

/** One side of a comparison: a revision, or the current one with these proposals approved. */
export type DiffSide = { readonly kind: 'revision'; readonly number: number } | { readonly kind: 'proposals'; readonly workloads: readonly WorkloadRef[] | 'all' };

/** Ends as people name them: `namespace/kind/name`, `namespace/pod`, an address or `internet`. */
export interface WhyQuestion {
  readonly from: string;
  readonly to: string;
  /** Absent: every port the evidence or a rule names between the two. */
  readonly port?: number;
  readonly protocol?: Protocol;
}

/** A rule that takes part, with the revision that brought it in; absent: it was found in the input. */
export interface ApprovedRule {
  readonly policy: string;
  readonly rule: Rule;
  readonly approval?: RevisionRecord;
}

/** Where the rules of a workload are written to beside the nodes, and how that stands. */
export interface WrittenPolicy {
  readonly output: PolicyOutput;
  /** Absent where the workload has none: its mode, or what is approved, asks for none. */
  readonly policy?: string;
  readonly realisation?: PolicyRealisation;
}

export interface WhySide extends ExplainedSide {
  readonly workload?: WorkloadRef;
  /** The rules behind the reasons that let it through. */
  readonly rules: readonly ApprovedRule[];
  /** Of the workload: below `enforce` nothing is dropped, whatever the rules say. */
  readonly mode?: Mode;
  /** The revision that closed this direction, where one did. */
  readonly closedBy?: RevisionRecord;
  /** Of a workload whose policies go to the cluster or to a folder: how they stand there. */
  readonly written?: WrittenPolicy;
  /** What would help where rules are missing, one each; all of them are needed. */
  readonly remedies: readonly Remedy[];
}

/** One kind of connection between the two ends. */
export interface WhyConnection {
  readonly from: string;
  readonly to: string;
  readonly protocol: Protocol;
  /** 0 for ICMP. */
  readonly port: number;
  /** By everything that is approved, as if all of it were enforced. */
  readonly decision: Decision;
  /** What becomes of it as the modes are: what only observes drops nothing, what others wrote does. */
  readonly now: Decision;
  /** Egress first. */
  readonly sides: readonly WhySide[];
  /** Connections between pods of the same ends that have the very same answer, this one included. */
  readonly alike: number;
}

export interface WhyAnswer {
  /** In force when it was asked. */
  readonly revision: number;
  readonly connections: readonly WhyConnection[];
  /** What is known between the two: the relationships with their evidence, on any port. */
  readonly known: readonly Relationship[];
}
