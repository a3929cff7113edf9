import type { KeptConnections, NodeBundle, Ruleset, RulesetOptions } from '#compilers/nftables';
import type { ConnectionFate, Diagnostic } from '#model';

import { bundleDelta, layOut, movedOn } from './bundle-delta.ts';
import type { Commit, Driver, ForeignChange, RefusalCode, RulesetDelta, Watch } from './driver.ts';
import { Generations, type ConnectionSweep } from './generations.ts';
import { isSameKept, type Kept, keptAfter, lasting, NOTHING_KEPT } from './kept-connections.ts';
import { countElements } from './nftables/ruleset-batch.ts';
import { noteChange, type TableNote, withNote } from './table-note.ts';
import { isWidening } from './tightening.ts';

/** What became of one bundle. Nothing is reported as applied that the kernel did not acknowledge. */
export type ApplyReport =
  | {
      readonly kind: 'applied';
      /** How: as a change of what was there, as a whole new table, or not at all, because it was there already. */
      readonly how: 'changed' | 'replaced' | 'reused';
      readonly revision: number;
      readonly hash: string;
      readonly generation: number;
      /** From sending the transaction to the kernel's answer. */
      readonly commitMs: number;
      /** In the table now. */
      readonly elements: number;
      /** Whether connections are judged again. */
      readonly isTightened: boolean;
      readonly diagnostics: readonly Diagnostic[];
    }
  | { readonly kind: 'failed'; readonly revision: number; readonly hash: string; readonly code: RefusalCode; readonly why: string; readonly diagnostics: readonly Diagnostic[] };

/** Somebody else changed our table, and what we did about it. */
export interface Drift {
  readonly change: ForeignChange;
  /** What was otherwise; empty where the table is as it should be. */
  readonly differences: readonly string[];
  readonly healed: ApplyReport | undefined;
}

export interface NodeTableOptions {
  readonly driver: Driver;
  /** Looks after connections that still carry an old generation's stamp; without it they are left as they are. */
  readonly sweep?: ConnectionSweep;
  readonly layout?: Pick<RulesetOptions, 'ownedMark' | 'isIdentifying'>;
  /** Milliseconds since 1970, for rules and kept connections that end. */
  readonly now?: () => number;
  /** What an earlier process was told to keep, and who notes down what this one is told, before the kernel is. */
  readonly kept?: Kept;
  readonly onKept?: (kept: Kept) => void;
}

/** What an operator decides about established connections that a bundle forbids. Without a word they are cut. */
export interface ApplyOptions {
  /** Whose connections stay: for good, or for so many seconds and then end in the kernel by themselves. */
  readonly keep?: readonly KeptConnections[];
  /** What becomes of those of pods whose rules are others now and about whom the bundle itself says nothing. */
  readonly fate?: ConnectionFate;
  /** When the kernel lets go of the rules for the node itself, unless told otherwise before: milliseconds since 1970. */
  readonly hostUntil?: number;
}

/** What a table is laid out by beside its bundle. */
interface Wished {
  readonly kept: Kept;
  readonly hostUntil: number | undefined;
  readonly isUnattended: boolean;
}

/** What the kernel acknowledged last. */
interface Shadow extends Wished {
  readonly bundle: NodeBundle;
  readonly note: TableNote;
  readonly elements: number;
}

/**
 * Keeps a kernel at exactly one bundle.
 *
 *   bundle ─► delta to what the kernel acknowledged ─► does it take something away? ─► generation
 *          ─► one transaction ─► acknowledged: remembered; refused: a whole new table
 *
 * A bundle that takes something away moves to another generation in the same transaction, so that
 * every connection is judged again by the new rules. Nothing is remembered before the kernel has
 * acknowledged it; whatever the kernel refuses, what it holds afterwards is either the bundle
 * before or the new one, never something in between.
 */
export class NodeTable {
  readonly #driver: Driver;
  readonly #generations: Generations;
  readonly #layout: RulesetOptions;
  readonly #now: () => number;
  readonly #onKept: (kept: Kept) => void;
  /** What the next bundle keeps. */
  #kept: Kept;
  /** When the next bundle's rules for the node itself end by themselves. */
  #hostUntil: number | undefined;
  #isUnattended = false;
  #shadow: Shadow | undefined;
  /** The generation of the table, even where nothing else about it is known. */
  #generation = 0;

  constructor({ driver, sweep, layout = {}, now = Date.now, kept = NOTHING_KEPT, onKept = () => undefined }: NodeTableOptions) {
    this.#driver = driver;
    this.#layout = layout;
    this.#now = now;
    this.#kept = kept;
    this.#onKept = onKept;
    this.#generations = new Generations(sweep);
  }

  /** The bundle the kernel acknowledged last. */
  get applied(): NodeBundle | undefined {
    return this.#shadow?.bundle;
  }

  /** In the table now, as far as the kernel acknowledged it. */
  get elements(): number {
    return this.#shadow?.elements ?? 0;
  }

  get generation(): number {
    return this.#generation;
  }

  /**
   * Takes up the table an earlier process left, if it holds exactly this bundle; says whether.
   *
   * Reads everything back, so what somebody changed meanwhile is noticed. Changes nothing.
   */
  reuse(bundle: NodeBundle, hostUntil?: number): boolean {
    const note = this.#driver.readNote();
    if (note === undefined) return false;
    this.#generation = note.generation;
    if (note.hash !== bundle.hash) return false;
    const ruleset = withNote(layOut({ bundle, generation: note.generation, options: this.#options({ ...this.#wished(), hostUntil }) }), note);
    if (this.#driver.differences(ruleset).length > 0) return false;
    this.#hostUntil = hostUntil;
    this.#shadow = { bundle, note, ...this.#wished(), elements: countElements(ruleset) };
    return true;
  }

  /** Makes the kernel hold a bundle. */
  apply(bundle: NodeBundle, { keep = [], fate, hostUntil }: ApplyOptions = {}): ApplyReport {
    const now = this.#now();
    const before = this.#kept;
    this.#hostUntil = hostUntil;
    this.#keep(keptAfter(before, this.#shadow?.bundle, bundle, { addresses: keep, ...(fate === undefined ? {} : { fate }) }, now));
    const report = this.#move(bundle, now);
    if (report.kind === 'failed') this.#keep(before);
    return report;
  }

  #move(bundle: NodeBundle, now: number): ApplyReport {
    const shadow = this.#shadow;
    if (shadow === undefined) return this.#replace(bundle);
    const { generation } = shadow.note;
    const before = { bundle: shadow.bundle, generation, options: this.#options(shadow, now) };
    const after = { bundle, generation, options: this.#options(this.#wished(), now) };
    const delta = bundleDelta(before, after);
    if (delta === undefined) return this.#replace(bundle);
    if (isWidening(delta, shadow.bundle)) return this.#change(shadow, bundle, generation, delta, false);
    const next = this.#generations.next(generation);
    return this.#change(shadow, bundle, next, movedOn(delta, generation, next, after.options), true);
  }

  /**
   * Says whether nobody is there at present to vouch for new addresses: matters where a bundle is
   * to fail open then (`failMode`). Undefined where that changes nothing now.
   */
  setUnattended(isUnattended: boolean): ApplyReport | undefined {
    if (this.#isUnattended === isUnattended) return undefined;
    this.#isUnattended = isUnattended;
    const bundle = this.#shadow?.bundle;
    return bundle?.failMode === 'open-unattended' ? this.#move(bundle, this.#now()) : undefined;
  }

  /** Judges these addresses' connections like all others from now on. Takes effect with the next bundle. */
  release(addresses: readonly KeptConnections['address'][]): void {
    const released = new Set(addresses.map(({ text }) => text));
    this.#keep(new Map([...this.#kept].filter(([text]) => !released.has(text))));
  }

  /** Writes the whole table anew, whatever is in the kernel. Connections are judged again. */
  restore(): ApplyReport | undefined {
    const bundle = this.#shadow?.bundle;
    return bundle === undefined ? undefined : this.#replace(bundle);
  }

  /** Reads everything back and compares it with what the kernel acknowledged; what is otherwise, one line each. */
  verify(): readonly string[] {
    const shadow = this.#shadow;
    if (shadow === undefined) return [];
    const { bundle, note } = shadow;
    const ruleset = withNote(layOut({ bundle, generation: note.generation, options: this.#options(shadow) }), note);
    return this.#driver.differences(ruleset);
  }

  /** Notices every change by somebody else, and undoes it. */
  heal(listener: (drift: Drift) => void): Watch {
    return this.#driver.watch((change) => {
      if (this.#shadow === undefined) return;
      const differences = this.verify();
      // where notifications were lost, nobody knows whether it was about us
      const isUntouched = change.what.length === 0 && differences.length === 0;
      listener({ change, differences, healed: isUntouched ? undefined : this.restore() });
    });
  }

  /** Clears, while nothing is urgent, old stamps off connections, which the next bundles would have to wait for; how many there were. */
  prepare(): number {
    return this.#generation === 0 ? 0 : this.#generations.prepare(this.#generation);
  }

  /** Takes our table out of the kernel. */
  remove(): void {
    this.#driver.remove();
    this.#shadow = undefined;
  }

  #options({ kept, hostUntil, isUnattended }: Wished, now = this.#now()): RulesetOptions {
    return { ...this.#layout, now, kept: lasting(kept, now), isUnattended, ...(hostUntil === undefined ? {} : { hostUntil }) };
  }

  #wished(): Wished {
    return { kept: this.#kept, hostUntil: this.#hostUntil, isUnattended: this.#isUnattended };
  }

  #keep(kept: Kept): void {
    if (!isSameKept(kept, this.#kept)) this.#onKept(kept);
    this.#kept = kept;
  }

  #change(shadow: Shadow, bundle: NodeBundle, generation: number, delta: RulesetDelta, isTightened: boolean): ApplyReport {
    const note = { revision: bundle.revision, hash: bundle.hash, generation };
    const commit = attempt(() => this.#driver.update({ ...delta, sets: [...delta.sets, noteChange(shadow.note, note)] }));
    if (commit.kind === 'refused') {
      this.#shadow = undefined;
      return commit.code === 'out of step' || commit.code === 'crashed' ? this.#replace(bundle) : failed(bundle, commit);
    }
    const elements = shadow.elements + balance(delta);
    return this.#applied({ bundle, note, ...this.#wished(), elements }, 'changed', commit, isTightened);
  }

  #replace(bundle: NodeBundle): ApplyReport {
    const known = this.#generation === 0 ? this.#driver.readNote()?.generation : this.#generation;
    const generation = this.#generations.next(known ?? 0);
    const note = { revision: bundle.revision, hash: bundle.hash, generation };
    let elements = 0;
    const commit = attempt(() => {
      const ruleset: Ruleset = withNote(layOut({ bundle, generation, options: this.#options(this.#wished()) }), note);
      elements = countElements(ruleset);
      return this.#driver.replace(ruleset);
    });
    if (commit.kind === 'refused') {
      this.#shadow = undefined;
      return failed(bundle, commit);
    }
    const report = this.#applied({ bundle, note, ...this.#wished(), elements }, 'replaced', commit, true);
    const differences = this.verify();
    if (differences.length === 0) return report;
    this.#shadow = undefined;
    return { ...failed(bundle, { kind: 'refused', code: 'other', why: `the kernel holds something else: ${differences.join('; ')}`, diagnostics: [] }) };
  }

  #applied(shadow: Shadow, how: 'changed' | 'replaced', commit: Extract<Commit, { kind: 'committed' }>, isTightened: boolean): ApplyReport {
    this.#shadow = shadow;
    this.#generation = shadow.note.generation;
    const { revision, hash } = shadow.bundle;
    const { kernelMs: commitMs, diagnostics } = commit;
    return { kind: 'applied', how, revision, hash, generation: shadow.note.generation, commitMs, elements: shadow.elements, isTightened, diagnostics };
  }
}

// what cannot be written is a defect of ours; a node with an old policy is better than one without an enforcer
function attempt(commit: () => Commit): Commit {
  try {
    return commit();
  } catch (error) {
    return { kind: 'refused', code: 'other', why: error instanceof Error ? error.message : String(error), diagnostics: [] };
  }
}

function failed({ revision, hash }: NodeBundle, { code, why, diagnostics }: Extract<Commit, { kind: 'refused' }>): ApplyReport {
  return { kind: 'failed', revision, hash, code, why, diagnostics };
}

function balance({ sets, maps, addedSets, addedMaps }: RulesetDelta): number {
  const moved = [...sets, ...maps].reduce((sum, { added, removed }) => sum + added.length - removed.length, 0);
  return moved + countElements({ sets: addedSets, maps: addedMaps });
}
