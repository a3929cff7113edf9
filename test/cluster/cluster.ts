import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { controlPlaneProgram, type ControlPlanePart } from '../support/control-plane.ts';
import { certificateUser, ClusterAuthority, kubeconfigText, writeServerFiles } from './cluster-certificates.ts';
import { ClusterClient } from './cluster-client.ts';
import { ClusterProcess, freePorts } from './cluster-process.ts';

const READY_MS = 180_000;

export interface ClusterOptions {
  /** Deployments become Pods, Services get EndpointSlices, namespaces their ServiceAccount. */
  readonly controllerManager?: boolean;
  /** Pods are given to nodes. */
  readonly scheduler?: boolean;
  /** Flags of the API server on top. */
  readonly flags?: readonly string[];
}

/** A Kubernetes control plane of processes on loopback, with nothing in it. Nodes and what runs there are for the test to tell. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-cluster-'));
  try {
    const authority = await ClusterAuthority.make();
    await writeServerFiles(folder, authority);
    const cluster = new Cluster(folder, authority, await freePorts(3), options);
    await cluster.start();
    return cluster;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export class Cluster {
  readonly folder: string;
  /** What a person with every right has in ~/.kube/config. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly authority: ClusterAuthority;
  readonly #etcdPort: number;
  readonly #etcdPeerPort: number;
  readonly #port: number;
  readonly #options: ClusterOptions;
  readonly #processes = new Map<ControlPlanePart, ClusterProcess>();
  #client: ClusterClient | undefined;

  constructor(folder: string, authority: ClusterAuthority, [etcdPort = 0, etcdPeerPort = 0, port = 0]: readonly number[], options: ClusterOptions) {
    this.folder = folder;
    this.authority = authority;
    this.#etcdPort = etcdPort;
    this.#etcdPeerPort = etcdPeerPort;
    this.#port = port;
    this.#options = options;
    this.server = `https://127.0.0.1:${String(port)}`;
    this.kubeconfig = join(folder, 'admin.kubeconfig');
  }

  /** Asks the server with every right. */
  get client(): ClusterClient {
    if (this.#client === undefined) throw new Error('the cluster has not started');
    return this.#client;
  }

  /** The number of the API server's process. */
  get pid(): number {
    return this.#processes.get('kube-apiserver')?.pid ?? 0;
  }

  async start(): Promise<void> {
    try {
      const admin = await this.authority.client('admin', ['system:masters']);
      writeFileSync(this.kubeconfig, kubeconfigText(this.server, this.authority, certificateUser(admin)), { mode: 0o600 });
      this.#client = new ClusterClient(this.server, { ca: this.authority.certificate, cert: admin.certificate, key: admin.key });
      this.#startEtcd();
      await this.#startServer();
      await this.#startControllers();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Kills the API server and starts it again on the same data. Whoever watches loses everything but what is stored. */
  async restart(): Promise<void> {
    await this.killServer();
    await this.#startServer();
  }

  async killServer(): Promise<void> {
    await this.#processes.get('kube-apiserver')?.kill();
  }

  async startServer(): Promise<void> {
    await this.#startServer();
  }

  /** A kubeconfig of somebody who has the rights that roles give him, and no others. */
  async kubeconfigOf(name: string, groups: readonly string[] = []): Promise<string> {
    const path = join(this.folder, `${name}.kubeconfig`);
    writeFileSync(path, kubeconfigText(this.server, this.authority, certificateUser(await this.authority.client(name, groups))), { mode: 0o600 });
    return path;
  }

  /** The same rights through another port that leads there. */
  async kubeconfigThrough(port: number): Promise<string> {
    const path = join(this.folder, `through-${String(port)}.kubeconfig`);
    const admin = await this.authority.client('admin', ['system:masters']);
    writeFileSync(path, kubeconfigText(`https://127.0.0.1:${String(port)}`, this.authority, certificateUser(admin)), { mode: 0o600 });
    return path;
  }

  get port(): number {
    return this.#port;
  }

  /** Makes the store forget everything but what is now: whoever wants to go on from before is told that it is gone. */
  async compact(): Promise<void> {
    const etcd = `http://127.0.0.1:${String(this.#etcdPort)}/v3/kv`;
    const answer = await fetch(`${etcd}/range`, { method: 'POST', body: JSON.stringify({ key: 'AA==' }) });
    const { header } = (await answer.json()) as { readonly header: { readonly revision: string } };
    const done = await fetch(`${etcd}/compaction`, { method: 'POST', body: JSON.stringify({ revision: header.revision, physical: true }) });
    if (!done.ok) throw new Error(`compact: ${await done.text()}`);
  }

  /** Ends every process of it and takes its folder away. */
  async stop(): Promise<void> {
    this.#client?.close();
    await Promise.all([...this.#processes.values()].map((each) => each.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #startEtcd(): void {
    const client = `http://127.0.0.1:${String(this.#etcdPort)}`;
    const peer = `http://127.0.0.1:${String(this.#etcdPeerPort)}`;
    const addresses = ['--listen-client-urls', client, '--advertise-client-urls', client, '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`];
    this.#run('etcd', ['--data-dir', join(this.folder, 'etcd'), '--unsafe-no-fsync', ...addresses]);
  }

  async #startServer(): Promise<void> {
    const { folder } = this;
    const runtime = join(folder, 'run');
    mkdirSync(runtime, { recursive: true });
    const flags = [
      `--etcd-servers=http://127.0.0.1:${String(this.#etcdPort)}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${String(this.#port)}`,
      `--cert-dir=${runtime}`,
      `--tls-cert-file=${join(folder, 'server.crt')}`,
      `--tls-private-key-file=${join(folder, 'server.key')}`,
      `--client-ca-file=${join(folder, 'ca.crt')}`,
      `--service-account-issuer=${this.server}`,
      `--service-account-key-file=${join(folder, 'tokens.pub')}`,
      `--service-account-signing-key-file=${join(folder, 'tokens.key')}`,
      '--service-cluster-ip-range=10.96.0.0/16,fd00:96::/108',
      '--authorization-mode=Node,RBAC',
      '--endpoint-reconciler-type=none',
      '--kubelet-preferred-address-types=InternalIP',
      '--shutdown-delay-duration=0s',
      // nobody makes the ServiceAccounts that pods would need
      ...(this.#options.controllerManager === true ? [] : ['--disable-admission-plugins=ServiceAccount']),
      ...(this.#options.flags ?? []),
    ];
    const server = this.#run('kube-apiserver', flags);
    await server.untilReady(() => this.client.isReady(), READY_MS);
  }

  async #startControllers(): Promise<void> {
    const { folder } = this;
    if (this.#options.controllerManager === true) {
      this.#run('kube-controller-manager', [
        `--kubeconfig=${this.kubeconfig}`,
        '--leader-elect=false',
        '--secure-port=0',
        `--root-ca-file=${join(folder, 'ca.crt')}`,
        `--service-account-private-key-file=${join(folder, 'tokens.key')}`,
        // no kubelet tells that its node lives
        '--controllers=*,-node-lifecycle-controller,-taint-eviction-controller',
      ]);
      await this.#processes.get('kube-controller-manager')?.untilReady(async () => (await this.client.ask('GET', '/api/v1/namespaces/default/serviceaccounts/default')).status === 200, READY_MS);
    }
    if (this.#options.scheduler === true) this.#run('kube-scheduler', [`--kubeconfig=${this.kubeconfig}`, '--leader-elect=false', '--secure-port=0']);
  }

  #run(part: ControlPlanePart, flags: readonly string[]): ClusterProcess {
    const program = controlPlaneProgram(part);
    if (program === undefined) throw new Error(`there is no ${part}`);
    const started = new ClusterProcess(part, program, flags, join(this.folder, `${part}.log`));
    this.#processes.set(part, started);
    return started;
  }
}
