import { type Diagnostic, type Snapshot, type Workload, workloadKey } from '#model';

import type { Sighting } from './sighting.ts';

/** Readers times addresses above which the hints of one book are noise, and cost more than the graph. */
const MOST_HINTS = 10_000;

/**
 * Leaves out what comes from books so wide that everybody would be hinted to talk to everybody:
 * hundreds of workloads reading hundreds of addresses. Says so once for each.
 */
export class WideBooks {
  readonly #readers = new Map<string, number>();
  readonly #told = new Map<string, Diagnostic>();

  constructor(snapshot: Snapshot) {
    for (const workload of snapshot.workloads.values()) for (const book of booksOf(workload)) this.#readers.set(book, (this.#readers.get(book) ?? 0) + 1);
  }

  get diagnostics(): readonly Diagnostic[] {
    return [...this.#told.values()];
  }

  withoutWide(workload: Workload, sightings: readonly Sighting[]): readonly Sighting[] {
    const hosts = new Map<string, Set<string>>();
    for (const { entry, mention } of sightings) {
      if (entry === undefined || (this.#readers.get(entry.book) ?? 0) < 3) continue;
      const known = hosts.get(entry.book) ?? new Set<string>();
      hosts.set(entry.book, known.add(mention.host));
    }
    const wide = new Set([...hosts].filter(([book, { size }]) => size > 1 && size * (this.#readers.get(book) ?? 0) > MOST_HINTS).map(([book]) => book));
    if (wide.size === 0) return sightings;
    for (const book of wide) this.#tell(book, workload, hosts.get(book)?.size ?? 0);
    return sightings.filter(({ entry }) => entry === undefined || !wide.has(entry.book));
  }

  #tell(book: string, workload: Workload, size: number): void {
    if (this.#told.has(book)) return;
    this.#told.set(book, {
      code: 'address-book-too-wide',
      severity: 'info',
      subject: book,
      message: `holds ${String(size)} addresses and ${String(this.#readers.get(book) ?? 0)} workloads read it (${workloadKey(workload.ref)} is one), so it says nothing about any of them`,
      hint: 'give each workload the addresses it uses',
    });
  }
}

function booksOf(workload: Workload): ReadonlySet<string> {
  const { namespace } = workload.ref;
  const books = new Set<string>();
  for (const { envFrom, mounts } of workload.containers) {
    for (const { kind, name } of envFrom) books.add(`${kind === 'configMap' ? 'ConfigMap' : 'Secret'} ${namespace}/${name}`);
    for (const { source } of mounts) if (source.kind === 'configMap' || source.kind === 'secret') books.add(`${source.kind === 'configMap' ? 'ConfigMap' : 'Secret'} ${namespace}/${source.name}`);
  }
  return books;
}
