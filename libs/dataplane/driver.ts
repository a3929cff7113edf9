import type { NftChain, NftMap, NftSet, Ruleset } from '#compilers/nftables';
import type { Diagnostic } from '#model';

import type { TableNote } from './table-note.ts';

export type DriverName = 'netlink' | 'nft' | 'iptables' | 'fake';

/** What a driver can do; the contract suite asks for no more, and what is missing is a diagnostic. */
export interface DriverCapabilities {
  /** Everything of one commit takes effect at once, or nothing of it does. */
  readonly isAtomic: boolean;
  /** Others cannot change the table while the driver is open. */
  readonly ownsTable: boolean;
  /** The table outlives the process that wrote it. */
  readonly survivesProcess: boolean;
  /** What can be compared after a commit: every step of every rule, or only that the objects are there. */
  readonly readsRules: 'exactly' | 'by comment' | 'not at all';
  readonly readsElements: boolean;
  readonly countsHits: boolean;
  readonly noticesForeignChanges: boolean;
  readonly expiresElements: boolean;
}

/** Elements that come and go in one set. Removals happen first. */
export interface SetChange {
  readonly set: Pick<NftSet, 'name' | 'keyType' | 'isInterval'>;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

/** Entries that come and go in one map. A key whose verdict changes is in both. */
export interface MapChange {
  readonly map: Pick<NftMap, 'name' | 'keyType'>;
  readonly removed: readonly string[];
  readonly added: NftMap['elements'];
}

/**
 * The way from one ruleset to another, in the order it is gone:
 *
 *   new sets, maps and chains ─► rules ─► elements out, elements in ─► old chains, maps and sets
 */
export interface RulesetDelta {
  readonly addedSets: readonly NftSet[];
  readonly addedMaps: readonly NftMap[];
  readonly addedChains: readonly NftChain[];
  /** Chains that stay and get other rules. */
  readonly rewrittenChains: readonly NftChain[];
  readonly sets: readonly SetChange[];
  readonly maps: readonly MapChange[];
  readonly removedChains: readonly string[];
  /** Sets and maps. */
  readonly removedSets: readonly string[];
}

/** What became of one transaction. */
export type Commit =
  | { readonly kind: 'committed'; readonly kernelMs: number; readonly elements: number; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'refused'; readonly why: string; readonly code: RefusalCode; readonly diagnostics: readonly Diagnostic[] };

/**
 * Why nothing was applied.
 *
 * `out of step`: the kernel does not hold what the shadow says. `not ours`: somebody else owns the
 * table. `too much`: the kernel has no room. `crashed`: the tool died, and what it did is unknown.
 */
export type RefusalCode = 'out of step' | 'not ours' | 'not permitted' | 'too much' | 'crashed' | 'other';

/** Elements of one set or map as the kernel has them: key to verdict, which is empty in a set. */
export type ElementReading = ReadonlyMap<string, string>;

/** Ends the value of an element that goes away by itself: whether it is still there says nothing. */
export const MAY_END = '~';

export interface ChainReading {
  readonly hook?: string;
  /** One text for each rule; equal texts do the same. */
  readonly rules: readonly string[];
}

/** What the kernel holds of our table, in a form in which equal means the same. */
export interface TableReading {
  readonly sets: ReadonlyMap<string, ElementReading>;
  readonly chains: ReadonlyMap<string, ChainReading>;
}

export interface RuleCounter {
  readonly chain: string;
  readonly comment?: string;
  readonly packets: number;
  readonly bytes: number;
}

/** A change of our table that was not ours. */
export interface ForeignChange {
  /** In words, one line each, at most a few. */
  readonly what: readonly string[];
  readonly pid?: number;
  /** Of the process, where the kernel says it. */
  readonly process?: string;
  /** Some notifications were lost: nobody knows what happened in between. */
  readonly isIncomplete: boolean;
}

export interface Watch {
  readonly stop: () => void;
}

/**
 * Makes a kernel hold one ruleset: our own table, and no other.
 *
 * Every call is finished when it returns. Nobody relies on what a driver remembers about what it
 * wrote; see NodeTable for the shadow of what the kernel acknowledged.
 */
export interface Driver {
  readonly name: DriverName;
  readonly capabilities: DriverCapabilities;
  /** Makes the table hold exactly this, whatever it held before; denied traffic never passes in between. */
  replace(ruleset: Ruleset): Commit;
  /** Goes the way of a delta. On anything unexpected nothing happens, or, where the driver is not atomic, nothing that lets more through. */
  update(delta: RulesetDelta): Commit;
  /** What the kernel holds; undefined where our table is not there. */
  readBack(): TableReading | undefined;
  /** What the table says about itself; undefined where it is not there or not ours. */
  readNote(): TableNote | undefined;
  /** What {@link readBack} gives once the kernel holds this. */
  expectedReading(ruleset: Ruleset): TableReading;
  /** What the kernel holds otherwise than this ruleset, one line each; see compareTable. Takes no more memory than its largest set. */
  differences(ruleset: Ruleset): readonly string[];
  counters(): readonly RuleCounter[];
  /** Calls back with every change of our table by anybody else. */
  watch(listener: (change: ForeignChange) => void): Watch;
  /** Takes our table out of the kernel: from then on nothing of ours is enforced. */
  remove(): void;
  /** Leaves the table as it is. */
  close(): void;
}
