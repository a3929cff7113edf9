import { join } from 'node:path';

import type { NodeBundle } from '#compilers/nftables';

import type { DriverName, RuleCounter, Watch } from '../driver.ts';
import { type ApplyOptions, NodeTable } from '../node-table.ts';
import type { TableNote } from '../table-note.ts';
import { admit } from './bundle-admission.ts';
import { BundleCheck } from './bundle-check.ts';
import { ConfirmedBundle } from './confirmed-bundle.ts';
import { NodeIntents, type PanicIntent, type TrialIntent } from './node-intents.ts';
import type { BundleOrigin, NodeReport } from './node-report.ts';
import { lookAround } from './node-look.ts';
import { NO_CHANGE } from './no-change.ts';
import type { NodeKeeperOptions, NodeLayout, NodeState, OfferOptions, Outcome } from './node-state.ts';
import { NodeTrial } from './node-trial.ts';

/**
 * Keeps a node at its bundle through everything that may happen to it: the life of a {@link NodeTable}.
 *
 * ```
 *  start ── panic on disk? ─► nothing of ours in the kernel, until resumed
 *    │      trial on disk? ─► whoever began it died: back to the confirmed bundle
 *    └───── the kernel's table is the confirmed or the offered one? ─► taken up as it is
 *                                                              else ─► written from disk
 *  offer ─► refused: the bundle before stays │ host mode: on trial ─► confirmed │ reverted
 *                                            │ else: confirmed by the kernel, saved
 * ```
 *
 * What is meant to happen is on disk before it happens, so being killed at any moment leaves it to the
 * next start. Stopping leaves the table as it is.
 */
export class NodeKeeper {
  readonly layout: NodeLayout;
  readonly #options: NodeKeeperOptions;
  readonly #table: NodeTable;
  readonly #store: ConfirmedBundle;
  readonly #check = new BundleCheck();
  readonly #trial: NodeTrial;
  readonly #intents: NodeIntents;
  readonly #now: () => number;
  #watch: Watch | undefined;
  #state: NodeState = { kind: 'nothing' };

  constructor(options: NodeKeeperOptions) {
    this.#options = options;
    const { driver, sweep, folder } = options;
    this.#store = new ConfirmedBundle(join(folder, 'confirmed.bundle'), (why) => {
      options.onReport({ kind: 'unsaved', why });
    });
    this.#intents = new NodeIntents(folder);
    this.#trial = new NodeTrial(folder, this.#intents);
    this.#now = options.now ?? Date.now;
    this.layout = options.layout ?? this.#intents.layout();
    const onKept = this.#intents.noteKept.bind(this.#intents);
    this.#table = new NodeTable({ driver, layout: this.layout, now: this.#now, kept: this.#intents.kept(), onKept, ...(sweep === undefined ? {} : { sweep }) });
  }

  get state(): NodeState {
    return this.#state;
  }

  /** What the kernel acknowledged last. */
  get applied(): NodeBundle | undefined {
    return this.#table.applied;
  }

  get generation(): number {
    return this.#table.generation;
  }
  get elements(): number {
    return this.#table.elements;
  }
  get driver(): DriverName {
    return this.#options.driver.name;
  }

  /** What the kernel's table says about itself. */
  note(): TableNote | undefined {
    return this.#options.driver.readNote();
  }

  /** How often rules were reached; undefined where the driver cannot tell. */
  counters(): readonly RuleCounter[] | undefined {
    return this.#options.driver.capabilities.countsHits ? this.#options.driver.counters() : undefined;
  }

  /** What the kernel holds otherwise than acknowledged. */
  verify(): readonly string[] {
    return this.#table.verify();
  }

  /**
   * Takes up the node where the last process left it; never opens anything in between.
   *
   * `offered` is what will be asked for next anyway: where the kernel already holds that one, it is
   * not led back to an older one first.
   */
  start(offered?: NodeBundle): void {
    const { driver, why, onReport } = this.#options;
    this.#intents.write('layout', this.layout);
    onReport({ kind: 'driver', driver: driver.name, ownsTable: driver.capabilities.ownsTable, why });
    const panic = this.#intents.panic();
    if (panic !== undefined) {
      this.#open(panic);
      return;
    }
    const trial = this.#trial.pending;
    if (trial !== undefined) {
      this.#revert(trial, 'the enforcer ended before anybody confirmed it');
      this.#heal();
      return;
    }
    const isPlain = offered !== undefined && offered.host === undefined && this.#check.fault(offered) === undefined;
    if (isPlain && this.#takeUp(offered, 'file')) this.#store.save(offered);
    else this.#load('disk');
    this.#heal();
  }

  /** Finds out how the node stands, where no enforcer runs; changes nothing. */
  look(): void {
    this.#state = lookAround({ driver: this.#options.driver, table: this.#table, store: this.#store, trial: this.#trial, intents: this.#intents, now: this.#now() }) ?? this.#state;
  }

  /** Makes the kernel hold a bundle; on anything unexpected the one before stays. */
  offer(bundle: NodeBundle, options: OfferOptions): Outcome {
    const { origin, fate } = options;
    const fault = this.#check.fault(bundle);
    if (fault !== undefined) return this.#refuse(origin, bundle, fault);
    const { confirmWithinMs: windowMs = 60_000 } = this.#options;
    const admission = admit(bundle, options, { state: this.#state, applied: this.#table.applied, reverted: this.#intents.reverted(), windowMs });
    if (admission.kind === 'refused') return this.#refuse(origin, bundle, admission.why);
    if (admission.kind === 'in place') return { kind: 'done', text: `revision ${String(bundle.revision)} is in place already` };
    if (this.#state.kind === 'panic') {
      this.#intents.clear('panic');
      this.#options.onReport({ kind: 'resumed', by: origin });
      this.#state = { kind: 'nothing' };
      this.#heal();
    }
    const wishes = fate === undefined ? {} : { fate };
    return admission.kind === 'settled' ? this.#settle(bundle, origin, wishes) : this.#try(bundle, origin, admission.windowMs, wishes);
  }

  /** Says that a bundle on trial has locked nobody out: it stays. */
  confirm(by: string): Outcome {
    const { applied } = this.#table;
    if (this.#state.kind !== 'trial' || applied === undefined) return { kind: 'refused', why: 'no bundle waits for confirmation' };
    // the kernel was told to let go of the node's own rules at the end of the trial
    const report = this.#table.apply(applied);
    if (report.kind === 'failed') return { kind: 'refused', why: `it stays on trial: ${report.why}` };
    this.#store.save(applied);
    this.#trial.end();
    this.#state = { kind: 'enforcing', since: this.#state.since };
    this.#options.onReport({ kind: 'confirmed', revision: applied.revision, hash: applied.hash, by });
    return { kind: 'done', text: `revision ${String(applied.revision)} is confirmed` };
  }

  /** Opens everything: our table goes, and does not come back before somebody resumes or applies, whatever restarts in between. */
  panic(by: string): Outcome {
    const panic: PanicIntent = { at: this.#now(), by };
    this.#intents.write('panic', panic);
    this.#trial.end();
    this.#open(panic);
    return { kind: 'done', text: 'nothing is enforced; `ringfence node resume` enforces again' };
  }

  /** Goes on with the last confirmed bundle after {@link panic}. */
  resume(by: string): Outcome {
    if (this.#state.kind !== 'panic') return { kind: 'refused', why: 'nothing was opened by hand' };
    this.#intents.clear('panic');
    this.#state = { kind: 'nothing' };
    this.#options.onReport({ kind: 'resumed', by });
    this.#load('resumed');
    this.#heal();
    return { kind: 'done', text: this.#table.applied === undefined ? 'there is no confirmed bundle yet' : `revision ${String(this.#table.applied.revision)} is enforced` };
  }

  /**
   * Says whether the controller has been away for so long that nobody will vouch for new addresses.
   * What that means is declared in the bundle (`failMode`); it is not remembered over a restart.
   */
  controllerAway(isAway: boolean): void {
    const report = this.#table.setUnattended(isAway);
    if (report?.kind === 'applied') this.#options.onReport({ kind: 'unknown', areOpen: isAway, why: isAway ? 'the controller is away, and this node is declared to fail open' : 'the controller is back' });
    else if (report?.kind === 'failed') this.#options.onReport({ kind: 'refused', origin: 'channel', why: report.why, diagnostics: report.diagnostics });
  }

  /** Clears, while nothing is urgent, what the next bundles would have to wait for. */
  prepare(): void {
    this.#table.prepare();
  }

  /** Lets go; the kernel goes on. A bundle on trial is reverted by the next start. */
  stop(): void {
    this.#trial.stop();
    this.#store.flush();
    this.#watch?.stop();
    this.#options.driver.close();
  }

  #settle(bundle: NodeBundle, origin: BundleOrigin, options: ApplyOptions): Outcome {
    const outcome = this.#apply(bundle, origin, options);
    if (outcome.kind === 'refused') return outcome;
    if (origin === 'channel') this.#store.saveSoon(bundle);
    else this.#store.save(bundle);
    this.#trial.end();
    this.#intents.clear('reverted');
    return outcome;
  }

  #try(bundle: NodeBundle, origin: BundleOrigin, windowMs: number, options: ApplyOptions): Outcome {
    const at = this.#now();
    const trial: TrialIntent = { hash: bundle.hash, revision: bundle.revision, at, until: at + windowMs };
    const takeBack = this.#trial.begin(bundle, trial);
    const outcome = this.#apply(bundle, origin, { ...options, hostUntil: trial.until });
    if (outcome.kind === 'refused') {
      takeBack();
      return outcome;
    }
    this.#intents.clear('reverted');
    this.#trial.wait(windowMs, () => {
      this.#revert(trial, 'nobody confirmed it in time');
    });
    this.#state = { kind: 'trial', since: at, until: trial.until };
    this.#options.onReport({ kind: 'trial', ...trial });
    return { kind: 'done', text: `${outcome.text}; it goes away in ${String(Math.round(windowMs / 1_000))} s unless \`ringfence node confirm\` is given` };
  }

  #revert({ revision, hash, at }: TrialIntent, why: string): void {
    // somebody else may have confirmed it meanwhile
    if (this.#trial.pending?.at !== at) return;
    this.#intents.write('reverted', { revision, hash, at: this.#now() });
    this.#options.onReport({ kind: 'reverted', revision, hash, why });
    if (this.#store.load().kind === 'bundle') this.#load('reverted');
    else {
      this.#table.remove();
      this.#state = { kind: 'nothing' };
    }
    this.#trial.end();
  }

  #load(origin: BundleOrigin): void {
    const stored = this.#store.load();
    if (stored.kind === 'bundle') {
      if (!this.#takeUp(stored.bundle, origin)) this.#apply(stored.bundle, origin);
      return;
    }
    if (stored.kind === 'refused') this.#options.onReport({ kind: 'refused', origin, why: stored.diagnostic.message, diagnostics: [stored.diagnostic] });
    const note = this.#options.driver.readNote();
    if (note === undefined) return;
    this.#options.driver.update(NO_CHANGE);
    this.#state = { kind: 'adopted', since: this.#now() };
    this.#options.onReport({ kind: 'adopted', ...note });
  }

  #takeUp(bundle: NodeBundle, origin: BundleOrigin): boolean {
    if (!this.#table.reuse(bundle)) return false;
    // by this the table is ours again, where the driver can own one
    const commit = this.#options.driver.update(NO_CHANGE);
    if (commit.kind === 'refused') return false;
    this.#state = { kind: 'enforcing', since: this.#now() };
    const { revision, hash } = bundle;
    this.#options.onReport({ kind: 'applied', origin, driver: this.driver, how: 'reused', revision, hash, generation: this.#table.generation, commitMs: commit.kernelMs, elements: this.#table.elements, isTightened: false, diagnostics: [] });
    return true;
  }

  #apply(bundle: NodeBundle, origin: BundleOrigin, options: ApplyOptions = {}): Outcome {
    const before = this.#table.applied;
    const report = this.#table.apply(bundle, options);
    if (report.kind === 'failed') {
      // what the kernel still holds is looked after as before
      if (before !== undefined && !this.#table.reuse(before)) this.#table.apply(before);
      return this.#refuse(origin, bundle, report.why, report.diagnostics);
    }
    this.#state = { kind: 'enforcing', since: this.#now() };
    this.#options.onReport({ ...report, origin, driver: this.#options.driver.name });
    return { kind: 'done', text: `revision ${String(bundle.revision)} is in place: ${String(report.elements)} elements, ${report.commitMs.toFixed(2)} ms` };
  }

  #open(panic: PanicIntent): void {
    this.#watch?.stop();
    this.#watch = undefined;
    this.#table.remove();
    this.#state = { kind: 'panic', since: panic.at, by: panic.by };
    this.#options.onReport({ kind: 'panic', ...panic });
  }

  #heal(): void {
    if (this.#watch !== undefined || !this.#options.driver.capabilities.noticesForeignChanges) return;
    this.#watch = this.#table.heal((drift) => {
      this.#options.onReport({ kind: 'drift', ...drift });
    });
  }

  #refuse(origin: BundleOrigin, { revision, hash }: NodeBundle, why: string, diagnostics: Extract<NodeReport, { kind: 'refused' }>['diagnostics'] = []): Outcome {
    this.#options.onReport({ kind: 'refused', origin, revision, hash, why, diagnostics });
    return { kind: 'refused', why };
  }
}
