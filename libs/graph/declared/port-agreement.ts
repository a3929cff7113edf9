import { type WorkloadRef, graphPeerKey } from '#model';

import type { Draft } from './draft.ts';

/**
 * Settles the ports nobody wrote down by what others did: a client's mention without a port takes
 * the port the same client names elsewhere, else the one other clients of that server dial most;
 * where no strong mention has one, a weak one may. A guess no agreement is found for stays as it is.
 */
export function settlePorts(drafts: readonly Draft[]): readonly Draft[] {
  const written = drafts.filter(({ portGuess, to, port }) => portGuess === undefined && port !== null && typeof to !== 'string');
  const strong = written.filter(({ tier }) => tier === 'strong');
  const byPair = groupBy(strong, pairOf);
  const hintsByPair = groupBy(written, pairOf);
  const byServer = groupBy(strong, ({ to }) => graphPeerKey(to));
  const hintsByServer = groupBy(written, ({ to }) => graphPeerKey(to));
  const settled: Draft[] = [];
  for (const [, group] of groupBy(drafts, (draft) => (draft.portGuess !== undefined ? `${pairOf(draft)}\n${draft.evidence.where}\n${draft.evidence.source}` : ''))) {
    const [first] = group;
    if (first?.portGuess === undefined) {
      // one by one: a group may hold more than a call takes arguments
      for (const draft of group) settled.push(draft);
      continue;
    }
    const own = distinctPorts(byPair.get(pairOf(first)) ?? (first.portGuess === 'any' ? (hintsByPair.get(pairOf(first)) ?? []) : []));
    const server = graphPeerKey(first.to);
    const isOwn = byPair.has(pairOf(first));
    const dialled = own.length > 0 ? own : first.portGuess === 'any' ? mostDialled(byServer.get(server) ?? hintsByServer.get(server) ?? [], group) : [];
    settled.push(...(dialled.length > 0 ? dialled.map((known) => withPortOf(first, known, isOwn)) : group));
  }
  return settled;
}

function withPortOf({ from, to, tier, confidence, evidence, isPortGuessed }: Draft, { port, protocol, application }: Draft, isOwn: boolean): Draft {
  return { from, to, port, protocol, ...(application === undefined ? {} : { application }), tier, confidence, evidence, ...(isPortGuessed === true && !isOwn ? { isPortGuessed } : {}) };
}

function pairOf({ from, to }: { readonly from: Draft['from']; readonly to: Draft['to'] | WorkloadRef }): string {
  return `${graphPeerKey(from)}\n${graphPeerKey(to)}`;
}

function portOf({ port, protocol }: Draft): string {
  return `${String(port)}/${protocol}`;
}

function distinctPorts(drafts: readonly Draft[]): readonly Draft[] {
  return [...new Map(drafts.map((draft) => [portOf(draft), draft])).values()];
}

// among the ports that could be meant, or where nobody dials one of those, any
function mostDialled(dialled: readonly Draft[], candidates: readonly Draft[]): readonly Draft[] {
  const wanted = new Set(candidates.map(portOf));
  const isWanted = dialled.some((draft) => wanted.has(portOf(draft)));
  const clients = new Map<string, Set<string>>();
  for (const draft of dialled) {
    if (isWanted && !wanted.has(portOf(draft))) continue;
    const known = clients.get(portOf(draft)) ?? new Set<string>();
    clients.set(portOf(draft), known.add(graphPeerKey(draft.from)));
  }
  const most = Math.max(0, ...[...clients.values()].map(({ size }) => size));
  return distinctPorts(dialled).filter((draft) => clients.get(portOf(draft))?.size === most && most > 0);
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
