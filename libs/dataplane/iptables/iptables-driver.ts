import type { Ruleset } from '#compilers/nftables';
import type { Diagnostic } from '#model';

import { compareTable } from '../compare-table.ts';
import type { Commit, Driver, DriverCapabilities, RuleCounter, RulesetDelta, TableReading, Watch } from '../driver.ts';
import { countElements, countMoved } from '../nftables/ruleset-batch.ts';
import { NOTE_SET, type TableNote } from '../table-note.ts';
import { type HeldTable, holdDelta, holdRuleset, OutOfStep } from './held-table.ts';
import { CHAIN_PREFIX, readSetName, setName } from './kernel-names.ts';
import { removalText, restoreText, setText, translateChains, undoText } from './restore-text.ts';
import { setParts, type SetPart } from './set-part.ts';
import { SystemTables, ToolFailure } from './system-tables.ts';
import { expectedOf, NameBook, noteIn, readKernel } from './table-reading.ts';

export interface IptablesDriverOptions {
  readonly namespacePath?: string;
}

/** A table, and which set of the kernel stands for each of its parts. */
interface Written {
  readonly table: HeldTable;
  readonly names: ReadonlyMap<string, string>;
  readonly parts: ReadonlyMap<string, SetPart>;
}

const FAMILIES = [4, 6] as const;

/**
 * Enforces through iptables-legacy and ipset, for hosts without nf_tables.
 *
 * A set the rules look at is never changed: what changes gets a new set beside it, and then all
 * rules of one family move over at once, first those of IPv4.
 */
export class IptablesDriver implements Driver {
  readonly name = 'iptables';
  readonly capabilities: DriverCapabilities = {
    isAtomic: false,
    ownsTable: false,
    survivesProcess: true,
    readsRules: 'by comment',
    readsElements: true,
    countsHits: false,
    noticesForeignChanges: false,
    expiresElements: true,
  };
  readonly #system: SystemTables;
  readonly #book = new NameBook();
  #written: Written | undefined;

  constructor({ namespacePath }: IptablesDriverOptions = {}) {
    this.#system = new SystemTables(namespacePath);
  }

  replace(ruleset: Ruleset): Commit {
    return this.#commit(countElements(ruleset), (now) => this.#write(holdRuleset(ruleset, now), undefined, now));
  }

  update(delta: RulesetDelta): Commit {
    const written = this.#written;
    if (written === undefined) return { kind: 'refused', code: 'out of step', why: 'what the kernel holds was not written by this process', diagnostics: [] };
    return this.#commit(countMoved(delta), (now) => this.#write(holdDelta(written.table, delta, now), written, now));
  }

  readBack(): TableReading | undefined {
    const [rules4, rules6] = [this.#system.saveRules(4), this.#system.saveRules(6)];
    if (!rules4.includes(`\n:${CHAIN_PREFIX}`) && !rules6.includes(`\n:${CHAIN_PREFIX}`)) return undefined;
    return readKernel({ rules4, rules6, sets: this.#system.saveSets() }, this.#book);
  }

  readNote(): TableNote | undefined {
    // all three programs have to work: this is how a driver is tried
    this.#system.setNames();
    const [rules4, rules6] = [this.#system.saveRules(4), this.#system.saveRules(6)];
    return rules4.includes(`\n:${CHAIN_PREFIX}`) ? noteIn(rules6) : undefined;
  }

  expectedReading(ruleset: Ruleset): TableReading {
    const table = holdRuleset(ruleset, Date.now());
    this.#book.learn(table);
    const chains = FAMILIES.map((family) => translateChains(table, family, (part) => setName(part, 0)).chains);
    return expectedOf(table, chains, noteOf(table));
  }

  differences(ruleset: Ruleset): readonly string[] {
    return compareTable(this.expectedReading(ruleset), this.readBack());
  }

  counters(): readonly RuleCounter[] {
    return [];
  }

  watch(): Watch {
    // capabilities say so: whoever needs to know reads back from time to time
    return { stop: () => undefined };
  }

  remove(): void {
    for (const family of FAMILIES) this.#system.restoreRules(family, removalText(this.#system.saveRules(family)));
    this.#system.destroySets(this.#ownSets());
    this.#written = undefined;
  }

  close(): void {
    this.#written = undefined;
  }

  #commit(elements: number, write: (now: number) => readonly Diagnostic[]): Commit {
    const from = performance.now();
    try {
      const diagnostics = write(Date.now());
      const problem = diagnostics.find(({ severity }) => severity === 'error');
      if (problem !== undefined) return { kind: 'refused', code: 'other', why: `${problem.subject}: ${problem.message}`, diagnostics };
      return { kind: 'committed', kernelMs: performance.now() - from, elements, diagnostics };
    } catch (error) {
      if (error instanceof OutOfStep) return { kind: 'refused', code: 'out of step', why: error.message, diagnostics: [] };
      if (!(error instanceof ToolFailure)) throw error;
      const code = error.isCrash ? 'crashed' : error.isPermission ? 'not permitted' : 'other';
      return { kind: 'refused', code, why: error.message, diagnostics: [] };
    }
  }

  /** Makes the sets that are new, moves the rules over, and takes away the sets nothing looks at any more. */
  #write(table: HeldTable, before: Written | undefined, now: number): readonly Diagnostic[] {
    const own = this.#ownSets();
    const serial = Math.max(0, ...own.map((name) => readSetName(name)?.serial ?? 0)) + 1;
    const parts = new Map(setParts(table).map((part) => [part.part, part]));
    const fresh = [...parts.values()].filter(({ part, source }) => before?.parts.get(part)?.source !== source);
    const names = new Map([...parts.keys()].map((part) => [part, before?.names.get(part) ?? '']));
    for (const { part } of fresh) names.set(part, setName(part, serial));
    const nameOf = (part: string): string => names.get(part) ?? '';
    const [four, six] = FAMILIES.map((family) => translateChains(table, family, nameOf));
    const diagnostics = [...new Map([...(four?.diagnostics ?? []), ...(six?.diagnostics ?? [])].map((each) => [`${each.subject} ${each.message}`, each])).values()];
    if (four === undefined || six === undefined || diagnostics.some(({ severity }) => severity === 'error')) return diagnostics;

    this.#book.learn(table);
    const found4 = this.#system.saveRules(4);
    const found6 = this.#system.saveRules(6);
    let isMoved = false;
    try {
      this.#system.restoreSets(setText(fresh, nameOf, now));
      this.#system.restoreRules(4, restoreText(four.chains, found4, undefined));
      isMoved = true;
      this.#system.restoreRules(6, restoreText(six.chains, found6, noteOf(table)));
    } catch (error) {
      if (isMoved) this.#system.restoreRules(4, undoText(found4, this.#system.saveRules(4)));
      this.#destroyUnused(this.#ownSets().filter((name) => readSetName(name)?.serial === serial));
      throw error;
    }
    this.#written = { table, names, parts };
    const kept = new Set(names.values());
    this.#destroyUnused(own.filter((name) => !kept.has(name)));
    return diagnostics;
  }

  /** Sets that rules still look at cannot be taken away: they stay until the next commit. */
  #destroyUnused(names: readonly string[]): void {
    try {
      this.#system.destroySets(names);
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error;
    }
  }

  #ownSets(): readonly string[] {
    return this.#system.setNames().filter((name) => readSetName(name) !== undefined);
  }
}

function noteOf({ sets }: HeldTable): string | undefined {
  for (const { comment } of sets.get(NOTE_SET)?.elements.values() ?? []) return comment;
  return undefined;
}
