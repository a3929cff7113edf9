import type { KindNeed } from './watched-kind.ts';

/** How things stand with one kind of object. */
export interface KindStatus {
  /** `group/Kind`; the core group is empty. */
  readonly kind: string;
  /** What hangs on it; nothing on a custom kind nobody here knows (`never`). */
  readonly need: KindNeed;
  /**
   * `waiting` until it is its turn; `listing`; `in sync`; `denied` where we may not read it;
   * `absent` where the server has not got it; `failing` while it cannot be read for another reason.
   * What was told of a kind that is denied or failing stands.
   */
  readonly state: 'waiting' | 'listing' | 'in sync' | 'denied' | 'absent' | 'failing';
  readonly why?: string;
  readonly objects: number;
  /** How often it was listed from the beginning: once, and again whenever it could not be gone on with. */
  readonly lists: number;
}
