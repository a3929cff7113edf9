import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setImmediate as breathe } from 'node:timers/promises';

import { type Address, type Diagnostic, parseAddress, type SourceUpdate } from '#model';

import { hostValues, type OwnedSocket } from './host-values.ts';
import { isLoopback, type ListeningSocket, readListeningSockets } from './listening-sockets.ts';
import { findHolders, USUAL_LIMITS } from './socket-holders.ts';
import { unitOf } from './unit-name.ts';

export interface HostHandlers {
  /** What changed at one look. */
  readonly updates: (updates: readonly SourceUpdate[]) => void;
  /** Everything there is has been told; once. */
  readonly inSync: () => void;
  readonly problem: (diagnostic: Diagnostic) => void;
}

export interface HostSourceOptions {
  /** The host, and the namespace of its workloads. */
  readonly node: string;
  readonly handlers: HostHandlers;
  /** What this source is called in its updates; `host:<node>` unless given. */
  readonly name?: string;
  /** Whether the node itself is told of too; not where a container engine or Kubernetes does. On unless said. */
  readonly tellsNode?: boolean;
  /** How often it looks; five seconds unless given. */
  readonly everyMs?: number;
  readonly procPath?: string;
}

interface Owner {
  readonly unit: OwnedSocket['unit'];
  readonly command: string;
}

const MOST_SOCKETS = 4_096;
const MOST_BYTES = 8 * 2 ** 20;
const TABLES = [['tcp', 'TCP'], ['tcp6', 'TCP'], ['udp', 'UDP'], ['udp6', 'UDP']] as const;
const USUAL_CLIENT_PORT = 32_768;
/** Looks. */
const LONGEST_PAUSE = 64;

/**
 * Programs of a plain host that listen, by systemd unit, as they come and go.
 *
 *   /proc/net ─► sockets that wait ─► new ones: whose? ─► units ─► what is different ─► updates
 *
 * Looks every few seconds; most looks read four small files and find nothing new. Who holds a
 * socket is asked once for each socket, and ever more seldom for one that nobody seems to hold.
 */
export class HostSource {
  readonly #options: HostSourceOptions;
  readonly #owners = new Map<number, Owner | undefined>();
  /** Sockets nobody was found to hold, and how many looks it is until they are asked for again. */
  readonly #unowned = new Map<number, { readonly pause: number; readonly left: number }>();
  readonly #told = new Map<string, string>();
  #hidden = 0;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isInSync = false;

  constructor(options: HostSourceOptions) {
    this.#options = options;
  }

  /** Begins; may be called once. */
  start(): void {
    this.#running ??= this.#look();
  }

  /** Nobody is called after it answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #look(): Promise<void> {
    const { everyMs = 5_000, handlers } = this.#options;
    try {
      await this.#tellChanges();
      if (!this.#isInSync && !this.#isStopped) handlers.inSync();
      this.#isInSync = true;
    } catch (error) {
      if (!this.#isStopped) handlers.problem(this.#unreadable(error));
    }
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look();
    }, everyMs);
  }

  async #tellChanges(): Promise<void> {
    const { node, tellsNode = true, name = `host:${node}`, handlers } = this.#options;
    const sockets = this.#sockets();
    await this.#findOwners(sockets);
    const owned = sockets.flatMap((socket): readonly OwnedSocket[] => {
      const owner = this.#owners.get(socket.inode);
      return owner === undefined ? [] : [{ socket, ...owner }];
    });
    if (this.#isStopped) return;
    const isUnowned = (socket: ListeningSocket): boolean => !isLoopback(socket) && this.#unowned.has(socket.inode);
    const unseen = this.#hidden === 0 ? 0 : sockets.filter(isUnowned).length;
    const values = hostValues({ node, tellsNode, addresses: hostAddresses(), unseen }, owned);
    const updates: SourceUpdate[] = [];
    for (const key of this.#told.keys()) if (!values.has(key)) updates.push({ source: name, key, value: undefined });
    for (const [key, value] of values) if (this.#told.get(key) !== textOf(value)) updates.push({ source: name, key, value });
    for (const { key, value } of updates) {
      if (value === undefined) this.#told.delete(key);
      else this.#told.set(key, textOf(value));
    }
    if (updates.length > 0) handlers.updates(updates);
  }

  async #findOwners(sockets: readonly ListeningSocket[]): Promise<void> {
    const present = new Set(sockets.map(({ inode }) => inode));
    for (const inode of this.#owners.keys()) if (!present.has(inode)) this.#owners.delete(inode);
    for (const inode of this.#unowned.keys()) if (!present.has(inode)) this.#unowned.delete(inode);
    const fresh = new Set([...present].filter((inode) => !this.#owners.has(inode) && this.#isDue(inode)));
    if (fresh.size === 0) return;
    const { holders, hidden } = await findHolders(fresh, this.#procPath, USUAL_LIMITS, () => breathe());
    this.#hidden = hidden;
    for (const inode of fresh) {
      const pause = Math.min(2 * (this.#unowned.get(inode)?.pause ?? 1), LONGEST_PAUSE);
      if (holders.has(inode)) this.#unowned.delete(inode);
      else this.#unowned.set(inode, { pause, left: pause });
    }
    for (const [inode, { command, cgroup }] of holders) {
      const unit = unitOf(cgroup, command);
      this.#owners.set(inode, unit === undefined ? undefined : { unit, command: shownCommand(command) });
    }
  }

  // sockets of the kernel itself never have a holder, and looking for one takes every process
  #isDue(inode: number): boolean {
    const waiting = this.#unowned.get(inode);
    if (waiting === undefined) return true;
    this.#unowned.set(inode, { ...waiting, left: waiting.left - 1 });
    return waiting.left <= 1;
  }

  #sockets(): readonly ListeningSocket[] {
    const firstClientPort = this.#firstClientPort();
    const sockets = TABLES.flatMap(([table, protocol]) => readListeningSockets(this.#read(`self/net/${table}`), protocol, firstClientPort));
    return sockets.slice(0, MOST_SOCKETS);
  }

  #firstClientPort(): number {
    const port = Number.parseInt(this.#read('sys/net/ipv4/ip_local_port_range'), 10);
    return Number.isNaN(port) ? USUAL_CLIENT_PORT : port;
  }

  /** Empty where there is no such table: a kernel without IPv6 has none for it. */
  #read(path: string): string {
    try {
      return readFileSync(`${this.#procPath}/${path}`, 'latin1').slice(0, MOST_BYTES);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }

  get #procPath(): string {
    return this.#options.procPath ?? '/proc';
  }

  #unreadable(error: unknown): Diagnostic {
    return {
      code: 'host-unreadable',
      severity: 'warning',
      subject: `Node ${this.#options.node}`,
      message: `cannot be looked at: ${error instanceof Error ? error.message.slice(0, 300) : 'for no known reason'}`,
      hint: 'the enforcer needs the processes of the host; what was known of them stands',
    };
  }
}

/** Of the network namespace this runs in, without those nobody else can reach. */
export function hostAddresses(): readonly Address[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const addresses = all.filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:')).map(({ address }) => parseAddress(address));
  return [...new Map(addresses.filter((address) => address !== undefined).map((address) => [address.text, address])).values()];
}

function textOf(value: NonNullable<SourceUpdate['value']>): string {
  return JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
}

// whatever a program calls itself, it is shown to people
function shownCommand(command: string): string {
  return command.slice(0, 64).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '?');
}
