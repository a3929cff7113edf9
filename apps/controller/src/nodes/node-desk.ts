import { Rollout } from '#distribution';
import type { FlowReport, NodeView, SourceUpdate } from '#model';
import type { TrialOnNode } from '#review';
import type { Logger } from 'pino';

import type { ChannelEvents, NodeMetadata } from '../channel/channel-events.ts';
import type { NodeChannel } from '../channel/node-channel.ts';
import type { EnforcementNews } from '../workers/enforcement-orders.ts';
import type { EnforcementLink } from '../workers/enforcement-link.ts';
import { NodeClaims } from './node-claims.ts';

const SILENT_AFTER_MS = 60_000;
const SAME_LINE_EVERY_MS = 1_000;

export interface NodeDeskOptions {
  readonly enforcement: Pick<EnforcementLink, 'snapshotOf'>;
  /** Resolves when the report is taken in. */
  readonly onFlows: (report: FlowReport) => Promise<void>;
  /** What a node says of what runs there, held to what it may say. */
  readonly onUpdate: (update: SourceUpdate) => void;
  /** A node is the first with containers of a project: it is told until that is decided. */
  readonly onFirstOfProject: (project: string, node: string) => void;
  readonly onInSync: (source: string, isInSync: boolean) => void;
  /** A node stands differently. */
  readonly onChange: (nodes: readonly string[]) => void;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Everything about nodes: what is desired of them goes out, what they say comes in.
 *
 * ```
 *   nodes to compile ─► desired ─► NodeChannel            Rollout ◄─ hello, ack, nack, reports
 *   sources, learning ◄─ NodeClaims, reports ◄────────────┘
 * ```
 */
export class NodeDesk {
  readonly claims: NodeClaims;
  readonly #options: NodeDeskOptions;
  readonly #rollout = new Rollout({ silentAfterMs: SILENT_AFTER_MS });
  /** By node and kind of news, of which there are few. */
  readonly #loggedAt = new Map<string, number>();
  #channel: NodeChannel | undefined;

  constructor(options: NodeDeskOptions) {
    this.#options = options;
    this.claims = new NodeClaims(options.onUpdate, options.onFirstOfProject);
  }

  /** Whom bundles are sent through, from now on. */
  use(channel: NodeChannel): void {
    this.#channel = channel;
  }

  /** What the enforcement pipeline has worked out. */
  desire({ nodes, removed }: Extract<EnforcementNews, { readonly kind: 'nodes' }>): void {
    const now = this.#options.now();
    for (const desired of nodes) {
      this.#rollout.desire(desired.node, desired, now);
      this.#channel?.setDesired(desired);
    }
    for (const node of removed) {
      this.#rollout.release(node);
      this.#channel?.removeDesired(node);
    }
    this.#options.onChange([...nodes.map(({ node }) => node), ...removed]);
  }

  /** Somebody says that what these nodes have on trial locked nobody out: those that are connected here and still have it are told. */
  confirm(trials: readonly TrialOnNode[], by: string): void {
    const { log, now } = this.#options;
    for (const { node, hash } of trials) {
      const realisation = this.#rollout.view(node, now())?.realisation;
      if (realisation?.kind !== 'trial' || realisation.hash !== hash) continue;
      log.info({ node, hash, by }, 'what a node has on trial is confirmed');
      this.#channel?.confirm(node, hash, by);
    }
  }

  views(): readonly NodeView[] {
    return this.#rollout.views(this.#options.now());
  }

  events(): ChannelEvents {
    const { log, now, onChange, enforcement, onFlows } = this.#options;
    const changed = (node: string): void => {
      onChange([node]);
    };
    return {
      onConnected: (node, hello, peer) => {
        this.claims.connected(node, peer);
        log.info({ node, version: hello.enforcerVersion, driver: hello.driver, holds: hello.held?.revision }, 'an enforcer has connected');
        this.#rollout.connected(hello, now());
        changed(node);
      },
      onDisconnected: (node, why) => {
        log.warn({ node, why }, 'an enforcer is gone; its node goes on enforcing what it has');
        this.#rollout.disconnected(node);
        changed(node);
      },
      onAck: (node, ack) => {
        log.debug({ node, ...ack }, 'a bundle is in place');
        this.#rollout.acked(node, ack, now());
        changed(node);
      },
      onNack: (node, nack, sent) => {
        log.error({ node, revision: sent.revision, why: nack.why }, 'a node refused its bundle; what it enforced before stays');
        this.#rollout.nacked(node, sent, nack, now());
        changed(node);
      },
      onReport: (node, news) => {
        this.#rollout.reported(node, news, now());
        if (news.kind !== 'status' && this.#isWorthALine(`${node} ${news.kind}`)) log.info({ node, news: news.kind }, 'a node reports');
        changed(node);
      },
      onFlows: async (node, report) => {
        const { loss } = report;
        const lost = loss.connectionEvents + loss.logRecords;
        if (lost > 0) this.#rollout.lost(node, lost, now());
        await onFlows(report);
      },
      onMetadata: (node, metadata) => {
        this.#takeMetadata(node, metadata);
        return Promise.resolve();
      },
      snapshotOf: (node) => enforcement.snapshotOf(node),
      onRefused: (peer, why) => {
        log.warn({ peer, why }, 'somebody was sent away from the node channel');
      },
    };
  }

  /** A node may say the same a thousand times a second, and must not fill a disk with it. */
  #isWorthALine(what: string): boolean {
    const now = this.#options.now();
    const isWorthIt = now - (this.#loggedAt.get(what) ?? -Infinity) >= SAME_LINE_EVERY_MS;
    if (isWorthIt) this.#loggedAt.set(what, now);
    return isWorthIt;
  }

  #takeMetadata(node: string, { isFirst, updates, inSync }: NodeMetadata): void {
    const said = new Set(updates.map(({ source, key }) => `${source}\n${key}`));
    // it begins anew: what it does not say again is gone
    if (isFirst) for (const { source, key } of this.claims.keysOf(node)) if (!said.has(`${source}\n${key}`)) this.claims.node(node, { source, key, value: undefined });
    for (const update of updates) this.claims.node(node, update);
    for (const source of inSync) this.#options.onInSync(source, true);
  }
}
