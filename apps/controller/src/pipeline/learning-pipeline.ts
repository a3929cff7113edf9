import { type EvidenceRow, inferGraph, joinObserved, type ObservedCounts, ObservedHistory, type UnattributedAddress } from '#graph';
import { AddressHistory, Inventory } from '#inventory';
import type { LearningContext } from '#learning';
import type { FlowReport, ObservedRelationship, ServiceGraph, Snapshot, SourceUpdate, WorkloadRef } from '#model';
import { NOTHING_DECIDED, type ReviewState } from '#review';

import { EnforcedObjects } from './enforced-objects.ts';
import type { LearningBudget, LearningPipelineOptions, LearningTurn } from './learning-turn.ts';
import { changedReviews, type LearningView } from './learning-view.ts';
import { observedReport } from './observed-report.ts';
import { Pace } from './pace.ts';
import { PermittedRelationships } from './permitted-by.ts';
import { invariantCheck } from './proposal-invariants.ts';
import { ReportQueue } from './report-queue.ts';
import { ReviewRound } from './review-round.ts';
import { isAlikeButForPods } from './snapshot-likeness.ts';
import { SourceGate } from './source-gate.ts';
import { WatchLog } from './watch-log.ts';

/** Reports that wait for the sources hold so many flows at most. */
const MOST_WAITING_FLOWS = 500_000;
/** News of single pods hardly ever changes what is declared. */
const PODS_INFER_EVERY_MS = 60_000;
const ROWS_EVERY_MS = 5_000;
const REVIEWS_A_TURN = 100;
/** At most a fifth of the time goes into working everything out, a third into putting news of the sources together. */
const REST = { work: 4, look: 2 };
const WORK_EVERY_MS = 2_000;
const LOOK_EVERY_MS = 100;

/** What a round works out, in this order; each is one turn's work, so that reports are taken in between. */
const STAGES = ['infer', 'summarise', 'review', 'join'] as const;
type Stage = (typeof STAGES)[number];

/**
 * From what the sources say and the nodes report to what is proposed.
 *
 * ```
 *  SourceUpdate ─► Inventory ─► Snapshot ─► AddressHistory
 *                                  │             │ who was it then
 *  FlowReport ─► ReportQueue ──────┼──► attribute ─► ObservedHistory ─► rows for the store
 *                                  ▼                      │
 *                             inferGraph ─► review ◄──────┤        (seldom)
 *                                  └──────► joinObserved ◄┘
 *                                               ▼
 *                                          LearningView
 * ```
 *
 * `accept`, `acceptReport` and the setters only remember; `turn` works, and everything slow in it
 * comes one stage a turn and seldom. Before every required source has been in sync nothing is
 * attributed, so that no flow is taken for a stranger's because its pod was not known yet.
 */
export class LearningPipeline {
  readonly #options: LearningPipelineOptions;
  readonly #inventory = new Inventory();
  readonly #objects: EnforcedObjects;
  readonly #gate: SourceGate;
  readonly #queue: ReportQueue;
  readonly #addresses = new AddressHistory();
  #observed: ObservedHistory;
  #watch = new WatchLog();
  #state: ReviewState = NOTHING_DECIDED;
  #snapshot: Snapshot | undefined;
  #isDirty = false;
  /** The snapshot the graph is of. */
  #inferredFrom: Snapshot | undefined;
  #inferredAt = Number.NEGATIVE_INFINITY;
  #declared: ServiceGraph | undefined;
  #permitted: PermittedRelationships | undefined;
  #round: ReviewRound | undefined;
  #view: LearningView | undefined;
  #changed: readonly WorkloadRef[] = [];
  #stages: readonly Stage[] = [];
  #isStale = false;
  readonly #workPace: Pace;
  readonly #lookPace = new Pace(LOOK_EVERY_MS, REST.look);
  /** When the sources were looked at last. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #rowsAt = Number.NEGATIVE_INFINITY;
  #hasRows = false;

  constructor(options: LearningPipelineOptions) {
    this.#options = options;
    this.#objects = new EnforcedObjects(options.digest, NOTHING_LEARNED);
    this.#gate = new SourceGate(options.required);
    this.#queue = new ReportQueue(MOST_WAITING_FLOWS, options.settleMs ?? 1_000);
    this.#observed = this.#nothingObserved();
    this.#workPace = new Pace(options.workEveryMs ?? WORK_EVERY_MS, REST.work);
  }

  /** What was worked out last; undefined before everything required was in sync. */
  get view(): LearningView | undefined {
    return this.#view;
  }

  get state(): ReviewState {
    return this.#state;
  }

  get counts(): ObservedCounts {
    return this.#observed.counts;
  }

  /** What was seen since a moment, counted as far as hours tell. */
  observedSince(moment: number): readonly ObservedRelationship[] {
    return this.#observed.relationshipsSince(moment);
  }

  /** Ends that could not be told to be one workload's. */
  unattributed(): readonly UnattributedAddress[] {
    return this.#observed.unattributed();
  }

  /**
   * Takes what an earlier process, or whoever led before, has kept: in place of what was seen here,
   * which nobody has kept. Gives how many rows nothing could be made of.
   */
  restore(rows: Iterable<EvidenceRow>, now: number): number {
    this.#observed = this.#nothingObserved();
    this.#watch = new WatchLog();
    this.#round = undefined;
    this.#stages = [];
    this.#isStale = true;
    const rest: EvidenceRow[] = [];
    let unread = 0;
    for (const row of rows) {
      if (!this.#watch.owns(row)) rest.push(row);
      else if (!this.#watch.restore(row)) unread += 1;
    }
    return unread + this.#observed.restore(rest, now);
  }

  accept(update: SourceUpdate): void {
    const meant = this.#objects.sift(update);
    if (meant === undefined) return;
    this.#inventory.accept(meant);
    this.#isDirty = true;
  }

  setInSync(source: string, isInSync: boolean): void {
    this.#gate.set(source, isInSync);
    this.#isDirty = true;
  }

  setState(state: ReviewState): void {
    this.#state = state;
    this.#isStale = true;
  }

  /** Takes a report of that reporter, whatever it says it is. False: there is no room now, offer it again. One that was taken before is taken again and changes nothing. */
  acceptReport(report: FlowReport, now: number): boolean {
    return this.#observed.has(report.reporter, report.from) ? true : this.#queue.add(report, now);
  }

  turn(now: number, budget: LearningBudget): LearningTurn {
    this.#workPace.tell(now);
    this.#lookPace.tell(now);
    const waitsFor = this.#gate.waitsFor();
    if (waitsFor.length > 0) return { reviews: [], isNew: false, rows: [], waitsFor, hasMore: false };
    if (this.#isDirty && this.#lookPace.isReady(now)) this.#look(now);
    if (this.#snapshot !== undefined) this.#watch.observe(this.#snapshot, now);
    const hasReports = this.#takeReports(now, budget.flows);
    const isNew = this.#work(now);
    const reviews = isNew ? this.#changed : [];
    const dueAt = this.#dueAt();
    return { reviews, isNew, rows: this.#rows(now), waitsFor, hasMore: hasReports || this.#workPace.isMeasuring || this.#lookPace.isMeasuring, ...(dueAt === undefined ? {} : { dueAt }) };
  }

  /** Every row there is, for an orderly end. */
  allRows(now: number): readonly EvidenceRow[] {
    return [...this.#observed.changes(now, true), ...this.#watch.changes(true)];
  }

  #nothingObserved(): ObservedHistory {
    const { mostRelationships } = this.#options;
    return new ObservedHistory(mostRelationships === undefined ? {} : { mostPairs: mostRelationships });
  }

  #look(now: number): void {
    this.#isDirty = false;
    this.#lookedAt = now;
    this.#lookPace.begin(now);
    const snapshot = this.#inventory.snapshot();
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    this.#addresses.observe(snapshot, now);
    this.#isStale = true;
  }

  /** Whether reports are left that could be taken now. */
  #takeReports(now: number, most: number): boolean {
    this.#observed.expire(now);
    if (this.#snapshot !== undefined) this.#addresses.observe(this.#snapshot, now);
    // a report waits for news that came before it was due, and may not be looked at yet
    const until = this.#isDirty ? this.#lookedAt : now;
    for (let taken = 0; taken < most; ) {
      const report = this.#queue.take(until);
      if (report === undefined) return false;
      taken += Math.max(1, report.flows.length);
      this.#takeReport(report, now);
    }
    const { dueAt } = this.#queue;
    return dueAt !== undefined && dueAt <= until;
  }

  #takeReport(report: FlowReport, now: number): void {
    const isReplayed = this.#observed.has(report.reporter, report.from);
    if (this.#observed.accept(observedReport(report, isReplayed, this.#addresses, this.#snapshot), now) !== 'taken') return;
    this.#isStale = true;
    this.#hasRows = true;
  }

  /** One stage of working everything out; true where that was the last, and the view is new. */
  #work(now: number): boolean {
    if (this.#snapshot === undefined) return false;
    if (this.#stages.length === 0) {
      if (!this.#isStale || !this.#workPace.isReady(now)) return false;
      this.#isStale = false;
      this.#stages = this.#isInferenceDue(this.#snapshot, now) ? STAGES : STAGES.slice(1);
    }
    const [stage, ...rest] = this.#stages;
    const isDone = stage === undefined || this.#carryOut(stage, this.#snapshot, now);
    if (isDone) this.#stages = rest;
    this.#workPace.begin(now, this.#stages.length === 0);
    return this.#stages.length === 0;
  }

  /** True where the stage is behind us. */
  #carryOut(stage: Stage, snapshot: Snapshot, now: number): boolean {
    switch (stage) {
      case 'infer':
        this.#declared = inferGraph(snapshot);
        this.#inferredFrom = snapshot;
        this.#inferredAt = now;
        return true;
      case 'summarise':
        this.#summarise(snapshot, now);
        return true;
      case 'review':
        return this.#round?.step(REVIEWS_A_TURN) !== false;
      case 'join':
        this.#join(now);
        return true;
    }
  }

  #isInferenceDue(snapshot: Snapshot, now: number): boolean {
    const before = this.#inferredFrom;
    if (before === undefined || this.#declared === undefined) return true;
    if (isAlikeButForPods(before, snapshot)) return before !== snapshot && now - this.#inferredAt >= PODS_INFER_EVERY_MS;
    return true;
  }

  #summarise(snapshot: Snapshot, now: number): void {
    if (this.#declared === undefined) return;
    if (this.#permitted?.holdsFor(snapshot) !== true) this.#permitted = new PermittedRelationships(snapshot);
    const permitted = this.#permitted;
    const brokenInvariants = invariantCheck(this.#state, this.#options.invariants ?? [], { snapshot, now, enforcesExisting: this.#options.enforcesExisting ?? false });
    const context: LearningContext = {
      now,
      catalogue: this.#options.catalogue,
      digest: this.#options.digest,
      watched: this.#watch.watched,
      approved: new Map([...this.#state.approvals].map(([key, { approved }]) => [key, approved.proposal])),
      ...(this.#options.thresholds === undefined ? {} : { thresholds: this.#options.thresholds }),
      ...(brokenInvariants === undefined ? {} : { brokenInvariants }),
      permittedBy: (relationship) => permitted.by(relationship),
    };
    this.#round = new ReviewRound(this.#declared, this.#observed.evidence(), snapshot, context);
  }

  #join(now: number): void {
    const [declared, round, permitted] = [this.#declared, this.#round, this.#permitted];
    if (declared === undefined || round === undefined || permitted === undefined) return;
    const { observed, snapshot, reviews } = round;
    this.#changed = changedReviews(this.#view?.reviews ?? new Map(), reviews);
    const graph = joinObserved(declared, observed.relationships, snapshot, (relationship) => permitted.by(relationship));
    this.#view = { snapshot, graph, observed, reviews, preview: (review) => round.preview(review), at: now };
    this.#round = undefined;
  }

  #rows(now: number): readonly EvidenceRow[] {
    if (now - this.#rowsAt < ROWS_EVERY_MS) return [];
    this.#rowsAt = now;
    this.#hasRows = false;
    return [...this.#observed.changes(now), ...this.#watch.changes(false)];
  }

  #dueAt(): number | undefined {
    const due: number[] = [];
    if (this.#isDirty) due.push(this.#lookPace.readyAt);
    if (this.#isStale) due.push(this.#workPace.readyAt);
    if (this.#hasRows) due.push(this.#rowsAt + ROWS_EVERY_MS);
    if (this.#queue.dueAt !== undefined) due.push(this.#queue.dueAt);
    return due.length === 0 ? undefined : Math.min(...due);
  }
}

/** Kinds that nothing is learned from. */
const NOTHING_LEARNED: ReadonlySet<string> = new Set(['Event', 'Lease']);
