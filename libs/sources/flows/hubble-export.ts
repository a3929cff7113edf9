import { closeSync, openSync, readSync, statSync } from 'node:fs';

import type { FlowReport } from '#model';

import { LONGEST_LINE } from './flow-lines.ts';
import { type HubbleCounts, HubbleReports } from './hubble-reports.ts';

export interface HubbleExportOptions {
  readonly path: string;
  /** False: there is no room for it now, it comes again. */
  readonly onReport: (report: FlowReport) => boolean;
  /** The file can not be read; it is tried again. Said once until it can. */
  readonly onProblem: (why: Error) => void;
  readonly pollMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const CHUNK = 256 * 1024;
/** Read in one go, before anything else gets its turn. */
const CHUNKS_A_POLL = 16;
const NEWLINE = 10;

interface OpenFile {
  readonly handle: number;
  readonly inode: number;
  offset: number;
}

/**
 * Follows a file Hubble exports flows to while it grows, and hands on reports of it.
 *
 * Read from its beginning at every start: reports that were taken before change nothing. A file
 * that was renamed away is read to its end before the new one is begun; one that became shorter is
 * read anew; one that is not there is waited for. While nobody has room for a report, nothing is
 * read.
 */
export class HubbleExport {
  readonly #options: HubbleExportOptions;
  readonly #now: () => number;
  readonly #reports = new HubbleReports();
  readonly #buffer = Buffer.alloc(CHUNK);
  #waiting: FlowReport[] = [];
  #file: OpenFile | undefined;
  #rest: Buffer = Buffer.alloc(0);
  #isTooLong = false;
  #hasProblem = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HubbleExportOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => Date.now());
  }

  get counts(): HubbleCounts {
    return this.#reports.counts;
  }

  start(): void {
    const poll = (): void => {
      const hasMore = this.poll();
      this.#timer = setTimeout(poll, hasMore ? 1 : (this.#options.pollMs ?? 500));
      this.#timer.unref();
    };
    this.#timer ??= setTimeout(poll, 0);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#closeFile();
  }

  /** Reads on once; true where there is more to read at once. */
  poll(): boolean {
    if (!this.#handOver()) return false;
    let hasMore = false;
    try {
      hasMore = this.#read();
      this.#hasProblem = false;
    } catch (error) {
      this.#closeFile();
      if (!this.#hasProblem) this.#options.onProblem(new Error(`read Hubble's export ${this.#options.path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error }));
      this.#hasProblem = true;
    }
    // what is still to be read may belong to the same stretch, however long ago that was
    this.#waiting.push(...this.#reports.take(hasMore ? 0 : this.#now()));
    return this.#handOver() && hasMore;
  }

  /** True where nobody has to wait. */
  #handOver(): boolean {
    for (let report = this.#waiting[0]; report !== undefined; report = this.#waiting[0]) {
      if (!this.#options.onReport(report)) return false;
      this.#waiting.shift();
    }
    return true;
  }

  #read(): boolean {
    const file = (this.#file ??= open(this.#options.path));
    for (let chunk = 0; chunk < CHUNKS_A_POLL; chunk += 1) {
      const size = readSync(file.handle, this.#buffer, 0, CHUNK, file.offset);
      if (size === 0) return this.#atEnd(file);
      file.offset += size;
      this.#lines(this.#buffer.subarray(0, size));
    }
    return true;
  }

  /** What is behind the end: another file of that name, or this one cut short. */
  #atEnd(file: OpenFile): boolean {
    const { ino, size } = statSync(this.#options.path);
    if (ino !== file.inode) {
      this.#lines(Buffer.from('\n'));
      this.#closeFile();
      return true;
    }
    if (size >= file.offset) return false;
    file.offset = 0;
    this.#rest = Buffer.alloc(0);
    this.#isTooLong = false;
    return true;
  }

  #lines(piece: Buffer): void {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      // a line is decoded whole, so that no character is cut in two
      const line = Buffer.concat([this.#rest, piece.subarray(start, end)]);
      this.#reports.line(this.#isTooLong ? '{' : line.toString('utf8'));
      this.#rest = Buffer.alloc(0);
      this.#isTooLong = false;
      start = end + 1;
    }
    this.#isTooLong ||= this.#rest.length + piece.length - start > LONGEST_LINE;
    this.#rest = this.#isTooLong ? Buffer.alloc(0) : Buffer.concat([this.#rest, piece.subarray(start)]);
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file.handle);
    this.#file = undefined;
    this.#rest = Buffer.alloc(0);
    this.#isTooLong = false;
  }
}

function open(path: string): OpenFile {
  const handle = openSync(path, 'r');
  return { handle, inode: statSync(path).ino, offset: 0 };
}
