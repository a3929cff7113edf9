import { statSync } from 'node:fs';

import type { Diagnostic } from '#model';

import { faultOf } from './fault.ts';
import { type FileReading, readFile, unread } from './file-reading.ts';
import type { FoundFile } from './find-files.ts';

/** A file that was written so lately may be written still. */
export const SETTLE_MS = 500;

/** What a file says, for all who ask: what could be read of it last. */
export type KnownReading = Exclude<FileReading, { readonly kind: 'unread' }>;

/** A file as it stands on disk: whatever changes it changes this. */
interface FileMark {
  readonly text: string;
  readonly inode: string;
  /** Milliseconds since 1970, by whoever keeps the file. */
  readonly changedAt: number;
  readonly isEmpty: boolean;
}

/**
 * One file over time. What it said last counts until it says something else that can be read, and
 * a file that has just been written is left alone until it stays as it is: saving is not one step.
 */
export class FollowedFile {
  readonly file: FoundFile;
  reading: KnownReading | undefined;
  /** Whether `reading` is all that it said once. */
  wasReadInFull = false;
  /** Why what is there now can not be read. */
  fault: Diagnostic | undefined;
  isSettled = false;
  /** Since when it is not there, by the caller's clock. */
  goneSince: number | undefined;
  inode = '';
  #readMark = '';
  #pending: { readonly mark: string; readonly since: number } | undefined;
  #notes: readonly Diagnostic[] = [];

  constructor(file: FoundFile) {
    this.file = file;
  }

  /** It is what had another name before. */
  continue(earlier: FollowedFile): void {
    if (this.wasReadInFull || !earlier.wasReadInFull) return;
    this.reading = earlier.reading;
    this.wasReadInFull = true;
  }

  /** What is to be said about it: of what it says, and of why it can not be read. */
  get diagnostics(): readonly Diagnostic[] {
    return this.#notes;
  }

  /** Whether there is anything it says. */
  get saysSomething(): boolean {
    return this.reading?.kind === 'compose' || (this.reading?.kind === 'manifests' && this.reading.manifests.length > 0);
  }

  look(now: number): void {
    this.goneSince = undefined;
    const mark = markOf(this.file.path);
    if (mark === undefined) {
      // gone since the folder was listed: the next look says whether it stays away
      this.isSettled = false;
      return;
    }
    this.inode = mark.inode;
    if (mark.text === this.#readMark) {
      this.isSettled = true;
      return;
    }
    this.isSettled = this.#hasSettled(mark, now);
    if (!this.isSettled) return;
    const reading = readFile(this.file, { readStdin: () => '' });
    if (markOf(this.file.path)?.text !== mark.text) {
      this.isSettled = false;
      return;
    }
    this.#readMark = reading.kind === 'unread' && reading.mayPass ? '' : mark.text;
    this.#take(this.saysSomething && mark.isEmpty ? unread(this.file.path, EMPTY) : reading);
  }

  #hasSettled({ text, changedAt }: FileMark, now: number): boolean {
    if (this.#pending?.mark !== text) this.#pending = { mark: text, since: now };
    const age = now - changedAt;
    return age >= SETTLE_MS || now - this.#pending.since >= SETTLE_MS;
  }

  #take(reading: FileReading): void {
    this.fault = reading.kind === 'compose' ? undefined : faultOf(reading.diagnostics);
    this.#notes = reading.kind === 'compose' ? [] : reading.diagnostics;
    if (reading.kind === 'unread') return;
    // of one that could never be read in full, what could be read
    if (this.fault === undefined || this.reading === undefined) this.reading = reading;
    this.wasReadInFull ||= this.fault === undefined;
  }
}

const EMPTY = { code: 'empty-file', message: 'is empty', hint: 'delete the file where it is to say nothing any more' };

function markOf(path: string): FileMark | undefined {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(path, { bigint: true });
    return { text: [dev, ino, size, mtimeNs, ctimeNs].join(' '), inode: `${String(dev)} ${String(ino)}`, changedAt: Number(ctimeMs), isEmpty: size === 0n };
  } catch {
    return undefined;
  }
}
