import { Server, status } from '@grpc/grpc-js';
import { type AddressInfo, createServer, type Server as Listener } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import { nodeChannelService } from '#channel';
import { type DesiredBundle, type NodeHello, type NodeMessage, readNodeNews } from '#distribution';

import { CertificateHolder } from './certificate-holder.ts';
import { ConnectionPace } from './connection-pace.ts';
import { DesiredLine } from './desired-line.ts';
import { readFlowReport } from './flow-report-reading.ts';
import { faultOfHello } from './hello-fault.ts';
import type { ChannelCredentials, NodeChannel, NodeChannelOptions } from './node-channel.ts';
import { HalfOpen } from './half-open.ts';
import { IntakeBudget } from './intake-budget.ts';
import { type NodeCall, NodeSession } from './node-session.ts';
import { readNodeMetadata } from './node-metadata-reading.ts';
import { type PeerIdentity, readPeer } from './peer-identity.ts';
import { RefusalLog } from './refusal-log.ts';

/** What the handshake of one node costs, with room for everything else a controller does. */
const RETURN_MS_A_NODE = 5;
const HELLO_WITHIN_MS = 10_000;
/** Longer, for a thousand that come at once have to prove who they are one after the other. */
const KNOWN_WITHIN_MS = 30_000;
const STATUS_EVERY_MS = 10_000;
/** Of a text others wait for the room of: as much as there may be, over a slow line. */
const TEXT_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 250;
/** How late it may be noticed that a certificate has run out. */
const REVIEW_EVERY_MS = 60_000;
const CLOSE_WITHIN_MS = 1_000;
const KEEPALIVE_MS = 20_000;

const SERVER_OPTIONS = {
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': 2 * 2 ** 20,
  'grpc.max_send_message_length': 4 * 2 ** 20,
  // one stream is all a node needs; one more while it changes over
  'grpc.max_concurrent_streams': 4,
};

interface Connected {
  readonly peer: PeerIdentity;
  readonly session: NodeSession;
}

/**
 * The node channel over gRPC and mutual TLS.
 *
 * ```
 *   TLS (certificate of our authority) ─► which node, not revoked ─► hello (same node, protocol) ─► NodeSession
 * ```
 *
 * Of two connections of one node the newer is the one: the older is most often dead without anybody knowing.
 */
export class NodeChannelServer implements NodeChannel {
  readonly #options: NodeChannelOptions;
  readonly #server = new Server(SERVER_OPTIONS);
  readonly #holder: CertificateHolder;
  readonly #lines = new Map<string, DesiredLine>();
  readonly #sessions = new Map<string, Connected>();
  readonly #refusals: RefusalLog;
  readonly #pace: ConnectionPace;
  readonly #halfOpen: HalfOpen;
  readonly #intake: IntakeBudget;
  readonly #listeners: Listener[] = [];
  readonly #reviewing: NodeJS.Timeout;
  #ports: readonly number[] = [];

  private constructor(options: NodeChannelOptions) {
    this.#options = options;
    this.#holder = new CertificateHolder(options.credentials);
    this.#pace = new ConnectionPace(options.monotonicNow ?? (() => performance.now()));
    this.#halfOpen = new HalfOpen({ withinMs: KNOWN_WITHIN_MS, ...options.halfOpen });
    this.#intake = new IntakeBudget(options.intake);
    this.#reviewing = setInterval(() => { this.review(); }, options.reviewEveryMs ?? REVIEW_EVERY_MS).unref();
    this.#refusals = new RefusalLog(options.events.onRefused);
    this.#server.addService(nodeChannelService(), { Connect: (call: NodeCall) => { this.#accept(call); } });
  }

  /** Listens on every address, or fails. */
  static async start(options: NodeChannelOptions): Promise<NodeChannelServer> {
    const channel = new NodeChannelServer(options);
    try {
      const ports: number[] = [];
      for (const { host, port } of options.listen) ports.push(await channel.#bind(host, port));
      channel.#ports = ports;
      return channel;
    } catch (error) {
      channel.#stopListening();
      channel.#server.forceShutdown();
      throw error;
    }
  }

  get ports(): readonly number[] {
    return this.#ports;
  }

  setDesired(desired: DesiredBundle): void {
    const line = this.#lines.get(desired.node);
    if (line === undefined) this.#lines.set(desired.node, new DesiredLine(desired));
    else line.push(desired);
    this.#sessions.get(desired.node)?.session.desiredChanged();
  }

  removeDesired(node: string): void {
    this.#lines.delete(node);
  }

  confirm(node: string, hash: string, by: string): boolean {
    const connected = this.#sessions.get(node);
    connected?.session.confirm(hash, by);
    return connected !== undefined;
  }

  retry(node: string, hash: string): boolean {
    const connected = this.#sessions.get(node);
    connected?.session.retry(hash);
    return connected !== undefined;
  }

  connected(): readonly string[] {
    return [...this.#sessions.keys()].sort();
  }

  setCredentials(credentials: ChannelCredentials): void {
    this.#holder.replace(credentials);
    this.review();
  }

  review(): void {
    for (const { peer, session } of [...this.#sessions.values()]) {
      const fault = this.#faultOf(peer);
      if (fault !== undefined) session.end(status.UNAUTHENTICATED, fault);
    }
  }

  async close(): Promise<void> {
    for (const { session } of [...this.#sessions.values()]) session.end(status.UNAVAILABLE, 'the controller stops');
    this.#stopListening();
    await new Promise<void>((resolve) => {
      const force = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, CLOSE_WITHIN_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(force);
        resolve();
      });
    });
  }

  #bind(host: string, port: number): Promise<number> {
    const address = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
    const intake = this.#server.createConnectionInjector(this.#holder.serverCredentials());
    const listener = createServer({ noDelay: true }, (socket) => {
      if (this.#halfOpen.admits(socket)) intake.injectConnection(socket);
      else {
        this.#refusals.note(socket.remoteAddress ?? 'nobody', 'too many connections of that address, or of all, are of nobody yet');
        socket.destroy();
      }
    });
    this.#listeners.push(listener);
    return new Promise((resolve, reject) => {
      listener.on('error', (error) => {
        reject(new Error(`listen for enforcers on ${address}: ${error.message}`, { cause: error }));
      });
      listener.listen({ host, port }, () => {
        resolve((listener.address() as AddressInfo).port);
      });
    });
  }

  #stopListening(): void {
    clearInterval(this.#reviewing);
    for (const listener of this.#listeners) listener.close();
    this.#halfOpen.end();
  }

  #accept(call: NodeCall): void {
    const reading = readPeer(call.getAuthContext().sslPeerCertificate, Date.now());
    const fault = reading.kind === 'refused' ? reading.why : this.#faultOf(reading.peer);
    if (reading.kind === 'refused' || fault !== undefined) {
      this.#refuse(call, status.UNAUTHENTICATED, fault ?? '');
      return;
    }
    const { peer } = reading;
    if (!this.#pace.allows(peer.node)) {
      this.#refuse(call, status.RESOURCE_EXHAUSTED, `node ${peer.node} connects too often: two enforcers may have the same certificate`);
      return;
    }
    let session: NodeSession | undefined;
    const waiting = setTimeout(() => {
      this.#refuse(call, status.DEADLINE_EXCEEDED, `node ${peer.node} said no hello in time`);
    }, HELLO_WITHIN_MS);
    const leave = (why: string) => (): void => {
      clearTimeout(waiting);
      session?.left(why);
    };
    call.on('data', (message: NodeMessage | undefined) => {
      if (session !== undefined) {
        session.receive(message);
        return;
      }
      clearTimeout(waiting);
      if (message?.kind === 'hello') session = this.#greet(call, peer, message);
      else this.#refuse(call, status.FAILED_PRECONDITION, `node ${peer.node} did not begin with hello`);
    });
    call.on('error', leave('it did not keep to the protocol'));
    call.on('end', () => {
      leave('it said goodbye')();
      call.end();
    });
    call.on('cancelled', leave('the connection broke'));
    call.on('close', leave('the connection broke'));
  }

  #greet(call: NodeCall, peer: PeerIdentity, hello: NodeHello): NodeSession | undefined {
    const fault = faultOfHello(peer, hello);
    if (fault !== undefined) {
      this.#refuse(call, fault.code, fault.why);
      return undefined;
    }
    this.#halfOpen.known(call.getPeer());
    const { node } = peer;
    const { events, controllerVersion, statusEveryMs = STATUS_EVERY_MS } = this.#options;
    const before = this.#sessions.get(node);
    let isOver = false;
    const session: NodeSession = new NodeSession(call, hello, { controllerVersion, statusEveryMs, returnWithinMs: this.#lines.size * RETURN_MS_A_NODE }, {
      line: () => (isOver ? undefined : this.#lines.get(node)),
      snapshot: () => events.snapshotOf(node),
      onAck: (ack) => { events.onAck(node, ack); },
      onNack: (nack, sent) => { events.onNack(node, nack, sent); },
      onReport: (text) => { this.#report(node, text); },
      room: (bytes, granted) => this.#intake.ask(node, bytes, granted),
      isRoomAwaited: () => this.#intake.isAwaited,
      textWithinMs: this.#options.textWithinMs ?? TEXT_WITHIN_MS,
      takeFlows: (text) => this.#takeFlows(node, text, () => isOver),
      takeMetadata: (text) => this.#takeMetadata(node, text),
      onThrownAway: (why) => { this.#refusals.note(`node ${node}`, why); },
      onEnd: (why) => {
        isOver = true;
        if (this.#sessions.get(node)?.session !== session) return;
        this.#sessions.delete(node);
        events.onDisconnected(node, why);
      },
    });
    this.#sessions.set(node, { peer, session });
    before?.session.end(status.ABORTED, `another connection of node ${node} has taken its place`);
    events.onConnected(node, hello, call.getPeer());
    return session;
  }

  #report(node: string, text: string): void {
    let report: unknown;
    try {
      report = JSON.parse(text);
    } catch {
      this.#refusals.note(`node ${node}`, 'a report is no JSON');
      return;
    }
    this.#options.events.onReport(node, readNodeNews(report), report);
  }

  async #takeFlows(node: string, text: string, isOver: () => boolean): Promise<string | undefined> {
    const { takesFlows = () => true } = this.#options.events;
    // as text, and no longer than its connection: a follower may wait for days
    while (!takesFlows() && !isOver()) await pause(LOOK_AGAIN_MS, undefined, { ref: false });
    if (isOver()) return undefined;
    const reading = readFlowReport(text, node, Date.now());
    if (reading.kind === 'refused') return `flows are thrown away: ${reading.why}`;
    await this.#options.events.onFlows(node, reading.report);
    return undefined;
  }

  async #takeMetadata(node: string, text: string): Promise<string | undefined> {
    const reading = readNodeMetadata(text, node);
    if (reading.kind === 'refused') return `metadata is thrown away: ${reading.why}`;
    await this.#options.events.onMetadata(node, reading.metadata);
    return reading.leftOut === 0 ? undefined : `${String(reading.leftOut)} updates are thrown away: ${reading.why}`;
  }

  #faultOf({ node, serial, notAfter }: PeerIdentity): string | undefined {
    if (this.#options.isRevoked(serial)) return `the certificate of node ${node} is revoked`;
    return notAfter <= Date.now() ? `the certificate of node ${node} has run out` : undefined;
  }

  #refuse(call: NodeCall, code: status, why: string): void {
    this.#refusals.note(call.getPeer(), why);
    call.emit('error', { code, details: why });
  }
}
