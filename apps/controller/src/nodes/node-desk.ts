import { Rollout } from '#distribution';
import type { Diagnostic, FlowReport, NodeView, SourceUpdate } from '#model';
import type { ReviewEntry } from '#review';
import type { Logger } from 'pino';

import type { DocumentStore } from '#store';

import type { ChannelEvents, NodeMetadata } from '../channel/channel-events.ts';
import type { NodeChannel } from '../channel/node-channel.ts';
import type { EnforcementNews } from '../workers/enforcement-orders.ts';
import type { EnforcementLink } from '../workers/enforcement-link.ts';
import { NodeClaims } from './node-claims.ts';
import { NodeSayings } from './node-sayings.ts';
import { NodeMemory } from './node-memory.ts';

const SILENT_AFTER_MS = 60_000;
const SAME_LINE_EVERY_MS = 1_000;

export interface NodeDeskOptions {
  readonly enforcement: Pick<EnforcementLink, 'snapshotOf'>;
  /** Where what nodes say is kept beyond the process. */
  readonly documents: DocumentStore;
  readonly takesFlows: () => boolean;
  /** Resolves when the report is taken in. */
  readonly onFlows: (report: FlowReport) => Promise<void>;
  /** What a node says of what runs there, held to what it may say. */
  readonly onUpdate: (update: SourceUpdate) => void;
  /** A node is the first with containers of a project: it is told until that is decided. */
  readonly onFirstOfProject: (project: string, node: string) => void;
  readonly onInSync: (source: string, isInSync: boolean) => void;
  /** What a source of a node says is what it said to an earlier process. */
  readonly onRemembered: (source: string, node: string) => void;
  /** Nothing a source of a node said counts any more. */
  readonly onForgotten: (source: string) => void;
  readonly onTrouble: (what: string, error: unknown) => void;
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
 *                            ▲ NodeSayings ◄─ NodeMemory, from the store
 * ```
 */
export class NodeDesk {
  readonly claims: NodeClaims;
  readonly sayings: NodeSayings;
  readonly #memory: NodeMemory;
  readonly #options: NodeDeskOptions;
  readonly #rollout = new Rollout({ silentAfterMs: SILENT_AFTER_MS });
  #hasRemembered = false;
  /** By node and kind of news, of which there are few. */
  readonly #loggedAt = new Map<string, number>();
  #channel: NodeChannel | undefined;

  constructor(options: NodeDeskOptions) {
    this.#options = options;
    this.claims = new NodeClaims(options.onUpdate, options.onFirstOfProject);
    this.sayings = new NodeSayings(this.claims);
    this.#memory = new NodeMemory({ documents: options.documents, sayingsOf: (node) => this.claims.sayingsOf(node), onTrouble: options.onTrouble });
  }

  /** What nodes said to an earlier process counts until they speak: nothing of theirs is gone because this one began. */
  async remember(): Promise<void> {
    for (const remembered of await this.#memory.read()) {
      this.sayings.remember(remembered);
      for (const source of new Set(remembered.updates.map((update) => update.source))) this.#options.onRemembered(source, remembered.node);
    }
    this.#hasRemembered = true;
  }

  /** Why a node is not to be removed: it is here and has said what runs there, or never said anything. */
  obstacleToRemoval(node: string): Diagnostic | undefined {
    const isHere = this.views().some((view) => view.node === node && view.isConnected);
    if (isHere && !this.sayings.unheard.includes(node)) return obstacle('node-connected', node, 'is connected, and would say the same again', 'stop its enforcer first, or take its certificate back: ringfence node cert --revoke');
    return this.sayings.unheard.includes(node) || this.claims.sayingsOf(node).length > 0 ? undefined : obstacle('node-unknown', node, 'has said nothing that could be removed', 'ringfence status shows which nodes speak');
  }

  /** A node is no more: nothing it said counts, here or after the next start. */
  async remove(node: string): Promise<void> {
    const sources = new Set(this.claims.sayingsOf(node).map(({ source }) => source));
    this.sayings.forget(node);
    for (const source of sources) this.#options.onForgotten(source);
    this.#memory.changed(node);
    this.#options.log.info({ node }, 'a node was removed: what it said does not count any more');
    this.#options.onChange([node]);
    await this.#memory.flush();
  }

  /** What nodes say is written down. */
  close(): Promise<void> {
    return this.#memory.flush();
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

  /** What was decided about nodes: one that is no more counts no more, and those with a trial that are connected here, and still stand as they were shown, are told. */
  decided(entries: readonly ReviewEntry[]): void {
    for (const { event } of entries) {
      // what was removed before this process began said nothing here, or has come back since
      if (event.kind === 'node-removed' && this.#hasRemembered) void this.remove(event.node);
      if (event.kind !== 'trials-confirmed' && event.kind !== 'trials-retried') continue;
      const isConfirmed = event.kind === 'trials-confirmed';
      for (const { node, hash } of event.trials) {
        const realisation = this.#rollout.view(node, this.#options.now())?.realisation;
        if (realisation?.kind !== (isConfirmed ? 'trial' : 'failed') || realisation.hash !== hash) continue;
        this.#options.log.info({ node, hash, by: event.by.name }, isConfirmed ? 'what a node has on trial is confirmed' : 'a node is to try again what nobody confirmed');
        if (isConfirmed) this.#channel?.confirm(node, hash, event.by.name);
        else this.#channel?.retry(node, hash);
      }
    }
  }

  views(): readonly NodeView[] {
    return this.#rollout.views(this.#options.now());
  }

  events(): ChannelEvents {
    const { log, now, onChange, enforcement, takesFlows, onFlows } = this.#options;
    const changed = (node: string): void => {
      onChange([node]);
    };
    return {
      onConnected: (node, hello, peer) => {
        this.claims.connected(node, peer);
        this.#memory.connected(node, peer);
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
      takesFlows,
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

  #takeMetadata(node: string, metadata: NodeMetadata): void {
    this.sayings.take(node, metadata);
    this.#memory.changed(node);
    for (const source of metadata.inSync) this.#options.onInSync(source, true);
  }
}

function obstacle(code: string, node: string, message: string, hint: string): Diagnostic {
  return { code, severity: 'error', subject: `node ${node}`, message, hint };
}
