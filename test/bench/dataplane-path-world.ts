import { readFileSync } from 'node:fs';

import { parseAddress, type IpFamily } from '#model';

import { flushConnections } from '../../libs/lab/connection-table.ts';
import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { CLIENT, SERVER, VisibilityWorld } from '../kernel/visibility-world.ts';
import { type Layout, type Loaded, PORT, run } from './dataplane-path-layouts.ts';
import { ACK, FrameBatch, frameOf, type Segment, SYN, SYN_ACK } from './dataplane-path-packets.ts';

/** Packets sent by one system call: some half a millisecond, so that many are not interrupted however busy the machine is. */
export const BATCH = 256;
const CONNECTIONS = 64;
const FIRST_PORT = 1_024;
const MOST_PORTS = 64_000;

export type Kind = 'established' | 'new';

interface Link {
  readonly index: number;
  readonly mac: string;
}

/** A client, a router that is set up in one way, and a server, with packets from the one to the other. */
export class PathWorld {
  readonly name: string;
  readonly #world = new VisibilityWorld();
  readonly #loaded: Loaded;
  readonly #batches = new Map<string, FrameBatch>();
  #port = FIRST_PORT;
  #sent = 0;
  #begun = 0;
  readonly #arrivedBefore: number;

  constructor({ name, load }: Layout) {
    this.name = name;
    const { client, node, server } = this.#world;
    // what comes over a virtual link is not checksummed again
    if (name !== 'none') node.configure({ 'net.netfilter.nf_conntrack_checksum': '0' });
    const links = { client: linkOf(client, 'eth0'), towardsClient: linkOf(node, 'c'), towardsServer: linkOf(node, 's'), server: linkOf(server, 'eth0') };
    for (const end of [client, server]) run(end, 'nft', 'table netdev sink { chain every { type filter hook ingress device "eth0" priority 0; policy drop; }; }\n');
    for (const [address, device, link] of [[CLIENT, 'c', links.client], [SERVER, 's', links.server]] as const) {
      for (const text of [address.four, address.six]) run(node, 'ip', '', ['neigh', 'replace', text, 'lladdr', link.mac, 'dev', device, 'nud', 'permanent']);
    }
    for (const family of [4, 6] as const) this.#prepare(family, links);
    this.#loaded = load(node);
    this.#arrivedBefore = this.#arrived();
  }

  /** Begins the connections that packets will belong to. */
  establish(family: IpFamily): void {
    for (const step of ['begin', 'answer', 'go on']) this.#batch(step, family).send();
    this.#sent += 2 * CONNECTIONS;
    this.#begun += CONNECTIONS;
  }

  /** Sends one batch; microseconds a packet. */
  send(kind: Kind, family: IpFamily): number {
    const batch = this.#batch(kind, family);
    this.#sent += BATCH;
    if (kind === 'new') {
      batch.number(this.#port);
      this.#port += BATCH;
      this.#begun += BATCH;
      if (this.#port > FIRST_PORT + MOST_PORTS - BATCH) throw new Error('dataplane-path: more connections than ports');
    }
    return batch.send();
  }

  get isListening(): boolean {
    return this.#loaded.events !== undefined;
  }

  forget(): void {
    flushConnections(this.#world.node);
    this.#port = FIRST_PORT;
  }

  /** The links themselves say a little too. Throws unless every packet has reached the server, and every connection those who listen. */
  verify(): void {
    const arrived = this.#arrived() - this.#arrivedBefore;
    if (arrived < this.#sent) throw new Error(`dataplane-path: ${this.name}: ${String(this.#sent)} packets sent, ${String(arrived)} arrived`);
    const heard = this.#loaded.events?.() ?? this.#begun;
    if (heard !== this.#begun) throw new Error(`dataplane-path: ${this.name}: ${String(this.#begun)} connections, ${String(heard)} heard of`);
  }

  async close(): Promise<void> {
    for (const batch of this.#batches.values()) batch.close();
    this.#loaded.close();
    await this.#world.close();
  }

  #prepare(family: IpFamily, links: Readonly<Record<'client' | 'towardsClient' | 'towardsServer' | 'server', Link>>): void {
    const [client, server] = [CLIENT, SERVER].map((each) => parseAddress(family === 4 ? each.four : each.six)!);
    const forth = (at: number): Omit<Segment, 'flags'> => ({
      macs: { from: links.client.mac, to: links.towardsClient.mac },
      from: client!,
      to: server!,
      ports: { from: FIRST_PORT + at, to: PORT },
      sequence: 1_000,
      acknowledged: 0,
    });
    const back = (at: number): Segment => ({
      macs: { from: links.server.mac, to: links.towardsServer.mac },
      from: server!,
      to: client!,
      ports: { from: PORT, to: FIRST_PORT + at },
      sequence: 2_000,
      acknowledged: 1_001,
      flags: SYN_ACK,
    });
    const data = (at: number): Buffer => frameOf({ ...forth(at % CONNECTIONS), flags: ACK, sequence: 1_001, acknowledged: 2_001, payload: 'some bytes' });
    const many = (count: number, frame: (at: number) => Buffer): readonly Buffer[] => Array.from({ length: count }, (_, at) => frame(at));
    const begin = (at: number): Buffer => frameOf({ ...forth(at), flags: SYN });
    const put = (step: string, end: NetworkNamespace, link: Link, frames: readonly Buffer[]): void => {
      this.#batches.set(`${step} ${String(family)}`, new FrameBatch(end, link.index, frames));
    };
    put('begin', this.#world.client, links.client, many(CONNECTIONS, begin));
    put('answer', this.#world.server, links.server, many(CONNECTIONS, (at) => frameOf(back(at))));
    put('go on', this.#world.client, links.client, many(CONNECTIONS, data));
    put('established', this.#world.client, links.client, many(BATCH, data));
    put('new', this.#world.client, links.client, many(BATCH, begin));
  }

  #batch(step: string, family: IpFamily): FrameBatch {
    const batch = this.#batches.get(`${step} ${String(family)}`);
    if (batch === undefined) throw new Error(`dataplane-path: no packets to ${step}`);
    return batch;
  }

  #arrived(): number {
    return this.#world.server.run(() => Number(/eth0:\s*\d+\s+(\d+)/.exec(readFileSync('/proc/net/dev', 'utf8'))?.[1]));
  }
}

function linkOf(namespace: NetworkNamespace, name: string): Link {
  const text = run(namespace, 'ip', '', ['-o', 'link', 'show', name]);
  return { index: Number(/^(\d+):/.exec(text)?.[1]), mac: /link\/ether ([0-9a-f:]+)/.exec(text)?.[1] ?? '' };
}
