import type { Ruleset } from '#compilers/nftables';

import type { Commit, Driver, DriverCapabilities, ForeignChange, RefusalCode, RuleCounter, RulesetDelta, TableReading, Watch } from '../driver.ts';
import { AttributeWriter } from '../netlink/attribute-writer.ts';
import type { Acknowledgement } from '../netlink/netlink-message.ts';
import { describeRefusal, NetlinkSocket } from '../netlink/netlink-socket.ts';
import { SystemCallError } from '../netlink/system-calls.ts';
import { NOTE_SET, parseNote, type TableNote } from '../table-note.ts';
import { compareTable } from '../compare-table.ts';
import { ForeignChangeWatch } from './foreign-change-watch.ts';
import { TABLE_F_OWNER, TABLE_F_PERSIST } from './kernel-numbers.ts';
import { countElements, countMoved, writeDelta, writeRuleset } from './ruleset-batch.ts';
import { VerdictUse } from './numbered-verdicts.ts';
import { TableBatch } from './table-batch.ts';
import { BatchTable, KernelTable, readCounters, readSet, readTable, readVerdictUse } from './table-reader.ts';

export interface NetlinkDriverOptions {
  /** The network namespace to work in; without it that of the process. */
  readonly namespacePath?: string;
  /** Keeps the table for this process alone and beyond its end, where the kernel can (6.9). On unless said. */
  readonly ownsTable?: boolean;
  /** Writes maps of pods in two steps, which makes a change of one pod five times as fast where there are many. On unless said. */
  readonly isNumbering?: boolean;
}

const TABLE_NAME = 'ringfence';
const SEND_BUFFER_BYTES = 64 * 2 ** 20;
const RECEIVE_BUFFER_BYTES = 4 * 2 ** 20;
/** From here on the kernel's notifications about our own elements would cost more than they tell. */
const LARGE_COMMIT = 2_000;
const SMALL_BATCH = 1 << 16;
const MOST_DIFFERENCES = 20;

/** Writes our table straight into the kernel: no other program, nothing parsed, microseconds. */
export class NetlinkDriver implements Driver {
  readonly name = 'netlink';
  readonly capabilities: DriverCapabilities;
  readonly #socket: NetlinkSocket;
  readonly #kernel: KernelTable;
  #writer = new AttributeWriter(SMALL_BATCH);
  readonly #options: NetlinkDriverOptions;
  readonly #flags: number | undefined;
  readonly #watches = new Set<ForeignChangeWatch>();
  readonly #isNumbering: boolean;
  /** What the kernel acknowledged of numbered maps; undefined where that is to be read first. */
  #use: VerdictUse | undefined;

  constructor(options: NetlinkDriverOptions = {}) {
    this.#options = options;
    this.#isNumbering = options.isNumbering ?? true;
    this.#socket = new NetlinkSocket({ ...place(options), sendBufferBytes: SEND_BUFFER_BYTES, receiveBufferBytes: RECEIVE_BUFFER_BYTES });
    this.#kernel = new KernelTable(this.#socket, TABLE_NAME);
    this.#flags = (options.ownsTable ?? true) && canOwn(options) ? TABLE_F_OWNER | TABLE_F_PERSIST : undefined;
    this.capabilities = {
      isAtomic: true,
      ownsTable: this.#flags !== undefined,
      survivesProcess: true,
      readsRules: 'exactly',
      readsElements: true,
      countsHits: true,
      noticesForeignChanges: true,
      expiresElements: true,
    };
  }

  replace(ruleset: Ruleset): Commit {
    this.#use = this.#isNumbering ? new VerdictUse() : undefined;
    const batch = new TableBatch(this.#writer, TABLE_NAME, this.#use);
    // the first makes sure there is one to delete
    batch.addTable(this.#kernel.flags() === undefined ? undefined : this.#adoptingFlags());
    batch.deleteTable();
    batch.addTable(this.#flags);
    writeRuleset(batch, ruleset);
    return this.#commit(batch, countElements(ruleset));
  }

  update(delta: RulesetDelta): Commit {
    if (this.#isNumbering && this.#use === undefined) {
      if (this.#kernel.flags() === undefined) return refused('the table is not there', 'out of step');
      this.#use = readVerdictUse(this.#kernel);
    }
    const batch = new TableBatch(this.#writer, TABLE_NAME, this.#use);
    // takes over a table whose owner is gone; changes nothing where it is ours
    if (this.#flags !== undefined) batch.addTable(this.#flags);
    writeDelta(batch, delta);
    return this.#commit(batch, countMoved(delta));
  }

  readBack(): TableReading | undefined {
    return this.#kernel.flags() === undefined ? undefined : readTable(this.#kernel);
  }

  readNote(): TableNote | undefined {
    for (const value of this.#readSet(NOTE_SET).values()) return parseNote(value.slice(1, -1));
    return undefined;
  }

  expectedReading(ruleset: Ruleset): TableReading {
    const batch = new TableBatch(new AttributeWriter(1 << 16), TABLE_NAME, this.#isNumbering ? new VerdictUse() : undefined);
    writeRuleset(batch, ruleset);
    return readTable(new BatchTable(batch.finish().bytes));
  }

  differences(ruleset: Ruleset): readonly string[] {
    if (this.#kernel.flags() === undefined) return compareTable(this.expectedReading(ruleset), undefined);
    const { sets, maps } = ruleset;
    const bare = { ...ruleset, sets: sets.map((set) => ({ ...set, elements: [] })), maps: maps.map((map) => ({ ...map, elements: [] })) };
    const lines = [...compareTable(this.expectedReading(bare), readTable(this.#kernel, false))];
    // one after another: all at once would take as much room again as everything else
    for (const part of [...sets.map((set) => ({ ...bare, sets: [set], maps: [] })), ...maps.map((map) => ({ ...bare, sets: [], maps: [map] }))]) {
      const expected = this.expectedReading({ ...part, chains: [] });
      const found = new Map([...expected.sets.keys()].map((name) => [name, this.#readSet(name)]));
      lines.push(...compareTable(expected, { sets: found, chains: new Map() }));
    }
    return lines.slice(0, MOST_DIFFERENCES);
  }

  /** Empty where it is not there. */
  #readSet(name: string): ReadonlyMap<string, string> {
    try {
      return readSet(this.#kernel, name);
    } catch (error) {
      if (!(error instanceof SystemCallError) || error.code !== 'ENOENT') throw error;
      return new Map();
    }
  }

  counters(): readonly RuleCounter[] {
    return readCounters(this.#kernel);
  }

  watch(listener: (change: ForeignChange) => void): Watch {
    const watch = new ForeignChangeWatch(new NetlinkSocket({ ...place(this.#options), receiveBufferBytes: RECEIVE_BUFFER_BYTES }), TABLE_NAME, this.#socket.portId, listener);
    this.#watches.add(watch);
    return {
      stop: () => {
        this.#watches.delete(watch);
        watch.stop();
      },
    };
  }

  remove(): void {
    const batch = new TableBatch(this.#writer, TABLE_NAME);
    batch.addTable(this.#kernel.flags() === undefined ? undefined : this.#adoptingFlags());
    batch.deleteTable();
    const commit = this.#commit(batch, 0);
    if (commit.kind === 'refused') throw new Error(`remove table ${TABLE_NAME}: ${commit.why}`);
  }

  close(): void {
    for (const watch of this.#watches) watch.stop();
    this.#watches.clear();
    this.#socket.close();
  }

  /** The flags with which an existing table may be named without an error: those it has, or ours where its owner is gone. */
  #adoptingFlags(): number | undefined {
    const flags = this.#kernel.flags() ?? 0;
    return (flags & TABLE_F_PERSIST) === 0 ? undefined : this.#flags;
  }

  #commit(batch: TableBatch, elements: number): Commit {
    const commit = this.#send(batch, elements);
    if (commit.kind === 'refused') this.#use = undefined;
    // what a cold start took is not needed again
    if (this.#writer.length > 4 * SMALL_BATCH) this.#writer = new AttributeWriter(SMALL_BATCH);
    return commit;
  }

  #send(batch: TableBatch, elements: number): Commit {
    const { bytes, last } = batch.finish();
    const paused = elements >= LARGE_COMMIT ? [...this.#watches] : [];
    for (const watch of paused) watch.pause();
    const from = performance.now();
    try {
      this.#socket.send(bytes);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      return refused(error.message, error.code === 'EPERM' ? 'not permitted' : 'too much');
    } finally {
      for (const watch of paused) watch.resume();
    }
    const answers = this.#socket.answers();
    const kernelMs = performance.now() - from;
    const failed = answers.find(({ errno }) => errno !== 0);
    if (failed !== undefined) return refused(describeRefusal(batch.describe(failed.sequence), failed), codeOf(failed));
    if (!answers.some(({ sequence }) => sequence === last)) return refused('the kernel gave no answer', 'other');
    return { kind: 'committed', kernelMs, elements, diagnostics: [] };
  }
}

function place({ namespacePath }: NetlinkDriverOptions): { readonly namespacePath?: string } {
  return namespacePath === undefined ? {} : { namespacePath };
}

function refused(why: string, code: RefusalCode): Commit {
  return { kind: 'refused', why, code, diagnostics: [] };
}

function codeOf({ code }: Acknowledgement): RefusalCode {
  if (code === 'ENOENT' || code === 'EEXIST' || code === 'EBUSY') return 'out of step';
  if (code === 'EPERM' || code === 'EOPNOTSUPP') return 'not ours';
  if (code === 'ENOMEM' || code === 'ENOSPC' || code === 'ENFILE' || code === 'EMFILE') return 'too much';
  return 'other';
}

/** Whether this kernel keeps a table for its owner and beyond its owner's end: tried out, and taken back in the same batch. */
function canOwn(options: NetlinkDriverOptions): boolean {
  const socket = new NetlinkSocket(place(options));
  try {
    const batch = new TableBatch(new AttributeWriter(512), 'ringfence_probe');
    batch.addTable(TABLE_F_OWNER | TABLE_F_PERSIST);
    batch.deleteTable();
    socket.send(batch.finish().bytes);
    return socket.answers().every(({ errno }) => errno === 0);
  } finally {
    socket.close();
  }
}
