import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, symlinkSync, copyFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { EngineBench } from '../contract/engine-contract.ts';

import { EngineControl } from './engine-control.ts';
import { toolEnvironment, whyUnusable } from './system.ts';

const PREFIX = 'rf-docker-';
const CGROUPS = '/sys/fs/cgroup';
const READY_MS = 60_000;
/** What a container of the tests can do. */
const APPLETS = ['sh', 'sleep', 'nc', 'ping', 'ip', 'cat', 'echo', 'timeout', 'httpd', 'wget'];

/** Says why no Docker engine can run here; undefined where one can. */
export function whyNoDocker(): string | undefined {
  if (process.platform !== 'linux') return 'this needs Linux';
  if (process.getuid?.() !== 0) return 'this needs root';
  const unusable = whyUnusable('dockerd') ?? whyUnusable('iptables') ?? whyUnusable('nft');
  if (unusable !== undefined) return unusable;
  if (programPath('busybox') === undefined) return 'busybox is not installed, Debian package busybox-static';
  if (!readFileSync('/proc/self/mounts', 'utf8').split('\n').some((line) => /^\S+ \/sys\/fs\/cgroup\S* cgroup2? (?:rw|\S*,rw)/.test(line))) return 'there are no control groups that can be written';
  return undefined;
}

/**
 * A Docker engine of Debian's in namespaces of its own: network, mounts and processes.
 *
 * Its first process dies with the test, however that ends, and the kernel takes everything else down
 * with it: the engine, its containers, links, rules and mounts. What is left over then, a folder and
 * empty control groups, the next one to start sweeps away.
 */
export class DockerDaemon implements EngineBench {
  readonly socketPath: string;
  readonly control: EngineControl;
  readonly #folder: string;
  readonly #name: string;
  readonly #init: ChildProcess;
  readonly #initPid: number;
  #engine: ChildProcess | undefined;

  private constructor(folder: string, init: ChildProcess, initPid: number) {
    this.#folder = folder;
    this.#name = folder.slice(folder.lastIndexOf('/') + 1);
    this.#init = init;
    this.#initPid = initPid;
    this.socketPath = join(folder, 'docker.sock');
    this.control = new EngineControl(this.socketPath);
  }

  static async start(): Promise<DockerDaemon> {
    sweepDocker();
    const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${String(process.pid)}-`));
    const script = 'ip link set lo up; for f in iptables ip6tables; do echo 1 > /proc/sys/net/bridge/bridge-nf-call-$f; done 2>/dev/null; echo ready; exec tini -s -- sleep 1000000';
    const unshare = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script];
    const init = spawn('setpriv', ['--pdeathsig', 'KILL', ...unshare], { env: toolEnvironment, stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise<void>((resolve, reject) => {
      init.stdout.once('data', resolve);
      init.once('exit', () => {
        reject(new Error('start docker: the namespaces cannot be made'));
      });
    });
    const [child = ''] = readFileSync(`/proc/${String(init.pid)}/task/${String(init.pid)}/children`, 'utf8').split(' ');
    const daemon = new DockerDaemon(folder, init, Number(child));
    try {
      await daemon.#startEngine();
      await daemon.control.importImage('box', boxImage(folder));
      return daemon;
    } catch (error) {
      await daemon.close();
      throw error;
    }
  }

  /** Runs a program in the engine's network, or in that of a process as the engine numbers it. */
  run(program: string, args: readonly string[], { input = '', within }: { readonly input?: string; readonly within?: number } = {}): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
    const inside = within === undefined ? [] : ['nsenter', '-t', String(within), '-n'];
    const ran = spawnSync('nsenter', [...this.#enter(), ...inside, program, ...args], { env: toolEnvironment, input, encoding: 'utf8', timeout: 60_000 });
    if (ran.error !== undefined) throw new Error(`run ${program}: ${ran.error.message}`, { cause: ran.error });
    return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
  }

  /** Starts a program there that goes on running; it ends with the engine's namespaces at the latest. */
  spawn(program: string, args: readonly string[], within: number): ChildProcess {
    return spawn('nsenter', [...this.#enter(), 'nsenter', '-t', String(within), '-n', program, ...args], { env: toolEnvironment, stdio: ['pipe', 'pipe', 'pipe'] });
  }

  /** Leads to the engine's network, for as long as it lives. */
  get networkPath(): string {
    return `/proc/${String(this.#initPid)}/ns/net`;
  }

  async restart(): Promise<void> {
    await this.#endEngine('TERM');
    await this.#startEngine();
  }

  async kill(): Promise<void> {
    await this.#endEngine('KILL');
    await this.#startEngine();
  }

  async close(): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      if (this.#init.exitCode !== null || this.#init.signalCode !== null) resolve();
      else this.#init.once('exit', () => {
        resolve();
      });
    });
    if (this.#initPid > 0) process.kill(this.#initPid, 'SIGKILL');
    await ended;
    removeRemains(this.#folder, this.#name);
  }

  #enter(): readonly string[] {
    return ['-t', String(this.#initPid), '-n', '-m', '-p'];
  }

  async #startEngine(): Promise<void> {
    const folder = this.#folder;
    const flags = ['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec'), '-H', `unix://${this.socketPath}`, '--pidfile', join(folder, 'docker.pid')];
    const own = ['--storage-driver', 'vfs', '--cgroup-parent', `/${this.#name}`, '--init-path', programPath('tini') ?? 'tini', '--userland-proxy=false', '--config-file', join(folder, 'none.json')];
    writeFileSync(join(folder, 'none.json'), '{}');
    rmSync(join(folder, 'docker.pid'), { force: true });
    const engine = spawn('nsenter', [...this.#enter(), 'dockerd', ...flags, ...own], { env: toolEnvironment, stdio: ['ignore', 'ignore', 'pipe'] });
    this.#engine = engine;
    let said = '';
    engine.stderr.setEncoding('utf8');
    engine.stderr.on('data', (text: string) => {
      said = `${said}${text}`.slice(-2_000);
    });
    const deadline = Date.now() + READY_MS;
    while (!(await this.control.isReady())) {
      if (engine.exitCode !== null || Date.now() > deadline) throw new Error(`start docker: ${said.trim().split('\n').at(-1) ?? 'it said nothing'}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #endEngine(signal: 'TERM' | 'KILL'): Promise<void> {
    const engine = this.#engine;
    if (engine === undefined) return;
    const ended = new Promise<void>((resolve) => engine.once('exit', () => {
      resolve();
    }));
    // its own number in there; the process started here is only the one that entered
    this.run('kill', [`-${signal}`, readFileSync(join(this.#folder, 'docker.pid'), 'utf8').trim()]);
    await ended;
  }
}

function programPath(name: string): string | undefined {
  return (toolEnvironment['PATH'] ?? '').split(':').map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A root file system with busybox in it, as an archive. */
function boxImage(folder: string): Uint8Array {
  const bin = join(folder, 'box', 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(programPath('busybox') ?? '', join(bin, 'busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(bin, applet));
  const packed = spawnSync('tar', ['-C', join(folder, 'box'), '-c', '.'], { maxBuffer: 1 << 26 });
  if (packed.status !== 0) throw new Error(`pack the image: ${packed.stderr.toString()}`);
  return packed.stdout;
}

/** Takes away what engines left behind whose tests are gone. Their processes went with them. */
export function sweepDocker(): void {
  const cgroups = readdirSync(CGROUPS).flatMap((controller) => foldersIn(join(CGROUPS, controller)));
  const names = new Set([...foldersIn(tmpdir()), ...foldersIn(CGROUPS), ...cgroups].filter((name) => name.startsWith(PREFIX)));
  for (const name of names) {
    const owner = name.slice(PREFIX.length).split('-')[0] ?? '';
    if (/^\d+$/.test(owner) && !existsSync(`/proc/${owner}`)) removeRemains(join(tmpdir(), name), name);
  }
}

function removeRemains(folder: string, name: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  for (const controller of ['.', ...foldersIn(CGROUPS)]) removeGroup(join(CGROUPS, controller, name));
}

/** A control group is taken away from the innermost out; one that is still in use stays for the next sweep. */
function removeGroup(path: string): void {
  if (!existsSync(path)) return;
  for (const inner of foldersIn(path)) removeGroup(join(path, inner));
  try {
    rmdirSync(path);
  } catch {
    return;
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}
