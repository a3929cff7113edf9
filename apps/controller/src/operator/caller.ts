import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import type { Role } from '#operator-api';
import type { Actor } from '#review';

import { Problem } from './problem.ts';
import { canTellOwners, ownerOfPeer } from './socket-owner.ts';

/** What a caller says it is called; until people can authenticate it is recorded as claimed. */
export const ACTOR_HEADER = 'ringfence-actor';
const NAME = /^[A-Za-z0-9._@+-]{1,64}$/;

/** Who sent a request, and what they may do. */
export interface Caller {
  readonly role: Role;
  /** As the kernel tells; undefined on a system that does not. */
  readonly uid: number | undefined;
  readonly claimedName: string | undefined;
}

/**
 * Says who calls, as far as anybody can say before there are accounts: the user the kernel names
 * as owner of the connection's other end, and the name the caller gives itself.
 *
 * Only the users admitted may look and decide: whoever runs the controller, and root. They have
 * every role. Where the system cannot tell owners, whoever reaches the loopback port is admitted.
 */
export class CallerGate {
  readonly #admitted: ReadonlySet<number>;
  readonly #owners = new WeakMap<Socket, Promise<number | undefined>>();
  #canTell: Promise<boolean> | undefined;

  constructor(admittedUids: readonly number[]) {
    this.#admitted = new Set(admittedUids);
  }

  async callerOf(request: IncomingMessage, needed: Role): Promise<Caller> {
    const claimedName = claimedNameOf(request);
    if (needed === 'anyone') return { role: 'anyone', uid: undefined, claimedName };
    this.#canTell ??= canTellOwners();
    if (!(await this.#canTell)) return { role: 'admin', uid: undefined, claimedName };
    const uid = await this.#ownerOf(request.socket);
    if (uid === undefined) {
      throw new Problem(403, { code: 'caller-unknown', subject: 'the connection', message: 'is not among those the kernel knows the owner of', hint: 'keep the connection open until the answer is there' });
    }
    if (!this.#admitted.has(uid)) {
      const users = [...this.#admitted].map(String).join(', ');
      throw new Problem(403, { code: 'user-not-admitted', subject: `user ${String(uid)}`, message: `may not use this controller; it admits uid ${users}`, hint: 'call as one of them, such as with sudo, or start the controller with this user admitted' });
    }
    return { role: 'admin', uid, claimedName };
  }

  #ownerOf(socket: Socket): Promise<number | undefined> {
    const known = this.#owners.get(socket);
    if (known !== undefined) return known;
    const owner = ownerOfPeer(socket);
    this.#owners.set(socket, owner);
    return owner;
  }
}

/** The actor a decision is recorded under: `alice (claimed, uid 1000)`. */
export function actorOf({ uid, claimedName }: Caller): Actor {
  if (claimedName !== undefined) return { kind: 'person', name: uid === undefined ? `${claimedName} (claimed)` : `${claimedName} (claimed, uid ${String(uid)})` };
  if (uid !== undefined) return { kind: 'person', name: `uid ${String(uid)}` };
  throw new Problem(400, { code: 'actor-missing', subject: 'the request', message: 'does not say who decides', hint: `name yourself in the header ${ACTOR_HEADER}` });
}

function claimedNameOf(request: IncomingMessage): string | undefined {
  const given = request.headers[ACTOR_HEADER];
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || !NAME.test(given)) {
    throw new Problem(400, { code: 'actor-unreadable', subject: `header ${ACTOR_HEADER}`, message: 'is no name', hint: 'give 1 to 64 letters, digits or . _ @ + -' });
  }
  return given;
}
