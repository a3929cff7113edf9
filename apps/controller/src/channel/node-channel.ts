import type { DesiredBundle } from '#distribution';

import type { ChannelEvents } from './channel-events.ts';
import type { HalfOpenLimits } from './half-open.ts';
import type { IntakeLimits } from './intake-budget.ts';

/** What the channel proves itself with and whom it lets in. PEM texts. */
export interface ChannelCredentials {
  readonly certificate: string;
  readonly key: string;
  /** Who issues certificates of nodes. */
  readonly authority: string;
}

export interface NodeChannelOptions {
  /** Port 0: any that is free. */
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  readonly credentials: ChannelCredentials;
  readonly events: ChannelEvents;
  readonly controllerVersion: string;
  /** Whether a certificate, by its serial number in lower-case hexadecimal, is no longer good. */
  readonly isRevoked: (serial: string) => boolean;
  /** How often certificates of those connected are looked at again, in milliseconds. */
  readonly reviewEveryMs?: number;
  /** How often nodes say how they stand, in milliseconds. */
  readonly statusEveryMs?: number;
  /** In milliseconds, and never back; absent: the clock of this process. */
  readonly monotonicNow?: () => number;
  /** How much of what nodes say is held at a time. */
  readonly intake?: IntakeLimits;
  /** How long a text may take to come while others wait for its room, in milliseconds. */
  readonly textWithinMs?: number;
  /** How many connections may be of nobody yet; absent: enough for a thousand nodes behind one address. */
  readonly halfOpen?: Partial<HalfOpenLimits>;
}

/** The controller's end of the channel to all nodes. Each is told the newest that is desired of it, and nothing of any other. */
export interface NodeChannel {
  /** Where it listens, in the order asked for. */
  readonly ports: readonly number[];
  /** The newest bundle of a node: sent at once where the node is connected and has dealt with the one before, and otherwise as soon as it has. */
  setDesired(desired: DesiredBundle): void;
  /** Nothing is desired of the node any more: what it has stays until it is told otherwise. */
  removeDesired(node: string): void;
  /** Says to a node that the bundle with this hash, which it has on trial, locked nobody out; whether it is connected. `by` is who says so. */
  confirm(node: string, hash: string, by: string): boolean;
  /** Says to a node that the bundle with this hash, which nobody confirmed when it was tried, is to be tried again; whether it is connected. */
  retry(node: string, hash: string): boolean;
  /** Connected at present, sorted. */
  connected(): readonly string[];
  /** Takes other certificates for connections from now on, and looks at those there are again. */
  setCredentials(credentials: ChannelCredentials): void;
  /** Ends connections of certificates that are revoked or have run out meanwhile. */
  review(): void;
  close(): Promise<void>;
}
