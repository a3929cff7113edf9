import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type CertificateAuthority, writePrivately } from '#certificates';
import { labObjects } from '#lab';
import type { SourceUpdate } from '#model';
import { readPaths } from '#sources/files';

import { packageFolder } from '../package-folder.ts';
import type { LabAttempt, LabEnforcer, LabNews, LabOrder } from './lab-messages.ts';

export const LAB_SOURCE = 'lab';
export const LAB_NODES = 3;

export interface LabStageOptions {
  readonly authority: CertificateAuthority;
  /** Holds the credentials and the last bundles of the lab's enforcers. */
  readonly folder: string;
  readonly onAttempt: (attempt: LabAttempt) => void;
  readonly onEnforcerEnded: (node: string, why: string) => void;
  /** The lab is gone although nobody took it down. */
  readonly onEnd: (why: string) => void;
}

/** Where the manifests of the example shop lie. */
export function shopFolder(): string {
  return join(packageFolder(), 'policies', 'examples', 'shop', 'kubernetes');
}

/** What the API server of a cluster that runs the shop would tell. */
export function shopObjects(): readonly SourceUpdate[] {
  const { updates } = readPaths([shopFolder()], { readStdin: () => '' });
  return labObjects(updates, LAB_NODES);
}

const CERTIFICATE_DAYS = 7;

/** The lab of `npm start`, held by a process of its own that ends with this one. */
export class LabStage {
  readonly #options: LabStageOptions;
  readonly #child: ChildProcess;
  readonly #up = Promise.withResolvers<Extract<LabNews, { readonly kind: 'up' }>>();
  readonly #enforcers = new Map<string, number>();
  #isClosed = false;

  constructor(options: LabStageOptions) {
    this.#options = options;
    const main = ['./lab-process.js', './lab-process.ts'].map((each) => fileURLToPath(new URL(each, import.meta.url))).find(existsSync) ?? '';
    this.#child = spawn(process.execPath, [...process.execArgv, main, shopFolder(), String(LAB_NODES)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (news: LabNews) => {
      this.#hear(news);
    });
    this.#child.once('error', ({ message }) => {
      this.#end(message);
    });
    this.#child.once('exit', (code, signal) => {
      this.#end(`its process ended (${signal ?? String(code)})`);
    });
  }

  /** Resolves when its namespaces, servers and links are there. */
  up(): Promise<{ readonly nodes: readonly string[]; readonly pods: number }> {
    return this.#up.promise;
  }

  /** Starts an enforcer on each node; they connect to this port of this machine. */
  async enforce(nodes: readonly string[], port: number): Promise<void> {
    const enforcers: LabEnforcer[] = [];
    for (const node of nodes) enforcers.push(await this.#credentials(node));
    const order: LabOrder = { kind: 'enforce', controller: `127.0.0.1:${String(port)}`, nodes: enforcers };
    this.#child.send(order);
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    return new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) resolve();
      else this.#child.kill('SIGTERM');
    });
  }

  async #credentials(node: string): Promise<LabEnforcer> {
    const { authority, folder } = this.#options;
    const own = join(folder, node);
    const state = join(own, 'state');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const issued = await authority.issueNode(node, CERTIFICATE_DAYS, Date.now());
    const files = { certificate: join(own, 'certificate.pem'), key: join(own, 'key.pem'), authority: join(own, 'authority.pem') };
    writePrivately(files.certificate, issued.certificate);
    writePrivately(files.key, issued.key);
    writePrivately(files.authority, authority.certificate);
    return { node, ...files, state };
  }

  #hear(news: LabNews): void {
    switch (news.kind) {
      case 'up':
        this.#up.resolve(news);
        return;
      case 'failed':
        this.#end(news.why);
        return;
      case 'attempt':
        this.#options.onAttempt(news.attempt);
        return;
      case 'enforcer':
        this.#enforcers.set(news.node, news.pid);
        return;
      case 'enforcer-ended':
        this.#enforcers.delete(news.node);
        this.#options.onEnforcerEnded(news.node, news.why);
        return;
    }
  }

  #end(why: string): void {
    this.#up.reject(new Error(`bring the lab up: ${why}`));
    // they were its children, and nobody else ends them where it was killed
    for (const pid of this.#enforcers.values()) endProcess(pid);
    this.#enforcers.clear();
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onEnd(why);
  }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself
  }
}
