import type { Diagnostic, NodeView, OutputView } from '#model';
import { currentNumber, type ReviewState } from '#review';

import type { RealisedNodes } from '../pipeline/answers/enforcement-counts.ts';
import type { LearningOverview } from '../workers/learning-orders.ts';
import type { ControllerStatus, NodeCounts, SourceStatus } from './controller-status.ts';

/** What a status is put together from. */
export interface StatusParts extends Pick<ControllerStatus, 'version' | 'startedAt' | 'traffic' | 'sources' | 'leadership' | 'store'> {
  readonly waitsFor: readonly string[];
  readonly state: ReviewState;
  readonly overview: LearningOverview;
  readonly nodes: readonly NodeView[];
  readonly outputs: readonly OutputView[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A person reads so many and no more. */
const MOST_DIAGNOSTICS = 200;
const RANK = { error: 0, warning: 1, info: 2 } as const;

export function controllerStatus({ overview, nodes, outputs, state, diagnostics, waitsFor, sources, ...rest }: StatusParts): ControllerStatus {
  const current = state.revisions.at(-1);
  const { counts, workloads, ready, reviews, modes, enforcement, wouldDrops } = overview;
  return {
    ...rest,
    sources: sources.map((source): SourceStatus => (source.state === 'in sync' || !waitsFor.includes(source.name) ? source : { ...source, why: source.why ?? 'nothing is compiled before it has told all it knows' })),
    revision: currentNumber(state),
    ...(current === undefined ? {} : { revisionAt: current.decided.at }),
    workloads,
    ready,
    reviews,
    modes,
    enforcement,
    wouldDrops,
    nodes: countNodes(nodes),
    outputs: outputs.map(({ output, policies, healed }) => ({ output, ...policies, healed })),
    flows: {
      records: counts.records,
      connections: counts.connections,
      unattributed: counts.unattributed,
      onNodes: counts.onNodes,
      lost: counts.lost,
      overflowedConnections: counts.overflowedConnections,
    },
    diagnostics: [...diagnostics].sort((a, b) => RANK[a.severity] - RANK[b.severity]).slice(0, MOST_DIAGNOSTICS),
  };
}

/** Nodes that are known to enforce all they should, with the revision that is of. */
export function realisedNodes(nodes: readonly NodeView[]): RealisedNodes {
  return new Map(nodes.flatMap(({ node, realisation }) => (realisation.kind === 'realised' ? [[node, realisation.revision] as const] : [])));
}

function countNodes(nodes: readonly NodeView[]): NodeCounts {
  const counts = { realised: 0, pending: 0, trial: 0, drifted: 0, failed: 0, silent: 0 };
  for (const { realisation } of nodes) counts[realisation.kind] += 1;
  return counts;
}
