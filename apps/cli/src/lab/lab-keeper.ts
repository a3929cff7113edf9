import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { claimOwnership, sweepLeftovers } from '#lab';

import { ExitCode } from '../exit-code.ts';
import { readInput } from '../offline/input.ts';
import type { Terminal } from '../terminal.ts';
import { labCluster } from './lab-cluster.ts';
import { serveLab } from './lab-control.ts';
import { LabHolder } from './lab-holder.ts';

export interface KeepOptions {
  readonly nodes: number;
  readonly enforce: boolean;
  readonly defaultNamespace?: string;
}

/** What a keeper tells the process that started it. */
type KeeperNews = { readonly kind: 'up' } | { readonly kind: 'failed'; readonly why: string };

/** Starts a process of its own that holds a lab until it is told to take it down; gives its number when all is up. */
export function startKeeper(paths: readonly string[], options: KeepOptions, stdin: string | undefined): Promise<number> {
  const main = ['../main.ts', '../main.js'].map((each) => fileURLToPath(new URL(each, import.meta.url))).find(existsSync) ?? '';
  const flags = [`--nodes=${String(options.nodes)}`, ...(options.enforce ? ['--enforce'] : []), ...(options.defaultNamespace === undefined ? [] : [`--default-namespace=${options.defaultNamespace}`])];
  const folder = mkdtempSync(join(tmpdir(), 'rf-lab-'));
  const logFile = join(folder, 'log');
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(process.execPath, [...process.execArgv, main, 'lab', 'keep', ...flags, '--', ...paths], { detached: true, cwd: process.cwd(), stdio: [stdin === undefined ? 'ignore' : 'pipe', log, log, 'ipc'] });
  closeSync(log);
  if (stdin !== undefined) child.stdin?.end(stdin);
  return new Promise<number>((resolve, reject) => {
    const fail = (why: string): void => {
      reject(new Error(`bring the lab up: ${why}`));
    };
    child.once('error', (error) => { fail(error.message); });
    child.once('exit', () => { fail(lastLine(logFile)); });
    child.once('message', (news) => {
      const heard = news as KeeperNews;
      if (heard.kind === 'failed') fail(heard.why);
      else resolve(child.pid ?? 0);
      child.disconnect();
      child.unref();
    });
  }).finally(() => {
    rmSync(folder, { recursive: true });
  });
}

/** The process that holds the lab: `ringfence lab keep`, which people do not type. */
export async function runKeeper(paths: readonly string[], options: KeepOptions, terminal: Terminal): Promise<ExitCode> {
  const down = Promise.withResolvers<undefined>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => { down.resolve(undefined); });
  const folder = claimOwnership();
  let holder: LabHolder | undefined;
  try {
    const { snapshot } = readInput(paths, options, terminal);
    // holds no folder of anybody's
    process.chdir('/');
    holder = new LabHolder(labCluster(snapshot, options.nodes), options.enforce);
    const server = await serve(holder, () => { down.resolve(undefined); });
    tell({ kind: 'up' });
    await down.promise;
    server.close();
    return ExitCode.fine;
  } catch (error) {
    tell({ kind: 'failed', why: error instanceof Error ? error.message : 'failed' });
    return ExitCode.badInput;
  } finally {
    holder?.close();
    rmSync(folder, { recursive: true, force: true });
    sweepLeftovers();
  }
}

function serve(holder: LabHolder, onDown: () => void): ReturnType<typeof serveLab> {
  return serveLab(async (request) => {
    switch (request) {
      case 'status':
        return holder.status();
      case 'traffic':
        return holder.traffic();
      case 'down':
        onDown();
        return null;
    }
  });
}

function tell(news: KeeperNews): void {
  process.send?.(news, () => { process.disconnect?.(); });
}

function lastLine(file: string): string {
  const text = readFileSync(file, 'utf8').trim();
  return text === '' ? 'its process ended' : (text.split('\n').at(-1) ?? '');
}
