/** That somebody held something for a while. `to` is Infinity while it still does. */
export interface Claim<H extends ClaimHolder> {
  readonly key: string;
  readonly holder: H;
  readonly from: number;
  readonly to: number;
}

/** Equal ids are one holder. */
export interface ClaimHolder {
  readonly id: string;
}

const FORGOTTEN = -Infinity;

interface StoredClaim<H extends ClaimHolder> extends Claim<H> {
  from: number;
  to: number;
  older: StoredClaim<H> | undefined;
}

/**
 * Who held what, and when. Claims that ended are kept for a while and up to a number; of more, the
 * oldest are dropped and counted.
 *
 * ```
 *   key ─► newest claim ─► older ─► older     a list each, since most keys have one claim only
 *   ended: in the order they ended, what to drop first in front
 * ```
 *
 * A claim that begins and ends at the same moment leaves nothing, and one that ends and begins
 * again at the same moment never ended: the order of news of one moment makes no difference.
 */
export class ClaimTable<H extends ClaimHolder> {
  readonly #onGone: ((claim: Claim<H>) => void) | undefined;
  readonly #newest = new Map<string, StoredClaim<H>>();
  #ended: StoredClaim<H>[] = [];
  #firstEnded = 0;
  #dropped = 0;

  /** `onGone` hears of every claim that is remembered no more. */
  constructor(onGone?: (claim: Claim<H>) => void) {
    this.#onGone = onGone;
  }

  /** Keys that somebody holds, or did within the time that is kept. */
  get size(): number {
    return this.#newest.size;
  }

  /** Ended claims that were dropped before their time. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * `since` is when the holder may have begun at the earliest; what another's claim covered is not
   * its. True where this is a new claim and not one that goes on.
   */
  begin(key: string, holder: H, at: number, since = at): boolean {
    let from = Math.min(since, at);
    for (let claim = this.#newest.get(key); claim !== undefined; claim = claim.older) {
      if (claim.holder.id === holder.id && claim.to >= at) {
        claim.to = Infinity;
        return false;
      }
      if (claim.to <= at && claim.to > from) from = claim.to;
    }
    this.#newest.set(key, { key, holder, from, to: Infinity, older: this.#newest.get(key) });
    return true;
  }

  end(key: string, holderId: string, at: number): void {
    for (let claim = this.#newest.get(key); claim !== undefined; claim = claim.older) {
      if (claim.to !== Infinity || claim.holder.id !== holderId) continue;
      if (claim.from < at) {
        claim.to = at;
        this.#ended.push(claim);
      } else {
        this.#unlink(claim);
      }
      return;
    }
  }

  /** The claims that overlap a stretch of time, newest first; a stretch without length is a moment. */
  during(key: string, from: number, to: number): readonly Claim<H>[] {
    const newest = this.#newest.get(key);
    if (newest === undefined) return [];
    const end = Math.max(to, from + 1);
    if (newest.older === undefined) return newest.from < end && newest.to > from ? [newest] : [];
    const found: Claim<H>[] = [];
    for (let claim: StoredClaim<H> | undefined = newest; claim !== undefined; claim = claim.older) if (claim.from < end && claim.to > from) found.push(claim);
    return found;
  }

  /** The claim that ended last before a moment. */
  lastBefore(key: string, at: number): Claim<H> | undefined {
    let last: Claim<H> | undefined;
    for (let claim = this.#newest.get(key); claim !== undefined; claim = claim.older) if (claim.to <= at && claim.to > (last?.to ?? FORGOTTEN)) last = claim;
    return last;
  }

  /** Forgets claims that ended before a moment, and the oldest of more than `most`. */
  forget(before: number, most: number): void {
    for (let claim = this.#ended[this.#firstEnded]; claim !== undefined; claim = this.#ended[this.#firstEnded]) {
      const isTooMany = this.#ended.length - this.#firstEnded > most;
      if (claim.to >= before && !isTooMany) break;
      this.#firstEnded += 1;
      // began again at the moment it ended, or stands in the list twice because of that
      if (claim.to === Infinity || claim.to === FORGOTTEN) continue;
      if (claim.to >= before) this.#dropped += 1;
      this.#unlink(claim);
      claim.to = FORGOTTEN;
    }
    if (this.#firstEnded > 1024 && this.#firstEnded * 2 > this.#ended.length) {
      this.#ended = this.#ended.slice(this.#firstEnded);
      this.#firstEnded = 0;
    }
  }

  #unlink(claim: StoredClaim<H>): void {
    this.#onGone?.(claim);
    const newest = this.#newest.get(claim.key);
    if (newest === claim) {
      if (claim.older === undefined) this.#newest.delete(claim.key);
      else this.#newest.set(claim.key, claim.older);
      return;
    }
    for (let each = newest; each !== undefined; each = each.older) if (each.older === claim) each.older = claim.older;
  }
}
