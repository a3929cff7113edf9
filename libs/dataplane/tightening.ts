import type { NodeBundle } from '#compilers/nftables';

import type { MapChange, RulesetDelta, SetChange } from './driver.ts';
import { writeKey } from './nftables/element-text.ts';
import { readSetKey } from './nftables/set-key.ts';

/** Maps a packet is dispatched by, and what stands in them for a direction that nothing restricts. */
const openVerdicts: Readonly<Record<string, string>> = { out: 'continue', in: 'goto stamp', out_reply: 'continue', in_reply: 'goto stamp' };

/**
 * Says whether a delta only lets more through, so that no connection has to be judged again.
 *
 * Says no wherever that is not plain to see: judging a connection again costs it a microsecond,
 * not judging it again could keep open what is forbidden.
 */
export function isWidening(delta: RulesetDelta, before: NodeBundle): boolean {
  if (delta.rewrittenChains.length > 0) return false;
  const closing = closingSets(before);
  return delta.sets.every((change) => isWideningSet(change, closing)) && delta.maps.every((change) => isWideningMap(change, before));
}

// what is added to a set can only open where no rule that closes or passes on looks at it
function isWideningSet({ set, removed }: SetChange, closing: ReadonlySet<string>): boolean {
  if (set.name.startsWith('self')) return true;
  return removed.length === 0 && !set.name.startsWith('local') && !closing.has(set.name);
}

function isWideningMap({ map, removed, added }: MapChange, { local4, local6 }: NodeBundle): boolean {
  const match = /^((?:in|out)(?:_reply)?)([46])$/.exec(map.name);
  const open = openVerdicts[match?.[1] ?? ''];
  if (open === undefined) return false;
  // a pod that goes may leave connections behind, and its address to another
  const gone = new Set(removed).difference(new Set(added.map(({ key }) => key)));
  if (gone.size > 0) return false;
  const blocks = match?.[2] === '4' ? local4 : local6;
  // what nobody vouched for was closed inside the node's own blocks, and open elsewhere
  return added.every(({ key, verdict }) => verdict === open || (verdict !== 'goto unknown' && !removed.includes(key) && isInside(blocks, key, map.keyType)));
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

function closingSets({ profiles }: NodeBundle): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { admin, namespaced, baseline } of profiles) {
    for (const { action, matches } of [...admin, ...namespaced, ...baseline]) {
      if (action === 'allow') continue;
      for (const match of matches) {
        const peer = match.kind === 'socket' ? match.sockets : match.peer;
        if (peer !== 'any') for (const family of [4, 6]) names.add(`${peer.name}_${String(family)}`);
      }
    }
  }
  return names;
}
