import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ReplayNews, ReplayOrder } from './replay-process.ts';
import type { ReplayedChange, ReplayWorldOptions } from './replay-world.ts';

/** A change with when it left the server, in milliseconds since 1970 with fractions. */
export type TimedChange = ReplayedChange & { readonly at: number };

/** A made-up cluster in a process of its own. Ends with the process that started it. */
export class Replay {
  /** A file that reaches it, with every right. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  constructor(child: ChildProcess, { server, kubeconfig }: Extract<ReplayNews, { readonly kind: 'ready' }>) {
    this.#child = child;
    this.#folder = mkdtempSync(join(tmpdir(), 'ringfence-replay-'));
    this.server = server;
    this.kubeconfig = join(this.#folder, 'kubeconfig');
    writeFileSync(this.kubeconfig, kubeconfig, { mode: 0o600 });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Replaces pods by others with new addresses, so many a second, so many in all. `changed` is told
   * of each soon after it went out; the answer comes after the last.
   */
  async change(perSecond: number, count: number, changed: (changes: readonly TimedChange[]) => void = () => undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const listen = (news: ReplayNews): void => {
        if (news.kind === 'changed') changed(news.changes);
        if (news.kind !== 'done') return;
        this.#child.off('message', listen);
        resolve();
      };
      this.#child.on('message', listen);
      this.#child.once('exit', () => {
        reject(new Error('the replaying process ended'));
      });
      this.#order({ kind: 'change', perSecond, count });
    });
  }

  /** Breaks every connection to it off. */
  breakConnections(): void {
    this.#order({ kind: 'break' });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #order(order: ReplayOrder): void {
    this.#child.send(order);
  }
}

/** Starts a made-up cluster and answers when it can be asked. */
export async function startReplay(options: ReplayWorldOptions): Promise<Replay> {
  const child = fork(join(import.meta.dirname, 'replay-process.ts'), [JSON.stringify(options)], { execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ready = await new Promise<Extract<ReplayNews, { readonly kind: 'ready' }>>((resolve, reject) => {
    child.once('message', (news: ReplayNews) => {
      if (news.kind === 'ready') resolve(news);
    });
    child.once('exit', (code) => {
      reject(new Error(`start the replaying process: it ended with ${String(code)}`));
    });
  });
  return new Replay(child, ready);
}
