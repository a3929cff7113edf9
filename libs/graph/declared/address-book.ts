import { type Workload, compareText, workloadKey } from '#model';

import { programOf } from './compose-facts.ts';
import { type BookEntry, isMergedBlock } from './environment.ts';
import { isDataStore } from './product.ts';
import type { Lead } from './target.ts';

/** How many readers make a book everybody's. */
const SHARED_BY = 3;

/**
 * Knows which ConfigMaps, Secrets and files are address books: taken in whole by many workloads,
 * each of which uses a line or two of them.
 *
 * The rule, measured on public applications: a book naming several Services is weak evidence when
 * three or more workloads read it, or for one of several readers that it names itself. One that
 * names a single Service stays strong for every reader, and so does a file with one reader.
 */
export class AddressBooks {
  readonly #readers = new Map<string, Set<string>>();

  /** Notes who reads which key, before anything is judged. */
  note(workload: Workload, leads: readonly Lead[]): void {
    // a store that is given everybody's file takes its password from it
    if (keepsData(workload)) return;
    for (const { sighting } of leads) {
      if (sighting.entry === undefined || sighting.isPassedOver === true) continue;
      const id = entryId(sighting.entry);
      const readers = this.#readers.get(id) ?? new Set<string>();
      this.#readers.set(id, readers.add(readerOf(workload, sighting.channel === 'configmap-env')));
    }
  }

  /** The sentence that says why a lead of this reader is weak; those that are not are not in the map. */
  judge(workload: Workload, leads: readonly Lead[]): ReadonlyMap<Lead, string> {
    const books = new Map<string, Lead[]>();
    const verdicts = new Map<Lead, string>();
    for (const lead of leads) {
      const { entry, isPassedOver } = lead.sighting;
      if (entry === undefined) continue;
      if (isPassedOver === true) verdicts.set(lead, `${entry.book} lies beside the file the command line names`);
      else if (keepsData(workload)) verdicts.set(lead, 'a store answers, and shares the file with those who ask');
      else if (this.#readersOf(lead) > 1) books.set(this.#bookOf(entry), [...(books.get(this.#bookOf(entry)) ?? []), lead]);
    }
    for (const [book, list] of books) {
      // a service that lists what it depends on has said which of the block's addresses are its own
      if (isMergedBlock(book) && (workload.compose?.dependsOn.length ?? 0) === 0) continue;
      this.#judgeBook(book, list, verdicts);
    }
    return verdicts;
  }

  // one Compose file may hold several blocks; what the same services read is one
  #bookOf(entry: BookEntry): string {
    if (!isMergedBlock(entry.book)) return entry.book;
    return `${entry.book} for ${[...(this.#readers.get(entryId(entry)) ?? [])].sort(compareText).join(', ')}`;
  }

  #judgeBook(book: string, leads: readonly Lead[], verdicts: Map<Lead, string>): void {
    const telling = leads.filter(isTelling);
    if (countNamed(telling) > 1 && telling.some(({ isOwn, targets }) => isOwn && targets.length === 0)) {
      for (const lead of leads) verdicts.set(lead, `${shortName(book)} names several Services, its own reader among them`);
      return;
    }
    const shared = leads.filter((lead) => this.#readersOf(lead) >= SHARED_BY);
    if (countNamed(shared.filter(isTelling)) < 2) return;
    for (const lead of shared) verdicts.set(lead, `${shortName(book)} names several Services and ${String(this.#readersOf(lead))} workloads read it`);
  }

  #readersOf({ sighting }: Lead): number {
    return sighting.entry === undefined ? 0 : (this.#readers.get(entryId(sighting.entry))?.size ?? 0);
  }
}

// several Compose services of one image are one program, and an environment file is the program's
function readerOf(workload: Workload, isEnvironment: boolean): string {
  return (isEnvironment ? programOf(workload) : undefined) ?? workloadKey(workload.ref);
}

function keepsData({ platform, containers }: Workload): boolean {
  return platform === 'compose' && containers.some(isDataStore);
}

// names of users, databases and groups that equal a Service's are no addresses in a book
function isTelling({ sighting: { mention } }: Lead): boolean {
  if (mention.meaning === 'identity' || mention.meaning === 'never' || mention.meaning === 'own') return false;
  return mention.form !== 'host' || mention.meaning === 'address';
}

function shortName(book: string): string {
  return isMergedBlock(book) ? 'a block of variables merged into several services' : book;
}

function entryId({ book, key }: { readonly book: string; readonly key: string }): string {
  return `${book}\n${key}`;
}

function countNamed(leads: readonly Lead[]): number {
  return new Set(leads.map(({ named }) => named).filter((name) => name !== undefined)).size;
}
