/** Who is told whether the controller is away for long. */
export interface PresenceListener {
  controllerAway(isAway: boolean): void;
}

const GRACE_MS = 30_000;

/**
 * Tells a short break of the way to the controller from an absence.
 *
 * A new pod is vouched for within a second of a reconnect; so it is only after the grace that a
 * node which is to fail open then does. One that never had a controller counts as left alone once
 * the grace is over.
 */
export class ControllerPresence {
  readonly #listener: PresenceListener;
  readonly #graceMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(listener: PresenceListener, graceMs = GRACE_MS) {
    this.#listener = listener;
    this.#graceMs = graceMs;
    this.lost();
  }

  /** The controller is there, and what it says of this node is known. */
  found(): void {
    this.stop();
    this.#listener.controllerAway(false);
  }

  /** The way to it broke; may be said more than once. */
  lost(): void {
    this.#timer ??= setTimeout(() => {
      this.#listener.controllerAway(true);
    }, this.#graceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
