import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NodeBundle } from '#compilers/nftables';
import { chooseDriver, ConntrackSweep, NodeKeeper } from '#dataplane';

import { type ControllerLink, linkController } from '../../apps/enforcer/src/channel/controller-link.ts';
import { NodeMetadata } from '../../apps/enforcer/src/metadata/node-metadata.ts';
import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';

/** A bundle that a kernel has acknowledged. Milliseconds since 1970, with fractions. */
export interface Applied {
  readonly node: string;
  readonly at: number;
  readonly commitMs: number;
  readonly bundle: NodeBundle;
}

/** Enforcers with a kernel each: a network namespace of its own, and everything else of an enforcer but flows. */
export class ReactionNodes {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ringfence-reaction-'));
  readonly #closers: (() => void)[] = [];

  connect(node: string, port: number, credentials: { readonly certificate: string; readonly key: string; readonly authority: string }, onApplied: (applied: Applied) => void): void {
    const namespace = new NetworkNamespace();
    const place = { namespacePath: namespace.path };
    const held: { link?: ControllerLink } = {};
    const keeper: NodeKeeper = new NodeKeeper({
      ...chooseDriver(place),
      sweep: new ConntrackSweep(place),
      folder: join(this.#folder, node),
      layout: { isIdentifying: false },
      confirmWithinMs: 60_000,
      onReport: (told) => {
        if (told.kind === 'applied' && keeper.applied !== undefined) onApplied({ node, at: performance.timeOrigin + performance.now(), commitMs: told.commitMs, bundle: keeper.applied });
        held.link?.told(told);
      },
    });
    keeper.start(undefined);
    held.link = linkController({ address: `127.0.0.1:${String(port)}`, ...credentials }, node, keeper, new NodeMetadata([], () => undefined), (level, message, fields) => {
      if (level === 'error' || level === 'warning') console.error(`reaction: ${node}: ${message} ${JSON.stringify(fields ?? {})}`);
    });
    this.#closers.push(() => {
      held.link?.stop();
      keeper.stop();
      namespace.close();
    });
  }

  close(): void {
    for (const close of this.#closers) close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
