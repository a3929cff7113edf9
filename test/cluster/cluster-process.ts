import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/**
 * A program of the control plane. Dies with the test, however that ends; what it says is in a file.
 */
export class ClusterProcess {
  readonly #name: string;
  readonly #log: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(name: string, program: string, flags: readonly string[], log: string) {
    this.#name = name;
    this.#log = log;
    const file = openSync(log, 'a');
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...flags], { stdio: ['ignore', file, file] });
    closeSync(file);
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
      this.#child.once('error', () => {
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Asks until the answer is yes; throws with the last of what it said when it ends before, or takes too long. */
  async untilReady(isReady: () => Promise<boolean>, longestMs: number): Promise<void> {
    const deadline = Date.now() + longestMs;
    while (!(await isReady())) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null || Date.now() > deadline) {
        throw new Error(`start ${this.#name}: ${readFileSync(this.#log, 'utf8').trim().split('\n').slice(-8).join('\n')}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** SIGKILL: an API server that is asked nicely waits for its watches to end. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}

/** Ports of loopback nobody has. Taken by others between now and their use, a program says so and ends. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
