import type { Pod, Snapshot } from '#model';

import type { DispatchEntry, GuardedLink } from './node-bundle.ts';
import type { NodeSettings } from './node-settings.ts';

/**
 * Which bridges of a node are guarded, and who may speak on them, as container engines tell.
 *
 * Rules see the bridge a packet came in by and never its port, so a container can still take the
 * address of a neighbour on the same bridge; but of nobody else.
 */
export function engineLinks(snapshot: Pick<Snapshot, 'nodes' | 'pods'>): Required<Pick<NodeSettings, 'linksOf' | 'bridgesOf'>> {
  return {
    linksOf: ({ pod }: DispatchEntry) => linksOfPod(snapshot.pods.get(pod)),
    bridgesOf: (node) => (snapshot.nodes.get(node)?.bridges ?? []).map((bridge) => bridge.interface),
  };
}

function linksOfPod(pod: Pod | undefined): readonly GuardedLink[] {
  return (pod?.interfaces ?? []).flatMap(({ bridge, addresses }) => (bridge === undefined || addresses.length === 0 ? [] : [{ interface: bridge, addresses }]));
}
