import { addressFromBits, type IpFamily } from '#model';

import { MAY_END } from '../driver.ts';
import { keyBytes } from '../nftables/element-text.ts';
import type { HeldElement, HeldMap, HeldSet, HeldTable } from './held-table.ts';

/**
 * One ipset: a set of addresses, ranges or sockets is one; a map of addresses is one for each
 * verdict, and one of all its keys. `source` is the object it was made from.
 */
export interface SetPart {
  readonly part: string;
  readonly family: IpFamily;
  readonly type: 'hash:ip' | 'hash:net' | 'hash:ip,port';
  readonly hasTimeouts: boolean;
  readonly source: HeldSet | HeldMap;
  readonly entries: () => readonly SetEntry[];
}

export interface SetEntry {
  readonly text: string;
  readonly endsAt?: number;
}

const ADDRESS = /^(ip6?) [sd]addr$/;
const SOCKET = /^(ip6?) [sd]addr \. meta l4proto \. th dport$/;

/** The part of a map that holds the keys with this verdict. */
export function verdictPart(map: string, verdict: string): string {
  return `${map} ${verdict}`;
}

/** The part of a set of families that says whether it holds this one. */
export function familyPart(set: string, family: IpFamily): string {
  return `${set} ${String(family)}`;
}

/** All ipsets of a table. Sets of pairs, ports and interfaces are none: rules say their elements. */
export function setParts({ sets, maps }: Pick<HeldTable, 'sets' | 'maps'>): readonly SetPart[] {
  return [...[...sets.values()].flatMap(partsOfSet), ...[...maps.values()].flatMap(partsOfMap)];
}

function partsOfSet(set: HeldSet): readonly SetPart[] {
  const { name, keyType, isInterval, hasTimeouts = false } = set;
  const address = ADDRESS.exec(keyType);
  const socket = SOCKET.exec(keyType);
  if (address !== null) {
    const type = isInterval ? 'hash:net' : 'hash:ip';
    return [{ part: name, family: familyOf(address), type, hasTimeouts, source: set, entries: () => entriesOf(set.elements, (key) => (isInterval ? blocksOf(key) : [key])) }];
  }
  if (socket !== null) {
    return [{ part: name, family: familyOf(socket), type: 'hash:ip,port', hasTimeouts, source: set, entries: () => entriesOf(set.elements, (key) => [socketText(key)]) }];
  }
  if (keyType !== 'meta nfproto' || !hasTimeouts) return [];
  return ([4, 6] as const).map((family) => ({
    part: familyPart(name, family),
    family,
    type: 'hash:net',
    hasTimeouts,
    source: set,
    entries: () => entriesOf(set.elements, (key) => (key === `ipv${String(family)}` ? blocksOf(family === 4 ? '0.0.0.0/0' : '::/0') : [])),
  }));
}

function partsOfMap(map: HeldMap): readonly SetPart[] {
  const address = ADDRESS.exec(map.keyType);
  if (address === null) return [];
  const keys = [...map.elements].filter(([key]) => key !== '*');
  const verdicts = [...new Set(keys.map(([, verdict]) => verdict))].filter((verdict) => verdict !== 'continue');
  const common = { family: familyOf(address), type: 'hash:ip', hasTimeouts: false, source: map } as const;
  return [
    { ...common, part: map.name, entries: () => keys.map(([text]) => ({ text })) },
    ...verdicts.map((verdict) => ({ ...common, part: verdictPart(map.name, verdict), entries: () => keys.filter(([, other]) => other === verdict).map(([text]) => ({ text })) })),
  ];
}

/** An entry as it is compared: by its bytes, and whether it ends by itself. */
export function readingOf({ family, type }: Pick<SetPart, 'family' | 'type'>, { text, endsAt }: SetEntry): readonly [string, string] {
  const address = family === 4 ? 'ip saddr' : 'ip6 saddr';
  const mark = endsAt === undefined ? '' : MAY_END;
  if (type !== 'hash:ip,port') return [keyBytes(address, text), mark];
  return [keyBytes(`${address} . meta l4proto . th dport`, text.replace(',', ' . ').replace(/:(?=[0-9]+$)/, ' . ')), mark];
}

function entriesOf(elements: ReadonlyMap<string, HeldElement>, write: (key: string) => readonly string[]): readonly SetEntry[] {
  return [...elements].flatMap(([key, { endsAt }]) => write(key).map((text) => ({ text, ...(endsAt === undefined ? {} : { endsAt }) })));
}

function familyOf(match: RegExpExecArray): IpFamily {
  return match[1] === 'ip' ? 4 : 6;
}

function socketText(key: string): string {
  const [address = '', protocol = '', port = ''] = key.split(' . ');
  return `${address},${protocol}:${port}`;
}

/** A range as blocks: ipset takes no ranges of IPv6, and no block that is everything. */
export function blocksOf(range: string): readonly string[] {
  const family = range.includes(':') ? 6 : 4;
  const width = family === 4 ? 32 : 128;
  const bytes = Buffer.from(keyBytes(family === 4 ? 'ip saddr' : 'ip6 saddr', range), 'latin1');
  const end = BigInt(`0x${bytes.subarray(width / 8).toString('hex')}`);
  const blocks: string[] = [];
  for (let at = BigInt(`0x${bytes.subarray(0, width / 8).toString('hex')}`); at <= end; ) {
    let host = 0;
    while (host < width - 1 && (at & ((2n << BigInt(host)) - 1n)) === 0n && at + (2n << BigInt(host)) - 1n <= end) host += 1;
    blocks.push(`${addressFromBits(family, at).text}/${String(width - host)}`);
    at += 1n << BigInt(host);
  }
  return blocks;
}
