import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { UNPACKED_LIBRARIES, UNPACKED_PATH, unpackPackages } from './unpacked-packages.ts';

/**
 * What tests use from the system, by Debian package, and a call that works only where it is usable.
 * Those of `unpackedWith` are unpacked beside it and not installed, which would start a daemon.
 */
const tools = {
  nft: {
    debianPackage: 'nftables',
    probe: { args: ['-c', '-f', '-'], input: 'table inet ringfence_probe { }\n' },
  },
  conntrack: {
    debianPackage: 'conntrack',
    probe: { args: ['-C'], input: '' },
  },
  ip: {
    debianPackage: 'iproute2',
    probe: { args: ['netns', 'list'], input: '' },
  },
  dockerd: {
    debianPackage: 'docker.io',
    unpackedWith: ['containerd', 'runc', 'tini', 'busybox-static', 'libdevmapper1.02.1', 'libseccomp2'],
    probe: { args: ['--version'], input: '' },
  },
  iptables: {
    debianPackage: 'iptables',
    probe: { args: ['--version'], input: '' },
  },
  'iptables-legacy': {
    debianPackage: 'iptables',
    probe: { args: ['--version'], input: '' },
  },
  ipset: {
    debianPackage: 'ipset',
    probe: { args: ['--version'], input: '' },
  },
  'redis-server': {
    debianPackage: 'redis-server',
    unpackedWith: ['redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1', 'libssl3'],
    probe: { args: ['--version'], input: '' },
  },
  etcd: {
    debianPackage: 'etcd-server',
    unpackedWith: [],
    probe: { args: ['--version'], input: '' },
  },
} as const;

export type ToolName = keyof typeof tools;

// an ordinary user's PATH leaves out the folders where such tools live
const systemPath = [process.env['PATH'] ?? '', '/usr/sbin', '/sbin', ...UNPACKED_PATH].join(':');
const environment = { ...process.env, PATH: systemPath, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' };

/** What a program is to be started with that needs other tools, or libraries unpacked with it. */
export const toolEnvironment: NodeJS.ProcessEnv = { ...environment, LD_LIBRARY_PATH: UNPACKED_LIBRARIES.join(':') };

/** Says why a tool cannot be used here, in words for the name of a skipped test; undefined where it can. */
export function whyUnusable(tool: ToolName): string | undefined {
  const { debianPackage, probe } = tools[tool];
  const ran = spawnSync(tool, probe.args, { input: probe.input, env: 'unpackedWith' in tools[tool] ? toolEnvironment : environment, encoding: 'utf8', timeout: 10_000 });
  if (ran.error !== undefined) return `${tool} is not installed, Debian package ${debianPackage}`;
  if (ran.status !== 0) return `${tool} may not be used: ${ran.stderr.trim().split('\n')[0] ?? ''}`;
  return undefined;
}

/** Runs a tool with a text on its standard input; the folders of system tools are searched too. */
export function runTool(
  tool: ToolName,
  args: readonly string[],
  input = '',
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const ran = spawnSync(tool, args, { input, env: environment, encoding: 'utf8', timeout: 60_000, maxBuffer: 1 << 28 });
  if (ran.error !== undefined) throw new Error(`run ${tool} ${args.join(' ')}: ${ran.error.message}`, { cause: ran.error });
  return { status: ran.status, stdout: ran.stdout, stderr: ran.stderr };
}

/**
 * Installs what tests need and this system lacks, where that is possible: as root, on Debian.
 *
 * Never throws and never waits longer than about four minutes: tests whose tool is still
 * missing afterwards are skipped by name. Takes a few milliseconds where all is there.
 * RINGFENCE_NO_INSTALL=1 leaves the system as it is.
 */
export function installMissingTools(): void {
  const missing = Object.keys(tools).filter((tool) => !isInstalled(tool as ToolName)) as ToolName[];
  if (missing.length === 0 || process.env['RINGFENCE_NO_INSTALL'] === '1') return;
  const packages = missing.map((tool) => tools[tool].debianPackage);
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    say(`not root on Debian, so not installing ${packages.join(' ')}: tests that need ${missing.join(', ')} are skipped`);
    return;
  }
  say(`installing ${packages.join(' ')} for the tests`);
  const deadline = Date.now() + 240_000;
  for (let attempt = 1; Date.now() < deadline; attempt += 1) {
    if (installOnce(missing.filter((tool) => !isInstalled(tool)), deadline) || missing.every(isInstalled)) return;
    if (attempt === 4) break;
    spawnSync('sleep', ['5']); // another apt may hold the lock on the package lists
  }
  say(`could not install ${packages.join(' ')}: tests that need ${missing.join(', ')} are skipped`);
}

function installOnce(missing: readonly ToolName[], deadline: number): boolean {
  const packages = missing.filter((tool) => !('unpackedWith' in tools[tool])).map((tool) => tools[tool].debianPackage);
  // they share one folder, which is replaced as a whole
  const unpacked = missing.some((tool) => 'unpackedWith' in tools[tool])
    ? Object.values(tools).flatMap((row) => ('unpackedWith' in row ? [row.debianPackage, ...row.unpackedWith] : []))
    : [];
  return installPackages(packages, deadline) && unpack(unpacked, deadline);
}

function unpack(packages: readonly string[], deadline: number): boolean {
  if (packages.length === 0) return true;
  const problem = unpackPackages(packages, environment, Math.max(1_000, deadline - Date.now()));
  if (problem === undefined) return true;
  say(problem);
  apt(['update'], deadline);
  return false;
}

function installPackages(packages: readonly string[], deadline: number): boolean {
  if (packages.length === 0) return true;
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  // the package lists of a fresh system are empty or old
  return apt(install, deadline) || (apt(['update'], deadline) && apt(install, deadline));
}

function apt(args: readonly string[], deadline: number): boolean {
  const timeout = Math.max(1_000, deadline - Date.now());
  const ran = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=2', ...args], {
    env: environment,
    encoding: 'utf8',
    timeout,
  });
  if (ran.status !== 0) say(`apt-get ${args.join(' ')}: ${lastLine(ran.stderr)}`);
  return ran.status === 0;
}

function isInstalled(tool: ToolName): boolean {
  return systemPath.split(':').some((folder) => folder !== '' && existsSync(`${folder}/${tool}`));
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

function say(message: string): void {
  process.stderr.write(`test system: ${message}\n`);
}
