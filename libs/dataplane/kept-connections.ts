import type { DispatchEntry, HostEntry, KeptConnections, NodeBundle } from '#compilers/nftables';
import type { Address, ConnectionFate } from '#model';

/** One address whose established connections stay. */
export interface KeptAddress {
  readonly address: Address;
  /** Milliseconds since 1970; absent: for good. */
  readonly until?: number;
  /** Whose rules got stricter: only while this one holds the address. Absent where somebody named the address itself. */
  readonly holder?: string;
}

/** By the address's text. */
export type Kept = ReadonlyMap<string, KeptAddress>;

export const NOTHING_KEPT: Kept = new Map();

/** What the holder of the node's own addresses is called; no pod can be. */
const HOST = '';

/** What is asked for beside what the bundle says. */
export interface KeepWishes {
  readonly addresses: readonly KeptConnections[];
  /** For every pod, and the node, that the bundle says nothing about. */
  readonly fate?: ConnectionFate;
}

/**
 * Whose connections stay when a node goes from one bundle to another.
 *
 * What a pod has is kept where the pod's own rules are others now, and not where a peer of it came
 * or went: an address that goes to somebody else takes no connections along. A pod that goes, or
 * whose fate is to be cut from now on, keeps nothing. Draining ends at the time it was given when
 * the rules changed, whatever changes meanwhile elsewhere.
 */
export function keptAfter(kept: Kept, before: NodeBundle | undefined, after: NodeBundle, wishes: KeepWishes, now: number): Kept {
  const { addresses, fate } = wishes;
  const hasFates = fate !== undefined || after.host?.fate !== undefined || after.pods.some((entry) => entry.fate !== undefined);
  if (kept.size === 0 && addresses.length === 0 && !hasFates) return NOTHING_KEPT;
  const next = new Map<string, KeptAddress>();
  const holders = holdersOf(after);
  const earlier = before === undefined ? new Map<string, Holder>() : holdersOf(before);
  for (const [text, each] of kept) {
    if (each.until !== undefined && each.until <= now) continue;
    const holder = holders.get(text);
    if (each.holder === undefined || (holder?.name === each.holder && !isCutFromNowOn(earlier.get(text)?.entry, holder.entry, fate))) next.set(text, each);
  }
  for (const [text, { name, entry, address }] of holders) {
    const wished = entry.fate ?? fate ?? { kind: 'cut' };
    const was = earlier.get(text);
    if (wished.kind === 'cut' || was?.name !== name || isJudgedAlike(was.entry, entry)) continue;
    next.set(text, { address, holder: name, ...(wished.kind === 'drain' ? { until: now + 1_000 * wished.seconds } : {}) });
  }
  for (const { address, forSeconds } of addresses) next.set(address.text, { address, ...(forSeconds === undefined ? {} : { until: now + 1_000 * forSeconds }) });
  return next;
}

interface Holder {
  readonly name: string;
  readonly entry: DispatchEntry | HostEntry;
  readonly address: Address;
}

function holdersOf({ pods, host }: NodeBundle): ReadonlyMap<string, Holder> {
  const holders = new Map<string, Holder>();
  for (const entry of pods) for (const address of entry.addresses) holders.set(address.text, { name: entry.pod, entry, address });
  for (const address of host?.addresses ?? []) if (host !== undefined) holders.set(address.text, { name: HOST, entry: host, address });
  return holders;
}

// a bundle that says nothing of a pod leaves what a person said of it, and takes back what a bundle did
function isCutFromNowOn(was: Holder['entry'] | undefined, entry: Holder['entry'], fate: ConnectionFate | undefined): boolean {
  if (entry.fate !== undefined || fate !== undefined) return (entry.fate ?? fate)?.kind === 'cut';
  return was?.fate !== undefined;
}

// a profile's name stands for its rules; who is in their peer sets is not in it
function isJudgedAlike(a: Holder['entry'], b: Holder['entry']): boolean {
  return a.ingress === b.ingress && a.egress === b.egress && (a.ingressMode ?? 'enforce') === (b.ingressMode ?? 'enforce') && (a.egressMode ?? 'enforce') === (b.egressMode ?? 'enforce');
}

/** As a ruleset takes it: what still lasts, in seconds from now. */
export function lasting(kept: Kept, now: number): readonly KeptConnections[] {
  const all: KeptConnections[] = [];
  for (const { address, until } of kept.values()) {
    if (until === undefined) all.push({ address });
    else if (until - now >= 1_000) all.push({ address, forSeconds: Math.floor((until - now) / 1_000) });
  }
  return all;
}

export function isSameKept(a: Kept, b: Kept): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [text, each] of a) if (b.get(text) !== each) return false;
  return true;
}
