import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { DispatchEntry, NodeBundle } from '#compilers/nftables';
import { writeBundle } from '#dataplane';
import { parseAddress } from '#model';

import { commandLine } from '../../apps/cli/src/command-line.ts';
import type { Terminal } from '../../apps/cli/src/terminal.ts';
import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { bundleWith, makeProfile, profileName } from '../support/node-bundles.ts';
import { repositoryRoot } from '../support/shared.ts';
import { CLIENT, SERVER } from './visibility-world.ts';

const PATIENCE_MS = 30_000;
const environment = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C.UTF-8', NODE_OPTIONS: '' };
const fromSource = ['--conditions=source', '--disable-warning=ExperimentalWarning'];

/** One line of a report or a log. */
export type Line = Readonly<Record<string, unknown>>;

export const clientPod: DispatchEntry = { pod: 'shop/client', addresses: [parseAddress(CLIENT.four)!, parseAddress(CLIENT.six)!] };
export const serverPod: DispatchEntry = { pod: 'shop/server', addresses: [parseAddress(SERVER.four)!, parseAddress(SERVER.six)!], ingress: profileName(0) };

/** A bundle in which the server takes 8080/TCP from these, and nothing else below port 9000. */
export function shopBundle(hash: string, { from = [CLIENT.four], pods = [clientPod, serverPod] }: { readonly from?: readonly string[]; readonly pods?: readonly DispatchEntry[] } = {}): NodeBundle {
  if (pods.some(({ ingress }) => ingress !== undefined)) return bundleWith(pods, [makeProfile(0, from)], hash);
  // as the compiler says where nothing is enforced
  return { ...bundleWith(pods, [], hash), ...{ failMode: 'open' as const } };
}

/** What belongs to one enforcer, over all of its lives. */
export interface EnforcerPlace {
  readonly folder: string;
  readonly namespace: Pick<NetworkNamespace, 'run' | 'path'>;
}

export const bundleFile = ({ folder }: EnforcerPlace): string => join(folder, 'node.bundle');
const socketOf = ({ folder }: EnforcerPlace): string => join(folder, 'enforcer.sock');
const stateOf = ({ folder }: EnforcerPlace): string => join(folder, 'state');

/** Replaces the bundle file the way everybody should. */
export function putBundle(place: EnforcerPlace, bundle: NodeBundle | string): void {
  const path = bundleFile(place);
  writeFileSync(`${path}.tmp`, typeof bundle === 'string' ? bundle : writeBundle(bundle));
  renameSync(`${path}.tmp`, path);
}

/** A real enforcer, from source, in a network namespace, or for one (`isOutside`) where a controller on this host can be reached. */
export class EnforcerProcess {
  readonly reports: Line[] = [];
  readonly logs: Line[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string>;
  #notify: () => void = () => undefined;

  constructor(place: EnforcerPlace, { args = ['--bundle', bundleFile(place)], prefix = [], isOutside = false }: { readonly args?: readonly string[]; readonly prefix?: readonly string[]; readonly isOutside?: boolean } = {}) {
    const [command = process.execPath, ...rest] = [...prefix, process.execPath, ...fromSource, join(repositoryRoot, 'apps/enforcer/src/main.ts'), '--state', stateOf(place), '--socket', socketOf(place), '--report', '-', ...(isOutside ? ['--netns', place.namespace.path] : []), ...args];
    const start = () => spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    const child = isOutside ? start() : place.namespace.run(start);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code ?? signal ?? '');
        this.#notify();
      });
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.#take(this.reports, line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#take(this.logs, line);
    });
  }

  /** Waits for a report that fits; one that came already counts. */
  async report(kind: string, fits: (line: Line) => boolean = () => true): Promise<Line> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.reports.find((line) => line['kind'] === kind && fits(line));
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0 || this.#child.exitCode !== null) throw new Error(`no report ${kind}: ${JSON.stringify([this.reports, this.logs])}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#notify = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Ends it by a signal, and waits until it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string> {
    this.#child.kill(signal);
    return this.#ended;
  }

  #take(lines: Line[], text: string): void {
    lines.push(JSON.parse(text) as Line);
    this.#notify();
  }
}

/** Runs `ringfence node …` for the enforcer of a place, or where none runs, on its kernel. */
export async function ringfenceNode(place: EnforcerPlace, ...args: readonly string[]): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const said = { status: -1, stdout: '', stderr: '' };
  const terminal: Terminal = {
    out: (text) => {
      said.stdout += text;
    },
    err: (text) => {
      said.stderr += text;
    },
    progress: () => undefined,
    readStdin: () => '', ask: () => undefined,
    columns: 120,
  };
  const program = commandLine('0.0.0', terminal, (code) => {
    said.status = code;
  });
  await program.parseAsync(['node', ...args, '--socket', socketOf(place), '--state', stateOf(place), '--netns', place.namespace.path], { from: 'user' });
  return said;
}

export function nft(place: EnforcerPlace, ...args: readonly string[]): string {
  return place.namespace.run(() => spawnSync('nft', args, { env: environment, encoding: 'utf8' })).stdout;
}
