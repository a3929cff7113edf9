import type { Lead } from './target.ts';

/** How many readers make a book everybody's. */
const SHARED_BY = 3;

/**
 * Knows which ConfigMaps, Secrets and files are address books: taken in whole by many workloads,
 * each of which uses a line or two of them.
 *
 * The rule, measured on public applications: a book naming several Services is weak evidence when
 * three or more workloads read it, or for one of two readers that it names itself. One that names
 * a single Service stays strong for every reader, and so does a file with one reader: its own.
 */
export class AddressBooks {
  readonly #readers = new Map<string, Set<string>>();

  /** Notes who reads which key, before anything is judged. */
  note(reader: string, leads: readonly Lead[]): void {
    for (const { sighting } of leads) {
      if (sighting.entry === undefined || sighting.isPassedOver === true) continue;
      const id = entryId(sighting.entry);
      const readers = this.#readers.get(id);
      if (readers === undefined) this.#readers.set(id, new Set([reader]));
      else readers.add(reader);
    }
  }

  /** The sentence that says why a reader's lead is weak, by lead; the others are not in the map. */
  judge(leads: readonly Lead[]): ReadonlyMap<Lead, string> {
    const books = new Map<string, Lead[]>();
    const verdicts = new Map<Lead, string>();
    for (const lead of leads) {
      if (lead.sighting.isPassedOver === true) verdicts.set(lead, `${lead.sighting.entry?.book ?? 'the file'} lies beside the file the command line names`);
      if (lead.sighting.entry === undefined || lead.sighting.isPassedOver === true) continue;
      const list = books.get(lead.sighting.entry.book);
      if (list === undefined) books.set(lead.sighting.entry.book, [lead]);
      else list.push(lead);
    }
    for (const [book, list] of books) this.#judgeBook(book, list, verdicts);
    return verdicts;
  }

  #judgeBook(book: string, leads: readonly Lead[], verdicts: Map<Lead, string>): void {
    const telling = leads.filter(isTelling);
    const isBook = telling.some((lead) => this.#readersOf(lead) > 1);
    if (isBook && countNamed(telling) > 1 && telling.some(({ isOwn, targets }) => isOwn && targets.length === 0)) {
      for (const lead of leads) verdicts.set(lead, `${book} names several Services, its own reader among them`);
      return;
    }
    const shared = leads.filter((lead) => this.#readersOf(lead) >= SHARED_BY);
    if (countNamed(shared.filter(isTelling)) < 2) return;
    for (const lead of shared) verdicts.set(lead, `${book} names several Services and ${String(this.#readersOf(lead))} workloads read it`);
  }

  #readersOf({ sighting }: Lead): number {
    return sighting.entry === undefined ? 0 : (this.#readers.get(entryId(sighting.entry))?.size ?? 0);
  }
}

// names of users, databases and groups that equal a Service's are no addresses in a book
function isTelling({ sighting: { mention } }: Lead): boolean {
  if (mention.meaning === 'identity' || mention.meaning === 'never' || mention.meaning === 'own') return false;
  return mention.form !== 'host' || mention.meaning === 'address';
}

function entryId({ book, key }: { readonly book: string; readonly key: string }): string {
  return `${book}\n${key}`;
}

function countNamed(leads: readonly Lead[]): number {
  return new Set(leads.map(({ named }) => named).filter((name) => name !== undefined)).size;
}
