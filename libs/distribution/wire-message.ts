import type { Diagnostic } from '#model';

/** The protocol this code speaks, and the oldest it still understands. */
export const PROTOCOL = { newest: 1, oldest: 1 } as const;

/** Larger texts are sent in parts of so many bytes: a message of gRPC has 4 MiB at most. */
export const PART_BYTES = 1_000_000;
/** No text may be longer, however many parts it comes in. */
export const LARGEST_TEXT_BYTES = { bundle: 256 * 2 ** 20, flows: 32 * 2 ** 20, metadata: 16 * 2 ** 20 } as const;

/** Which bundle is meant, whatever it was called on the way. */
export interface BundleMark {
  readonly revision: number;
  readonly hash: string;
}

/** One piece of a text: `total` bytes in all, this one beginning at `offset`. */
export interface TextPart {
  readonly total: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface NodeHello {
  readonly newestProtocol: number;
  readonly oldestProtocol: number;
  readonly node: string;
  readonly enforcerVersion: string;
  readonly driver: string;
  readonly capabilities: readonly string[];
  /** What the kernel holds and the next delta may start from. */
  readonly held?: BundleMark;
}

/** The kernel holds it and it is on disk. */
export interface NodeAck extends BundleMark {
  readonly version: number;
  readonly commitMs: number;
  readonly elements: number;
  readonly generation: number;
}

export interface NodeNack {
  readonly version: number;
  /** `unreadable`: nothing could be made of what came, so the next has to be a snapshot; `refused`: the kernel or the node would not. */
  readonly reason: 'unreadable' | 'refused';
  readonly why: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What an enforcer says. Reports, flows and metadata are JSON; whoever reads them believes nothing. */
export type NodeMessage =
  | ({ readonly kind: 'hello' } & NodeHello)
  | ({ readonly kind: 'ack' } & NodeAck)
  | ({ readonly kind: 'nack' } & NodeNack)
  | { readonly kind: 'report'; readonly text: string }
  | { readonly kind: 'flows'; readonly number: number; readonly part: TextPart }
  | { readonly kind: 'metadata'; readonly number: number; readonly part: TextPart };

/** What a controller says. */
export type ControllerMessage =
  | { readonly kind: 'welcome'; readonly protocol: number; readonly controllerVersion: string; readonly statusEveryMs: number; readonly returnWithinMs: number }
  | ({ readonly kind: 'snapshot'; readonly version: number; readonly part: TextPart } & BundleMark)
  /** Deltas one behind the other, as a JSON list; only the last bundle is applied. */
  | ({ readonly kind: 'delta'; readonly version: number; readonly part: TextPart } & BundleMark)
  | { readonly kind: 'flows-taken'; readonly number: number }
  | { readonly kind: 'metadata-taken'; readonly number: number }
  /** The bundle on trial locked nobody out. An empty hash means whichever it is: earlier controllers did not say. */
  | { readonly kind: 'confirm'; readonly hash: string; readonly by: string }
  /** The bundle that was tried, and confirmed by nobody, is to be tried again. */
  | { readonly kind: 'retry'; readonly hash: string };
