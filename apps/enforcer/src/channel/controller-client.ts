import { hash } from 'node:crypto';

import type { NodeBundle } from '#compilers/nftables';
import type { FlowReport } from '#model';

import type { Log } from '../log.ts';
import type { NodeMetadata } from '../metadata/node-metadata.ts';
import type { BundleTaker } from './bundle-taker.ts';
import type { StreamEnd } from './channel-stream.ts';
import { FlowQueue } from './flow-queue.ts';
import { type CredentialFiles, readCredentials } from './node-credentials.ts';
import { NodeConversation } from './node-conversation.ts';
import { ReconnectDelay } from './reconnect-delay.ts';

export interface ControllerClientOptions {
  /** `HOST:PORT`, `[IPV6]:PORT`. */
  readonly controller: string;
  readonly credentials: CredentialFiles;
  /** Which node this is; its certificate has to say so too. */
  readonly node: string;
  readonly enforcerVersion: string;
  readonly taker: BundleTaker;
  readonly metadata: NodeMetadata;
  readonly log: Log;
  /** Told when the controller has said what it wants of this node, and when the way to it breaks. */
  readonly onPresence: (isThere: boolean) => void;
  readonly random?: () => number;
}

const WELCOME_WITHIN_MS = 20_000;
/** A controller that sends nothing for so long after its welcome wants what is there already. */
const SETTLED_AFTER_MS = 2_000;
const ABORTED = 10;

/**
 * Keeps this node in touch with its controller, for as long as the enforcer lives.
 *
 * ```
 *   connect ─► hello, what is held ─► bundles down; acks, reports, flows, metadata up ─► break ─► wait, by chance ─┐
 *      ▲───────────────────────────────────────────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * The kernel goes on with what it has while nobody is there, and whatever a controller does wrong
 * only ever ends the connection.
 */
export class ControllerClient {
  readonly #options: ControllerClientOptions;
  readonly #delay: ReconnectDelay;
  readonly #flows: FlowQueue;
  #conversation: NodeConversation | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The last bundle that came, whether the kernel took it or not. */
  #mirror: NodeBundle | undefined;
  #isStopped = false;
  #lastWhy = '';

  constructor(options: ControllerClientOptions) {
    this.#options = options;
    this.#flows = new FlowQueue(options.node);
    this.#delay = new ReconnectDelay(options.random ?? Math.random);
  }

  start(): void {
    void this.#connect();
  }

  /** Says on to the controller what happened to what is enforced. */
  report(report: object): void {
    this.#conversation?.report(report);
  }

  /** Keeps a report of flows until the controller has taken it. */
  flowsSeen(report: FlowReport): void {
    this.#flows.add(report);
    this.#conversation?.pump();
  }

  /** Offers again what the controller wants, where something else is enforced: after a panic, after a refusal. */
  offerAgain(): void {
    this.#conversation?.offerAgain();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#conversation?.close();
  }

  async #connect(): Promise<void> {
    try {
      await this.#attempt();
    } catch (error) {
      // files that are not there yet, or half written, are tried again like a controller that is not
      this.#again({ code: -1, why: error instanceof Error ? error.message : String(error) }, 0);
    }
  }

  async #attempt(): Promise<void> {
    const { controller, credentials: files, node, log } = this.#options;
    const credentials = readCredentials(files);
    if (credentials.node !== node) throw new Error(`the certificate is of node ${credentials.node} now, and this enforcer began as node ${node}: start it again`);
    // nothing of gRPC is loaded on nodes that have no controller
    const { ChannelStream } = await import('./channel-stream.ts');
    if (this.#isStopped) return;
    const { taker, metadata, enforcerVersion, onPresence } = this.#options;
    let welcomedAt = 0;
    let settled: NodeJS.Timeout | undefined;
    const stream = new ChannelStream(controller, credentials, {
      onMessage: (message) => {
        conversation.receive(message);
      },
      onRoom: () => {
        conversation.room();
      },
      onEnd: (end) => {
        clearTimeout(impatience);
        conversation.ended();
        this.#conversation = undefined;
        clearTimeout(settled);
        onPresence(false);
        this.#again(end, welcomedAt === 0 ? 0 : performance.now() - welcomedAt);
      },
    });
    const impatience = setTimeout(() => {
      stream.close();
    }, WELCOME_WITHIN_MS);
    const conversation: NodeConversation = new NodeConversation({
      node,
      enforcerVersion,
      taker,
      flows: this.#flows,
      metadata,
      mirror: this.#mirror,
      digest: (text) => hash('sha256', text, 'hex'),
      write: (message) => stream.write(message),
      end: () => {
        stream.close();
      },
      onWelcome: (controllerVersion, returnWithinMs) => {
        this.#delay.spread(returnWithinMs);
        clearTimeout(impatience);
        welcomedAt = performance.now();
        this.#lastWhy = '';
        log('info', 'connected to the controller', { controller, node, controllerVersion });
        settled = setTimeout(() => {
          onPresence(true);
        }, SETTLED_AFTER_MS);
      },
      onTaken: (bundle) => {
        this.#mirror = bundle;
        clearTimeout(settled);
        onPresence(true);
      },
      onTrouble: (why) => {
        log('error', 'what the controller sent is not used; what was enforced before stays', { why });
      },
    });
    this.#conversation = conversation;
    conversation.begin();
  }

  #again({ code, why }: StreamEnd, lastedMs: number): void {
    if (this.#isStopped) return;
    const waitMs = Math.round(this.#delay.next(lastedMs, code === ABORTED));
    // the same trouble again and again is one line
    if (why !== this.#lastWhy) this.#options.log('warning', 'no controller; what is enforced stays', { controller: this.#options.controller, why, waitMs });
    this.#lastWhy = why;
    this.#timer = setTimeout(() => {
      void this.#connect();
    }, waitMs);
  }
}
