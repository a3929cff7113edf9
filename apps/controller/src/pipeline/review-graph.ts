import { type LearningContext, propose } from '#learning';
import { type Coverage, type ObservedEvidence, type ServiceGraph, type Snapshot, workloadKey, type WorkloadReviews } from '#model';

/** Proposals from what is declared alone, ready for nobody: how much of the traffic was seen is not estimated. */
export function reviewGraph(graph: ServiceGraph, observed: ObservedEvidence, snapshot: Snapshot, { catalogue, brokenInvariants }: LearningContext, digest: (text: string) => string): WorkloadReviews {
  const { proposals } = propose(graph, snapshot, { tier: 'strong', catalogue });
  return new Map(
    proposals.map((proposal) => {
      const key = workloadKey(proposal.workload);
      const coverage: Coverage = { estimate: 0, low: 0, high: 1, seen: 0, seenOnce: 0, seenTwice: 0, buckets: observed.workloads.get(key)?.hours.length ?? 0, lowered: [] };
      return [
        key,
        {
          workload: proposal.workload,
          proposal,
          hash: digest(JSON.stringify(proposal)),
          evidenceHash: digest(JSON.stringify(proposal)),
          coverage,
          directions: { ingress: coverage, egress: coverage },
          isReady: false,
          waitsFor: ['how much of its traffic was seen is not estimated'],
          awaitedRuns: [],
          quarantined: [],
          brokenInvariants: brokenInvariants?.(proposal) ?? [],
        },
      ];
    }),
  );
}
