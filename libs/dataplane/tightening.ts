import type { NodeBundle } from '#compilers/nftables';

import type { MapChange, RulesetDelta, SetChange } from './driver.ts';
import { writeKey } from './nftables/element-text.ts';
import { readSetKey } from './nftables/set-key.ts';

/** Maps a packet is dispatched by. */
const DISPATCH = /^(?:in|out)(?:_reply)?([46])$/;
/** What stands in them for a direction that nothing restricts. */
const OPEN = 'continue';
/** Sets that only ever let through, or decide nothing, the more is in them. */
const OPENING = /^(?:self|audit_(?:in|out)|audit|keep|senders|spoken)[46]$|^(?:identify|name_ports)$/;

/**
 * Says whether a delta only lets more through, so that no connection has to be judged again.
 *
 * Says no wherever that is not plain to see: judging a connection again costs it a microsecond,
 * not judging it again could keep open what is forbidden.
 */
export function isWidening(delta: RulesetDelta, before: NodeBundle): boolean {
  if (delta.rewrittenChains.length > 0) return false;
  return delta.sets.every((change) => isWideningSet(change, before)) && delta.maps.every((change) => isWideningMap(change, before));
}

// what is added to a set can only open where no rule that closes or passes on looks at it
function isWideningSet({ set, removed }: SetChange, before: NodeBundle): boolean {
  return removed.length === 0 && (OPENING.test(set.name) || openingSets(before).has(set.name));
}

function isWideningMap({ map, removed, added }: MapChange, { local4, local6 }: NodeBundle): boolean {
  const match = DISPATCH.exec(map.name);
  if (match === null) return false;
  // a pod that goes may leave connections behind, and its address to another
  const gone = new Set(removed).difference(new Set(added.map(({ key }) => key)));
  if (gone.size > 0) return false;
  const blocks = match[1] === '4' ? local4 : local6;
  // what nobody vouched for was closed inside the node's own blocks, and open elsewhere
  return added.every(({ key, verdict }) => verdict === OPEN || (verdict !== 'goto unknown' && !removed.includes(key) && isInside(blocks, key, map.keyType)));
}

const scratch = Buffer.alloc(64);

function isInside(blocks: readonly string[], address: string, keyType: string): boolean {
  if (address === '*') return false;
  const key = readSetKey(keyType);
  writeKey(key, address, scratch);
  const wanted = scratch.toString('latin1', 0, key.size);
  return blocks.some((block) => {
    writeKey(key, block, scratch);
    return scratch.toString('latin1', 0, key.size) <= wanted && wanted <= scratch.toString('latin1', key.size, 2 * key.size);
  });
}

const opening = new WeakMap<NodeBundle['profiles'], ReadonlySet<string>>();

/** Sets only rules that allow look at. */
function openingSets({ profiles }: NodeBundle): ReadonlySet<string> {
  const known = opening.get(profiles) ?? findOpeningSets(profiles);
  opening.set(profiles, known);
  return known;
}

function findOpeningSets(profiles: NodeBundle['profiles']): ReadonlySet<string> {
  const allowing = new Set<string>();
  const others = new Set<string>();
  for (const { admin, namespaced, baseline } of profiles) {
    for (const { action, matches, expiry } of [...admin, ...namespaced, ...baseline]) {
      const names = action === 'allow' ? allowing : others;
      if (expiry !== undefined) names.add(expiry.set);
      for (const match of matches) {
        const peer = match.kind === 'socket' ? match.sockets : match.peer;
        if (peer !== 'any') for (const family of [4, 6]) names.add(`${peer.name}_${String(family)}`);
      }
    }
  }
  return allowing.difference(others);
}
