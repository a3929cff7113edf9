import { compileNodes, type NodeBundle } from '#compilers/nftables';
import { inferGraph } from '#graph';
import { placeExamplePods } from '#inventory';
import { type ServiceRoute, serviceRoutes } from '#lab';
import type { Revision, ServiceGraph, Snapshot } from '#model';

import { digest } from '../offline/digest.ts';
import { policySet } from '../offline/segmentation.ts';

/** Everything a lab is made of. */
export interface LabCluster {
  readonly snapshot: Snapshot;
  readonly graph: ServiceGraph;
  /** The policies of the input where there are any, else the ones learned from it. */
  readonly revision: Revision;
  readonly services: readonly ServiceRoute[];
  /** What each node enforces. */
  readonly bundles: ReadonlyMap<string, NodeBundle>;
}

/** Places the pods of a snapshot on nodes, and compiles what the nodes would enforce. */
export function labCluster(input: Snapshot, nodes: number): LabCluster {
  const snapshot = placeExamplePods(input, { nodes });
  const { revision } = policySet(snapshot, 'strong');
  const { bundles } = compileNodes(revision, snapshot, { digest });
  return {
    snapshot,
    graph: inferGraph(snapshot),
    revision,
    services: serviceRoutes(snapshot),
    bundles: new Map(bundles.map((bundle) => [bundle.node, bundle])),
  };
}
