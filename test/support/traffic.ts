import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { join } from 'node:path';

import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { runTool } from './system.ts';

export interface TrafficCounts {
  readonly ok: number;
  readonly failed: number;
  readonly sent: number;
  readonly received: number;
  readonly why: string;
}

/** One end of real traffic; see traffic-process.mjs for what there is. */
export class Traffic {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #waiting: ((counts: TrafficCounts) => void)[] = [];
  readonly #said: TrafficCounts[] = [];

  constructor(namespace: NetworkNamespace, args: readonly string[], patienceMs = 5_000) {
    const env = { ...process.env, PATIENCE_MS: String(patienceMs) };
    const program = join(import.meta.dirname, 'traffic-process.mjs');
    this.#process = namespace.run(() => spawn(process.execPath, [program, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] }));
    this.#lines = createInterface({ input: this.#process.stdout! });
    this.#lines.on('line', (line) => {
      const counts = JSON.parse(line) as TrafficCounts;
      const next = this.#waiting.shift();
      if (next === undefined) this.#said.push(counts);
      else next(counts);
    });
  }

  /** Resolves when it says that it has begun: listens, calls, or has got the first byte. */
  async begun(): Promise<TrafficCounts> {
    return this.#next();
  }

  async counts(): Promise<TrafficCounts> {
    this.#process.stdin!.write('\n');
    return this.#next();
  }

  /** Asks again and again until it is so. */
  async until(holds: (counts: TrafficCounts) => boolean, ceilingMs = 20_000): Promise<TrafficCounts> {
    const deadline = performance.now() + ceilingMs;
    for (;;) {
      const counts = await this.counts();
      if (holds(counts)) return counts;
      if (performance.now() > deadline) throw new Error(`wait for traffic: still ${JSON.stringify(counts)}`);
    }
  }

  close(): void {
    this.#lines.close();
    this.#process.kill('SIGKILL');
  }

  async #next(): Promise<TrafficCounts> {
    const said = this.#said.shift();
    if (said !== undefined) return said;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Connects a namespace to a router with a cable of its own; both ends know the addresses behind it. */
export function wire(router: NetworkNamespace, end: NetworkNamespace, name: string, addresses: readonly string[]): void {
  const ip = (namespace: NetworkNamespace, ...args: readonly string[]): void => {
    const { status, stderr } = namespace.run(() => runTool('ip', args));
    if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  };
  router.configure({ 'net.ipv4.ip_forward': '1', 'net.ipv6.conf.all.forwarding': '1' });
  // addresses count from the first moment, without asking whether another has them
  for (const each of [router, end]) each.configure({ 'net.ipv6.conf.all.accept_dad': '0', 'net.ipv6.conf.default.accept_dad': '0' });
  ip(router, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', end.path);
  ip(router, 'link', 'set', name, 'up');
  ip(router, 'addr', 'replace', '169.254.1.1/32', 'dev', name);
  ip(router, 'addr', 'replace', 'fe80::1/64', 'dev', name, 'nodad');
  ip(end, 'link', 'set', 'lo', 'up');
  ip(end, 'link', 'set', 'eth0', 'up');
  for (const address of addresses) {
    const prefix = `${address}/${address.includes(':') ? '128' : '32'}`;
    ip(end, 'addr', 'add', prefix, 'dev', 'eth0');
    ip(router, 'route', 'add', prefix, 'dev', name);
  }
  ip(end, 'route', 'add', '169.254.1.1', 'dev', 'eth0', 'scope', 'link');
  ip(end, 'route', 'add', 'default', 'via', '169.254.1.1', 'dev', 'eth0');
  ip(end, '-6', 'route', 'add', 'default', 'via', 'fe80::1', 'dev', 'eth0');
}
