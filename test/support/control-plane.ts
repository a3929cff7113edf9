import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { repositoryRoot } from './shared.ts';
import { toolEnvironment, whyUnusable } from './system.ts';

const PARTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
const BUILD_FOLDER = join(repositoryRoot, 'test', 'cluster', 'apiserver');
/** A machine that has to build everything, on two cores that tests are using too. */
const LONGEST_BUILD_MS = 25 * 60_000;
const PROGRESS_MS = 60_000;

export type ControlPlanePart = (typeof PARTS)[number] | 'etcd';

/** The release of Kubernetes that is built where none is given. */
export function kubernetesVersion(): string {
  const version = /^\s*(?:require )?k8s\.io\/kubernetes (v\d+\.\d+\.\d+)$/m.exec(readFileSync(join(BUILD_FOLDER, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined) throw new Error('test/cluster/apiserver/go.mod names no release of k8s.io/kubernetes');
  return version;
}

/**
 * Where a program of the control plane is, or undefined: in the folder KUBEBUILDER_ASSETS names, as
 * for envtest, which has no controller manager and no scheduler; else where it was built once.
 */
export function controlPlaneProgram(part: ControlPlanePart): string | undefined {
  const given = process.env['KUBEBUILDER_ASSETS'];
  const folders = given !== undefined && given !== '' ? [given] : part === 'etcd' ? (toolEnvironment['PATH'] ?? '').split(':') : [cacheFolder()];
  return folders.map((folder) => join(folder, part)).find(isProgram);
}

/** Says why no API server can run here, in words for the name of a skipped test; undefined where one can. */
export function whyNoCluster(...parts: readonly ControlPlanePart[]): string | undefined {
  for (const part of ['etcd', 'kube-apiserver', ...parts] as const) {
    if (controlPlaneProgram(part) !== undefined) continue;
    if (part === 'etcd') return whyUnusable('etcd') ?? 'etcd is not in the folder that KUBEBUILDER_ASSETS names';
    return `there is no ${part}: set KUBEBUILDER_ASSETS, or see ${logPath()} for how building it went`;
  }
  return undefined;
}

/**
 * Starts building the control plane in the background, unless it is there, is given, or cannot be
 * built. It outlives whoever starts it, and of several only one builds.
 */
export function startControlPlaneBuild(): void {
  if (!mustBuild() || whyNoBuild() !== undefined) return;
  mkdirSync(cacheFolder(), { recursive: true });
  const log = openSync(logPath(), 'a');
  spawn(join(BUILD_FOLDER, 'build'), [cacheFolder()], { detached: true, stdio: ['ignore', log, log] }).unref();
  closeSync(log);
  say(`building the control plane of Kubernetes ${kubernetesVersion()} in the background, once; it says how it goes in ${logPath()}`);
}

/** Waits until the control plane is built, or cannot be. Never throws: tests that need it are then skipped by name. */
export async function awaitControlPlane(): Promise<void> {
  if (!mustBuild()) return;
  const problem = whyNoBuild();
  if (problem !== undefined) {
    say(`${problem}: tests that need an API server are skipped`);
    return;
  }
  mkdirSync(cacheFolder(), { recursive: true });
  const log = openSync(logPath(), 'a');
  // waits for whichever build is under way, and builds where none is
  const build = spawn(join(BUILD_FOLDER, 'build'), [cacheFolder()], { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const started = Date.now();
  const progress = setInterval(() => {
    say(`still building after ${String(Math.round((Date.now() - started) / 60_000))} min: ${lastLogLine()}`);
  }, PROGRESS_MS);
  const failure = await new Promise<string | undefined>((resolve) => {
    const ceiling = setTimeout(() => {
      if (build.pid !== undefined) process.kill(-build.pid, 'SIGTERM');
      resolve('it took too long');
    }, LONGEST_BUILD_MS);
    build.once('error', (error) => {
      clearTimeout(ceiling);
      resolve(error.message);
    });
    build.once('exit', (code) => {
      clearTimeout(ceiling);
      resolve(code === 0 ? undefined : lastLogLine());
    });
  });
  clearInterval(progress);
  if (failure !== undefined) say(`the control plane could not be built: ${failure}`);
}

function mustBuild(): boolean {
  const given = process.env['KUBEBUILDER_ASSETS'];
  return (given === undefined || given === '') && PARTS.some((part) => controlPlaneProgram(part) === undefined);
}

function whyNoBuild(): string | undefined {
  if (process.env['RINGFENCE_NO_INSTALL'] === '1') return 'RINGFENCE_NO_INSTALL is set, so no API server is built';
  const go = spawnSync('go', ['version'], { encoding: 'utf8', timeout: 30_000 });
  return go.status === 0 ? undefined : 'there is no Go to build an API server with, and KUBEBUILDER_ASSETS is not set';
}

function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache !== undefined && cache !== '' ? cache : join(homedir(), '.cache'), 'ringfence', `kubernetes-${kubernetesVersion()}`);
}

function logPath(): string {
  return join(cacheFolder(), 'build.log');
}

function lastLogLine(): string {
  const text = existsSync(logPath()) ? readFileSync(logPath(), 'utf8') : '';
  return text.trim().split('\n').at(-1) ?? '';
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function say(message: string): void {
  process.stderr.write(`test system: ${message}\n`);
}
