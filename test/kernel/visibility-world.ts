import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { type FlowReport, type ObservedFlow, parseAddress } from '#model';

import type { LocalPod } from '../../libs/dataplane/visibility/local-pods.ts';
import { flushConnections } from '../../libs/lab/connection-table.ts';
import { linksAreUp } from '../../libs/lab/link-state.ts';
import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import type { PeerAnswer, PeerOrder } from './visibility-peer.ts';

export const CLIENT = { four: '10.64.0.10', six: 'fd00:64::10' };
/** An address in the client's namespace that no bundle names. */
export const STRANGER = '10.64.0.99';
export const SERVER = { four: '10.65.0.10', six: 'fd00:65::10' };
export const VIRTUAL = '10.96.0.1';
/** Reached through the server's namespace; no pod's. */
export const OUTSIDE = '192.0.2.7';

export const PODS: readonly LocalPod[] = [
  { pod: 'shop/client', addresses: [parseAddress(CLIENT.four)!, parseAddress(CLIENT.six)!] },
  { pod: 'shop/server', addresses: [parseAddress(SERVER.four)!, parseAddress(SERVER.six)!] },
];

const PATIENCE_MS = 30_000;
const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8' };

/** Two pods and the node between them, each a network namespace of its own; all gone with this process. */
export class VisibilityWorld {
  readonly client = new NetworkNamespace();
  readonly node = new NetworkNamespace();
  readonly server = new NetworkNamespace();
  readonly #peers: Peer[] = [];

  constructor() {
    // addresses count from the first moment, without asking whether another has them
    for (const each of [this.client, this.node, this.server]) each.configure({ 'net.ipv6.conf.all.accept_dad': '0', 'net.ipv6.conf.default.accept_dad': '0' });
    this.#link(this.client, 'c', CLIENT, '10.64.0.1', 'fd00:64::1');
    this.#link(this.server, 's', SERVER, '10.65.0.1', 'fd00:65::1');
    this.#ip(this.client, 'addr', 'add', `${STRANGER}/24`, 'dev', 'eth0');
    this.#ip(this.server, 'addr', 'add', `${OUTSIDE}/32`, 'dev', 'lo');
    this.#ip(this.node, 'route', 'add', OUTSIDE, 'via', SERVER.four);
    this.node.configure({ 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' });
    for (const each of [this.client, this.node, this.server]) linksAreUp(each);
  }

  /** Gives the node rules, by text. */
  load(rules: string): void {
    const { status, stderr } = this.node.run(() => spawnSync('nft', ['-f', '-'], { input: rules, env: environment, encoding: 'utf8' }));
    if (status !== 0) throw new Error(`load rules: ${stderr}`);
  }

  /** Ends all connections in the node's table; those that are alive begin anew. */
  forgetConnections(): void {
    flushConnections(this.node);
  }

  /** One more address for a pod. */
  give(place: 'client' | 'server', address: string): void {
    this.#ip(this[place], 'addr', 'add', `${address}/${address.includes(':') ? '128' : '32'}`, 'dev', 'lo');
  }

  /** From now on the server takes every packet and does nothing with it; the ways there are known. */
  swallow(): void {
    this.#macs(this.client, '10.64.0.1', this.node, 'c');
    this.#macs(this.node, SERVER.four, this.server, 'eth0');
    this.#run(this.server, 'nft', 'add table inet swallow; add chain inet swallow every { type filter hook prerouting priority -400; policy drop; }');
  }

  /** Starts a program in one of the namespaces. */
  peer(place: 'client' | 'node' | 'server'): Peer {
    const peer = new Peer(this[place]);
    this.#peers.push(peer);
    return peer;
  }

  async close(): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
    for (const each of [this.client, this.node, this.server]) each.close();
  }

  #link(pod: NetworkNamespace, name: string, { four, six }: typeof CLIENT, gateway4: string, gateway6: string): void {
    this.#ip(this.node, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod.path);
    this.#ip(this.node, 'addr', 'add', `${gateway4}/24`, 'dev', name);
    this.#ip(this.node, 'addr', 'add', `${gateway6}/64`, 'dev', name, 'nodad');
    this.#ip(this.node, 'link', 'set', name, 'up');
    this.#ip(pod, 'addr', 'add', `${four}/24`, 'dev', 'eth0');
    this.#ip(pod, 'addr', 'add', `${six}/64`, 'dev', 'eth0', 'nodad');
    this.#ip(pod, 'link', 'set', 'lo', 'up');
    this.#ip(pod, 'link', 'set', 'eth0', 'up');
    this.#ip(pod, 'route', 'add', 'default', 'via', gateway4);
    this.#ip(pod, '-6', 'route', 'add', 'default', 'via', gateway6);
  }

  #macs(at: NetworkNamespace, address: string, of: NetworkNamespace, link: string): void {
    const mac = /link\/ether ([0-9a-f:]+)/.exec(this.#run(of, 'ip', '-o', 'link', 'show', link))?.[1] ?? '';
    this.#ip(at, 'neigh', 'replace', address, 'lladdr', mac, 'dev', at === this.client ? 'eth0' : 's');
  }

  #ip(namespace: NetworkNamespace, ...args: readonly string[]): void {
    this.#run(namespace, 'ip', ...args);
  }

  #run(namespace: NetworkNamespace, command: string, ...args: readonly string[]): string {
    const { status, stdout, stderr } = namespace.run(() => spawnSync(command, args, { env: environment, encoding: 'utf8' }));
    if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}

/** A program in a namespace that does one thing after another. */
export class Peer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: ((answer: PeerAnswer) => void)[] = [];
  #rest = '';

  constructor(namespace: NetworkNamespace) {
    const program = fileURLToPath(new URL('visibility-peer.ts', import.meta.url));
    this.#child = namespace.run(() => spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], { stdio: ['pipe', 'pipe', 'pipe'] }));
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${this.#rest}${text}`.split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#waiting.shift()?.(JSON.parse(line) as PeerAnswer);
    });
    this.#child.stderr.pipe(process.stderr);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  do(order: PeerOrder): Promise<PeerAnswer> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
      this.#child.stdin.end();
    });
  }
}

/** Collects reports, and waits until what they hold together is as wanted. */
export class Reports {
  readonly all: FlowReport[] = [];
  #listener: (() => void) | undefined;

  readonly add = (report: FlowReport): void => {
    this.all.push(report);
    this.#listener?.();
  };

  /** The flows of all reports that fit, of which at least one comes in time. */
  async some(fits: (flow: ObservedFlow) => boolean): Promise<readonly ObservedFlow[]> {
    const matching = (): readonly ObservedFlow[] => this.all.flatMap(({ flows }) => flows).filter(fits);
    await this.until(() => matching().length > 0);
    return matching();
  }

  async until(holds: () => boolean): Promise<void> {
    const from = performance.now();
    while (!holds()) {
      const left = PATIENCE_MS - (performance.now() - from);
      if (left <= 0) throw new Error(`the reports do not say so: ${JSON.stringify(this.all.filter(({ flows }) => flows.length > 0))}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#listener = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
