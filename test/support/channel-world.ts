import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type CertificateAuthority, ControllerCertificate, openAuthority, Revocations } from '#certificates';
import type { NodeBundle } from '#compilers/nftables';
import { DesiredBundles, type NodeAck, type NodeHello, type NodeNack, type NodeNews } from '#distribution';
import type { FlowReport } from '#model';

import type { NodeMetadata as MetadataBatch } from '../../apps/controller/src/channel/channel-events.ts';
import type { NodeChannelOptions } from '../../apps/controller/src/channel/node-channel.ts';
import { NodeChannelServer } from '../../apps/controller/src/channel/node-channel-server.ts';
import type { BundleTaker, Taking } from '../../apps/enforcer/src/channel/bundle-taker.ts';
import { ControllerClient } from '../../apps/enforcer/src/channel/controller-client.ts';
import type { CredentialFiles } from '../../apps/enforcer/src/channel/node-credentials.ts';
import type { MetadataSource } from '../../apps/enforcer/src/metadata/metadata-source.ts';
import { NodeMetadata } from '../../apps/enforcer/src/metadata/node-metadata.ts';
import { sha256 } from './sha256.ts';

const PATIENCE_MS = 20_000;

/** Something one end was told, in the order it came. */
export type Told =
  | { readonly kind: 'connected'; readonly node: string; readonly hello: NodeHello }
  | { readonly kind: 'disconnected'; readonly node: string; readonly why: string }
  | { readonly kind: 'ack'; readonly node: string; readonly ack: NodeAck }
  | { readonly kind: 'nack'; readonly node: string; readonly nack: NodeNack }
  | { readonly kind: 'report'; readonly node: string; readonly news: NodeNews }
  | { readonly kind: 'flows'; readonly node: string; readonly report: FlowReport }
  | { readonly kind: 'metadata'; readonly node: string; readonly metadata: MetadataBatch }
  | { readonly kind: 'snapshot asked'; readonly node: string }
  | { readonly kind: 'refused'; readonly peer: string; readonly why: string };

/** A kernel that takes everything, or what a test lets it. */
export class FakeTaker implements BundleTaker {
  readonly driver = 'fake';
  readonly capabilities = [];
  readonly taken: NodeBundle[] = [];
  held: NodeBundle | undefined;
  readonly retried: string[] = [];
  readonly confirmed: { readonly hash: string; readonly by: string }[] = [];
  /** Undefined: it is taken. */
  refuse: (bundle: NodeBundle) => string | undefined = () => undefined;
  onTake: () => void = () => undefined;

  take(bundle: NodeBundle, isAgain = false): Taking {
    if (isAgain) this.retried.push(bundle.hash);
    const why = this.refuse(bundle);
    this.onTake();
    if (why !== undefined) return { kind: 'refused', why, diagnostics: [] };
    this.held = bundle;
    this.taken.push(bundle);
    return { kind: 'applied', commitMs: 0.5, elements: bundle.pods.length, generation: this.taken.length };
  }

  confirm(hash: string, by: string): void {
    this.confirmed.push({ hash, by });
    this.onTake();
  }

  status(): object {
    return { kind: 'status', state: this.held === undefined ? 'nothing' : 'enforcing', ...(this.held && { revision: this.held.revision, hash: this.held.hash }), differences: [] };
  }
}

/** One installation: its authority, its controller, its nodes; all in this process, over real TLS. */
export class ChannelWorld {
  readonly folder: string;
  readonly bundles = new DesiredBundles(sha256);
  readonly told: Told[] = [];
  readonly logs: { readonly node: string; readonly message: string; readonly why: unknown }[] = [];
  readonly authority: CertificateAuthority;
  /** What the controller does with flows; a test may hold them back. */
  onFlows: (report: FlowReport) => Promise<void> = () => Promise.resolve();
  /** Whether the controller takes flows at present. */
  takesFlows = true;
  readonly #certificate: ControllerCertificate;
  readonly #revocations: Revocations;
  readonly #clients = new Set<ControllerClient>();
  readonly #servers = new Set<NodeChannelServer>();
  #notify = new Set<() => void>();

  private constructor(folder: string, authority: CertificateAuthority, certificate: ControllerCertificate) {
    this.folder = folder;
    this.authority = authority;
    this.#certificate = certificate;
    this.#revocations = new Revocations(folder, () => undefined);
  }

  static async make(): Promise<ChannelWorld> {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    const authority = await openAuthority(folder, Date.now());
    return new ChannelWorld(folder, authority, await ControllerCertificate.make(authority, Date.now));
  }

  async serve(more: Partial<NodeChannelOptions> = {}): Promise<NodeChannelServer> {
    const tell = (told: Told): void => {
      this.told.push(told);
      this.#changed();
    };
    const server = await NodeChannelServer.start({
      listen: [{ host: '127.0.0.1', port: 0 }],
      credentials: this.#certificate.credentials,
      controllerVersion: '0.0.0',
      isRevoked: (serial) => this.#revocations.has(serial),
      events: {
        onConnected: (node, hello) => { tell({ kind: 'connected', node, hello }); },
        onDisconnected: (node, why) => { tell({ kind: 'disconnected', node, why }); },
        onAck: (node, ack) => { tell({ kind: 'ack', node, ack }); },
        onNack: (node, nack) => { tell({ kind: 'nack', node, nack }); },
        onReport: (node, news) => { tell({ kind: 'report', node, news }); },
        takesFlows: () => this.takesFlows,
        onFlows: async (node, report) => {
          await this.onFlows(report);
          tell({ kind: 'flows', node, report });
        },
        onMetadata: (node, metadata) => {
          tell({ kind: 'metadata', node, metadata });
          return Promise.resolve();
        },
        snapshotOf: (node) => {
          tell({ kind: 'snapshot asked', node });
          return Promise.resolve(this.bundles.snapshot(node));
        },
        onRefused: (peer, why) => { tell({ kind: 'refused', peer, why }); },
      },
      ...more,
    });
    this.#servers.add(server);
    return server;
  }

  /** Desires a bundle, as the pipeline does. */
  desire(server: NodeChannelServer, bundle: NodeBundle): void {
    const [desired] = this.bundles.set([bundle]);
    if (desired !== undefined) server.setDesired(desired);
  }

  /** Certificate files for a node, under a folder of their own. */
  async credentials(node: string, { authority = this.authority, now = Date.now(), days = 30 }: { readonly authority?: CertificateAuthority; readonly now?: number; readonly days?: number } = {}): Promise<CredentialFiles> {
    const issued = await authority.issueNode(node, days, now);
    const folder = mkdtempSync(join(this.folder, 'node-'));
    const files = { certificate: join(folder, 'node.crt'), key: join(folder, 'node.key'), authority: join(folder, 'ca.crt') };
    writeFileSync(files.certificate, issued.certificate);
    writeFileSync(files.key, issued.key);
    writeFileSync(files.authority, this.authority.certificate);
    return files;
  }

  /** An enforcer's end, over a fake kernel; comes back fast. */
  connect(node: string, port: number, credentials: CredentialFiles, taker = new FakeTaker(), { host = '127.0.0.1', sources = [] }: { readonly host?: string; readonly sources?: readonly MetadataSource[] } = {}): { readonly client: ControllerClient; readonly taker: FakeTaker } {
    taker.onTake = () => { this.#changed(); };
    const client = new ControllerClient({
      controller: `${host.includes(':') ? `[${host}]` : host}:${String(port)}`,
      credentials,
      node,
      enforcerVersion: '0.0.0',
      taker,
      metadata: new NodeMetadata(sources, () => undefined),
      log: (_level, message, fields = {}) => {
        this.logs.push({ node, message, why: fields['why'] });
        this.#changed();
      },
      onPresence: () => { this.#changed(); },
      random: () => 0,
    });
    this.#clients.add(client);
    client.start();
    return { client, taker };
  }

  revoke(node: string): void {
    this.authority.revokeNode(node, Date.now());
    this.#revocations.read();
  }

  /** Waits until something is so; looks whenever anything happened. */
  async until(isSo: () => boolean, what = isSo.toString()): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!isSo()) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`waited in vain for ${what}: ${JSON.stringify([this.told.slice(-20), this.logs.slice(-20)])}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 1_000));
        this.#notify.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Everything of one kind that was told, of one node. */
  of<Kind extends Told['kind']>(kind: Kind, node?: string): readonly Extract<Told, { kind: Kind }>[] {
    return this.told.filter((each): each is Extract<Told, { kind: Kind }> => each.kind === kind && (node === undefined || ('node' in each && each.node === node)));
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.stop();
    await Promise.all([...this.#servers].map((server) => server.close()));
    rmSync(this.folder, { recursive: true });
  }

  #changed(): void {
    const waiting = this.#notify;
    this.#notify = new Set();
    for (const notify of waiting) notify();
  }
}
