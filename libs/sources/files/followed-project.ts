import { hash } from 'node:crypto';
import { dirname } from 'node:path';

import type { Diagnostic } from '#model';

import { type FolderReading, readComposeFiles } from './compose-projects.ts';
import { faultOf } from './fault.ts';
import { type FollowedFile, SETTLE_MS } from './followed-file.ts';

/**
 * The Compose files of one folder over time. They make a project together, with files beside them
 * that nobody lists: so what they say counts when it has been the same for a while, and as long as
 * one of them can not be read the whole of it is what it was.
 */
export class FollowedProject {
  readonly folder: string;
  reading: FolderReading | undefined;
  fault: Diagnostic | undefined;
  /** Whether `reading` is all that they said once. */
  wasReadInFull = false;
  isSettled = true;
  #notes: readonly Diagnostic[] = [];
  #digest = '';
  #pending: { readonly digest: string; readonly since: number } | undefined;

  constructor(first: FollowedFile) {
    this.folder = dirname(first.file.path);
  }

  /** What it says, with what is to be said about how it stands now. */
  get saying(): FolderReading | undefined {
    return this.reading === undefined ? undefined : { ...this.reading, result: { ...this.reading.result, diagnostics: this.#notes } };
  }

  look(files: readonly FollowedFile[], now: number): void {
    const isWhole = files.every(({ fault, isSettled, goneSince }) => fault === undefined && isSettled && goneSince === undefined);
    this.isSettled = isWhole || files.every(({ isSettled }) => isSettled);
    if (!isWhole && this.reading !== undefined) return;
    const fresh = readComposeFiles(this.folder, files.filter(({ goneSince }) => goneSince === undefined).map(({ file }) => file));
    const { diagnostics, projects } = fresh.result;
    this.fault = faultOf(diagnostics);
    if (this.fault !== undefined && this.reading !== undefined) {
      this.#notes = diagnostics;
      return;
    }
    const digest = hash('sha256', JSON.stringify(projects, spelled), 'hex');
    if (this.reading !== undefined && digest !== this.#digest && !this.#hasSettled(digest, now)) {
      this.isSettled = false;
      return;
    }
    this.reading = fresh;
    this.wasReadInFull ||= this.fault === undefined;
    this.#notes = diagnostics;
    this.#digest = digest;
    this.#pending = undefined;
  }

  #hasSettled(digest: string, now: number): boolean {
    if (this.#pending?.digest !== digest) this.#pending = { digest, since: now };
    return now - this.#pending.since >= SETTLE_MS;
  }
}

/** Addresses hold their bits as a bigint, which JSON has not. */
function spelled(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${String(value)}n` : value;
}
