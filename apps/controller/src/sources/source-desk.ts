import { compareText, type Diagnostic, type SourceUpdate } from '#model';

import type { SourceStatus } from '../operator/controller-status.ts';

/** Whoever takes in what sources say. */
export interface SourceListener {
  update(update: SourceUpdate): void;
  setInSync(source: string, isInSync: boolean): void;
}

interface Standing {
  state: SourceStatus['state'];
  since: number;
  why: string | undefined;
  readonly label: string;
  readonly isRequired: boolean;
  readonly keys: Set<string>;
  findings: readonly Diagnostic[];
}

/** Where every source speaks, so that all pipelines hear the same, and people see how far each has got. */
export class SourceDesk {
  readonly #listeners: readonly SourceListener[];
  readonly #now: () => number;
  readonly #onChange: () => void;
  readonly #sources = new Map<string, Standing>();

  constructor(listeners: readonly SourceListener[], { now, onChange }: { readonly now: () => number; readonly onChange: () => void }) {
    this.#listeners = listeners;
    this.#now = now;
    this.#onChange = onChange;
  }

  /** `label` is what people know it by. */
  add(source: string, label: string, isRequired: boolean): void {
    if (!this.#sources.has(source)) this.#sources.set(source, { label, isRequired, state: 'syncing', since: this.#now(), why: undefined, keys: new Set(), findings: [] });
  }

  /** It is no more; everything it said has been said to be gone. */
  remove(source: string): void {
    if (this.#sources.delete(source)) this.#onChange();
  }

  update(update: SourceUpdate): void {
    const standing = this.#sources.get(update.source);
    if (update.value === undefined) standing?.keys.delete(update.key);
    else standing?.keys.add(update.key);
    for (const listener of this.#listeners) listener.update(update);
  }

  setInSync(source: string, isInSync: boolean, why?: string): void {
    this.setState(source, isInSync ? 'in sync' : 'syncing', why);
    for (const listener of this.#listeners) listener.setInSync(source, isInSync);
  }

  setState(source: string, state: SourceStatus['state'], why?: string): void {
    const standing = this.#sources.get(source);
    if (standing === undefined || (standing.state === state && standing.why === why)) return;
    if (standing.state !== state) standing.since = this.#now();
    standing.state = state;
    standing.why = why;
    this.#onChange();
  }

  /** What is wrong in particular, in place of what was said before. */
  setFindings(source: string, findings: readonly Diagnostic[]): void {
    const standing = this.#sources.get(source);
    if (standing !== undefined) standing.findings = findings;
  }

  diagnostics(): readonly Diagnostic[] {
    return [...this.#sources.values()].flatMap(({ findings }) => findings);
  }

  statuses(): readonly SourceStatus[] {
    return [...this.#sources.values()]
      .map(({ label, state, since, why, isRequired, keys }): SourceStatus => ({ name: label, state, since, objects: keys.size, ...(why === undefined ? {} : { why }), isRequired }))
      .sort((a, b) => compareText(a.name, b.name));
  }
}
