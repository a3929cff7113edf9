import { spawnSync } from 'node:child_process';

import type { IpFamily } from '#model';

import { inNetworkNamespace } from '../netlink/network-namespace.ts';

/** A program of the system did not do what it was asked. */
export class ToolFailure extends Error {
  readonly isPermission: boolean;
  readonly isCrash: boolean;

  constructor(message: string, isPermission: boolean, isCrash: boolean) {
    super(message);
    this.isPermission = isPermission;
    this.isCrash = isCrash;
  }
}

/** iptables-legacy, ip6tables-legacy and ipset in one network namespace. */
export class SystemTables {
  readonly #namespacePath: string | undefined;

  constructor(namespacePath: string | undefined) {
    this.#namespacePath = namespacePath;
  }

  /** Both tables of one family as text. */
  saveRules(family: IpFamily): string {
    return ['raw', 'security'].map((table) => this.#run(`${command(family)}-save`, ['-t', table])).join('');
  }

  /** All of each table at once, or nothing of it. */
  restoreRules(family: IpFamily, text: string): void {
    this.#run(`${command(family)}-restore`, ['--noflush', '-w', '10'], text);
  }

  /** Names of all sets, whoever's they are. */
  setNames(): readonly string[] {
    return this.#run('ipset', ['list', '-n']).split('\n').filter((name) => name !== '');
  }

  saveSets(): string {
    return this.#run('ipset', ['save']);
  }

  restoreSets(text: string): void {
    if (text !== '') this.#run('ipset', ['-exist', 'restore'], text);
  }

  destroySets(names: readonly string[]): void {
    if (names.length > 0) this.#run('ipset', ['restore'], names.map((name) => `destroy ${name}\n`).join(''));
  }

  #run(name: string, args: readonly string[], input = ''): string {
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
    const ran = inNetworkNamespace(this.#namespacePath, () => spawnSync(name, args, { input, env, encoding: 'utf8', maxBuffer: 1 << 30, timeout: 120_000 }));
    if (ran.error !== undefined && ran.signal === null) throw new ToolFailure(`run ${name}: ${ran.error.message}`, false, false);
    if (ran.status === 0) return ran.stdout;
    const how = ran.signal === null ? `exited ${String(ran.status)}` : `was ended by ${ran.signal}`;
    throw new ToolFailure(`${name} ${how}: ${ran.stderr.trim().split('\n').slice(0, 2).join(' ').slice(0, 300)}`, /not permitted|Permission denied|must be root/.test(ran.stderr), ran.signal !== null);
  }
}

function command(family: IpFamily): string {
  return family === 4 ? 'iptables-legacy' : 'ip6tables-legacy';
}
