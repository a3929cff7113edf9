import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { repositoryRoot } from '../support/shared.ts';

const PATIENCE_MS = 90_000;
const environment = { ...process.env, NODE_OPTIONS: '', KUBECONFIG: '', HOME: '/nonexistent' };

/** Makes sure that what is started is what is written: decorators have to be built before they run. */
export function buildProduct(): void {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: repositoryRoot, encoding: 'utf8', env: environment });
  if (built.status !== 0) throw new Error(`build: ${built.stdout}${built.stderr}`);
}

/** `npm start` as it is, without npm. */
export class StartedController {
  readonly lines: string[] = [];
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
  readonly #notify = new Set<() => void>();

  constructor(args: readonly string[]) {
    const child = spawn(join(repositoryRoot, 'bin', 'ringfence-controller'), args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code ?? signal ?? '');
        this.#changed();
      });
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        this.#changed();
      });
    }
  }

  /** The first line that matches, as soon as it is there. */
  async line(pattern: RegExp, patienceMs = PATIENCE_MS): Promise<RegExpExecArray> {
    const deadline = performance.now() + patienceMs;
    for (;;) {
      for (const line of this.lines) {
        const found = pattern.exec(line);
        if (found !== null) return found;
      }
      const left = deadline - performance.now();
      if (left <= 0 || this.child.exitCode !== null) throw new Error(`the controller never said ${String(pattern)}: ${this.lines.slice(-40).join('\n')}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#notify.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Children, and theirs. */
  descendants(): readonly number[] {
    return childrenOf(this.child.pid ?? 0);
  }

  end(signal: 'SIGINT' | 'SIGKILL'): Promise<number | string> {
    this.child.kill(signal);
    return this.ended;
  }

  #changed(): void {
    const waiting = [...this.#notify];
    this.#notify.clear();
    for (const notify of waiting) notify();
  }
}

/** Waits until none of these processes is left. */
export async function gone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (pids.some((pid) => existsSync(`/proc/${String(pid)}`))) {
    if (performance.now() > deadline) throw new Error(`still there: ${pids.filter((pid) => existsSync(`/proc/${String(pid)}`)).join()}`);
    // nobody tells of the end of a process that is not one's child
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function get(url: string, path: string): Promise<unknown> {
  const response = await fetch(`${url}${path}`);
  if (!response.ok) throw new Error(`GET ${path}: ${String(response.status)} ${await response.text()}`);
  return response.json();
}

export async function post(url: string, path: string, body: object): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const response = await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Readonly<Record<string, unknown>> };
}

function childrenOf(pid: number): readonly number[] {
  try {
    const tasks = readdirSync(`/proc/${String(pid)}/task`);
    const own = tasks.flatMap((task) => readFileSync(`/proc/${String(pid)}/task/${task}/children`, 'utf8').split(' ').filter((text) => text !== '').map(Number));
    return own.flatMap((child) => [child, ...childrenOf(child)]);
  } catch {
    return [];
  }
}
