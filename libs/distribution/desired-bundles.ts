import type { Digest, NodeBundle } from '#compilers/nftables';

import { BundleEncoder } from './bundle-encoder.ts';

/** A bundle of one node that is to be distributed, without the bundle: what leads there from the one before. */
export interface DesiredBundle {
  readonly node: string;
  /** Counts up for each node as long as this process lasts. */
  readonly version: number;
  readonly revision: number;
  readonly hash: string;
  /** From the version before, with what that one was; absent where only a snapshot leads here. */
  readonly delta?: { readonly revision: number; readonly hash: string; readonly text: string };
}

/** A bundle in full, as it is sent. */
export interface BundleSnapshot {
  readonly node: string;
  readonly version: number;
  readonly revision: number;
  readonly hash: string;
  readonly text: string;
}

/**
 * The latest bundle of every node, and how to say it: as what changed, or in full for whoever asks.
 *
 * Deltas of one change in many bundles are worked out once.
 */
export class DesiredBundles {
  readonly #encoder: BundleEncoder;
  readonly #latest = new Map<string, { readonly version: number; readonly bundle: NodeBundle }>();
  #versions = 0;

  constructor(digest: Digest) {
    this.#encoder = new BundleEncoder(digest);
  }

  /** Notes bundles, one of each node; those that are desired already are left out. */
  set(bundles: readonly NodeBundle[]): readonly DesiredBundle[] {
    this.#encoder.beginRound();
    return bundles.map((bundle) => this.#set(bundle)).filter((desired) => desired !== undefined);
  }

  /** The node is to have no bundle any more; says whether it had one. */
  remove(node: string): boolean {
    this.#encoder.forget(node);
    return this.#latest.delete(node);
  }

  /** What is desired of a node, in full. */
  snapshot(node: string): BundleSnapshot | undefined {
    const latest = this.#latest.get(node);
    if (latest === undefined) return undefined;
    const { revision, hash } = latest.bundle;
    return { node, version: latest.version, revision, hash, text: this.#encoder.snapshot(latest.bundle) };
  }

  #set(bundle: NodeBundle): DesiredBundle | undefined {
    const before = this.#latest.get(bundle.node)?.bundle;
    const { node, revision, hash } = bundle;
    if (before?.hash === hash && before.revision === revision) return undefined;
    this.#versions += 1;
    const version = this.#versions;
    this.#latest.set(node, { version, bundle });
    const text = before && this.#encoder.delta(before, bundle);
    return { node, version, revision, hash, ...(before === undefined || text === undefined ? {} : { delta: { revision: before.revision, hash: before.hash, text } }) };
  }
}
