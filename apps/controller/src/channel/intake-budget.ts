/** Of what nodes say, over all nodes, as text; read, it is ten times as much for a moment. */
const MOST_BYTES = 64 * 2 ** 20;
/** Every node has so much of its own, whatever the others take. */
const NODE_BYTES = 256 * 2 ** 10;

export interface IntakeLimits {
  readonly mostBytes?: number;
  readonly nodeBytes?: number;
}

/** Room for one text, until it is given back. */
export interface IntakeRoom {
  /** Whether others may have to wait for it. */
  readonly isShared: boolean;
  release(): void;
}

interface Waiting {
  readonly bytes: number;
  readonly granted: (room: IntakeRoom) => void;
}

/**
 * How much of what nodes say is held at a time, by all of them together.
 *
 * A text takes room for all it says it has before its first byte is kept. What is small has room of
 * its node's own, so that no other can keep it out; the rest is shared, and whoever finds none waits
 * in turn. Room is a node's and not a connection's: connecting anew gives nobody more.
 */
export class IntakeBudget {
  readonly #mostBytes: number;
  readonly #nodeBytes: number;
  readonly #ofNode = new Map<string, number>();
  readonly #queue = new Set<Waiting>();
  #shared = 0;

  constructor({ mostBytes = MOST_BYTES, nodeBytes = NODE_BYTES }: IntakeLimits = {}) {
    this.#mostBytes = mostBytes;
    this.#nodeBytes = nodeBytes;
  }

  /** Whether somebody waits for shared room. */
  get isAwaited(): boolean {
    return this.#queue.size > 0;
  }

  /** Calls back with the room, at once where there is some; gives what withdraws it. No text may be larger than everything there is. */
  ask(node: string, bytes: number, granted: (room: IntakeRoom) => void): () => void {
    const own = this.#ofNode.get(node) ?? 0;
    if (own + bytes <= this.#nodeBytes) {
      this.#ofNode.set(node, own + bytes);
      granted(roomOf(false, () => { this.#giveBack(node, bytes); }));
      return () => undefined;
    }
    const waiting = { bytes: Math.min(bytes, this.#mostBytes), granted };
    this.#queue.add(waiting);
    this.#grant();
    return () => {
      if (this.#queue.delete(waiting)) this.#grant();
    };
  }

  #giveBack(node: string, bytes: number): void {
    const left = (this.#ofNode.get(node) ?? 0) - bytes;
    if (left > 0) this.#ofNode.set(node, left);
    else this.#ofNode.delete(node);
  }

  // in turn: somebody with much would never have its way past many with less
  #grant(): void {
    for (const waiting of this.#queue) {
      if (this.#shared + waiting.bytes > this.#mostBytes) return;
      this.#queue.delete(waiting);
      this.#shared += waiting.bytes;
      waiting.granted(roomOf(true, () => {
        this.#shared -= waiting.bytes;
        this.#grant();
      }));
    }
  }
}

function roomOf(isShared: boolean, release: () => void): IntakeRoom {
  let isReleased = false;
  return {
    isShared,
    release: () => {
      if (isReleased) return;
      isReleased = true;
      release();
    },
  };
}
