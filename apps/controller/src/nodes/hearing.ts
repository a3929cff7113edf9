import type { ClaimBook, ClaimGround } from './claim-book.ts';
import type { Denied } from './claim-findings.ts';
import type { TakenClaims } from './taken-claims.ts';

/** One saying as it is looked at: what it is given of what it claims, and why not. */
export class Hearing {
  readonly denied: Denied[] = [];
  readonly #book: ClaimBook;
  readonly #taken: TakenClaims;
  readonly #id: string;
  readonly #node: string;
  readonly #claims = new Set<string>();
  /** Who had each claim before, as far as this saying can change it. */
  readonly #before = new Map<string, string>();

  constructor(book: ClaimBook, taken: TakenClaims, id: string, node: string) {
    this.#book = book;
    this.#taken = taken;
    this.#id = id;
    this.#node = node;
    for (const claim of book.claimsOf(id)) this.#before.set(claim, this.#holding(claim));
  }

  /** Claims something; whether it is given. */
  take(claim: string, ground: ClaimGround): boolean {
    if (!this.#before.has(claim)) this.#before.set(claim, this.#holding(claim));
    this.#claims.add(claim);
    this.#book.claim(this.#id, this.#node, claim, ground);
    if (this.#taken.has(claim)) {
      this.denied.push({ kind: 'taken', claim });
      return false;
    }
    const holder = this.#book.holder(claim);
    if (holder.kind === 'held' && holder.id === this.#id) return true;
    this.denied.push(holder.kind === 'contested' ? { kind: 'contested', claim, nodes: holder.nodes } : { kind: 'held', claim, node: holder.kind === 'held' ? holder.node : '' });
    return false;
  }

  /** Is looked at again when this stands differently. */
  heed(claim: string): void {
    this.#claims.add(claim);
    this.#book.watch(this.#id, claim);
  }

  /** It claims nothing else any more; gives the other sayings that fare otherwise for it. */
  end(): readonly string[] {
    this.#book.keepOnly(this.#id, this.#node, this.#claims);
    return [...this.#before].filter(([claim, holding]) => this.#holding(claim) !== holding).flatMap(([claim]) => this.#book.concerned(claim).filter((id) => id !== this.#id));
  }

  #holding(claim: string): string {
    const holder = this.#book.holder(claim);
    return holder.kind === 'held' ? holder.id : holder.kind;
  }
}
