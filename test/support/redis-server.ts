import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { toolEnvironment } from './system.ts';

const START_MS = 30_000;

/** A real Redis on a port of its own, that syncs every write unless told otherwise; its files outlive its death, not its end. */
export class RedisServer {
  readonly port: number;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number, settings: readonly string[]) {
    this.#folder = folder;
    this.port = port;
    this.#settings = settings;
  }

  static async start(settings: readonly string[] = ['--appendonly', 'yes', '--appendfsync', 'always']): Promise<RedisServer> {
    const server = new RedisServer(mkdtempSync(join(tmpdir(), 'ringfence-redis-')), await freePort(), settings);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`;
  }

  /** Dies as by a loss of power of its process: no goodbye. */
  async kill(): Promise<void> {
    const dying = this.#process;
    if (dying === undefined) return;
    this.#process = undefined;
    const ended = new Promise((resolve) => dying.once('exit', resolve));
    dying.kill('SIGKILL');
    await ended;
  }

  /** Starts it, with what its files hold; comes back when it takes connections. */
  async restart(settings: readonly string[] = this.#settings): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '::1', '--dir', this.#folder, '--save', '', '--daemonize', 'no', '--maxmemory-policy', 'noeviction'];
    const child = spawn('redis-server', [...own, ...settings], { env: toolEnvironment, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      const patience = setTimeout(() => {
        reject(new Error('start redis-server: it takes no connections'));
      }, START_MS);
      let said = '';
      createInterface({ input: child.stdout }).on('line', (line) => {
        said = line;
        if (!line.includes('Ready to accept connections')) return;
        clearTimeout(patience);
        resolve();
      });
      child.once('exit', () => {
        clearTimeout(patience);
        reject(new Error(`start redis-server: ${said}`));
      });
      child.once('error', reject);
    });
  }

  /** Answers nobody, and is there. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A port nobody has, given by the kernel; the server takes it a moment later. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        if (typeof address === 'object' && address !== null) resolve(address.port);
        else reject(new Error('find a free port'));
      });
    });
  });
}
