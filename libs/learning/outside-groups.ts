import { type Address, type Direction, makePrefix, parseAddress, type Peer, type Prefix } from '#model';

import { type Doubted, otherEnd } from './observed-index.ts';

/** Hosts outside that are offered as one block of addresses. */
export interface OutsideBlock {
  readonly members: readonly Doubted[];
  readonly peers: readonly Peer[];
  readonly widening: string;
}

// what one network hands out as a whole
const BLOCK = { 4: 24, 6: 48 } as const;

/** Offers hosts outside as blocks where more of them than `most` are used on one port, and leaves everything else as it is. */
export function groupOutside(all: readonly Doubted[], direction: Direction, most: number): { readonly blocks: readonly OutsideBlock[]; readonly rest: readonly Doubted[] } {
  const byPort = new Map<string, { readonly doubted: Doubted; readonly address: Address }[]>();
  const rest: Doubted[] = [];
  for (const doubted of all) {
    const peer = otherEnd(doubted.observed, direction);
    const address = peer.kind === 'external' ? parseAddress(peer.host) : undefined;
    if (address === undefined) rest.push(doubted);
    else push(byPort, `${String(doubted.observed.port)}/${doubted.observed.protocol}`, { doubted, address });
  }
  const blocks: OutsideBlock[] = [];
  for (const hosts of byPort.values()) {
    if (hosts.length <= most) rest.push(...hosts.map(({ doubted }) => doubted));
    else blocks.push(...blocksOf(hosts));
  }
  return { blocks, rest };
}

function blocksOf(hosts: readonly { readonly doubted: Doubted; readonly address: Address }[]): readonly OutsideBlock[] {
  const byBlock = new Map<string, { readonly block: Prefix; readonly members: Doubted[] }>();
  for (const { doubted, address } of hosts) {
    const block = makePrefix(address.family, address.bits, BLOCK[address.family]);
    const known = byBlock.get(block.text);
    if (known === undefined) byBlock.set(block.text, { block, members: [doubted] });
    else known.members.push(doubted);
  }
  return [...byBlock.values()].map(({ block, members }) => ({
    members,
    peers: [{ kind: 'cidr', cidr: block, except: [] }],
    widening: `${String(members.length)} of the addresses of ${block.text} ${members.length === 1 ? 'was' : 'were'} seen; all of it is let through`,
  }));
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [item]);
  else known.push(item);
}
