import { type Snapshot, evidenceWhere, workloadKey } from '#model';

import type { Draft } from './draft.ts';
import { productPorts } from './product.ts';

/**
 * Suggests that the replicas of a StatefulSet reach each other where its image is that of a product
 * that clusters: many find their peers through the API or their own file system, without an address.
 */
export function replicaDrafts(snapshot: Snapshot, known: ReadonlySet<string>): readonly Draft[] {
  const drafts: Draft[] = [];
  for (const workload of snapshot.workloads.values()) {
    const { ref, replicas, containers, origin } = workload;
    const key = workloadKey(ref);
    if (ref.kind !== 'StatefulSet' || replicas < 2 || known.has(`${key}\n${key}`)) continue;
    const peers = new Map(containers.flatMap(productPorts).flatMap((each) => (each.role === 'peer' ? [[each.port, each.application] as const] : [])));
    for (const [port, application] of peers) {
      drafts.push({
        from: ref,
        to: ref,
        port,
        protocol: 'TCP',
        application,
        tier: 'weak',
        confidence: 0.4,
        evidence: {
          kind: 'declared',
          source: 'replica-convention',
          where: evidenceWhere(origin, `StatefulSet ${ref.namespace}/${ref.name}`),
          text: `${String(replicas)} replicas of a product whose replicas talk on port ${String(port)}`,
        },
      });
    }
  }
  return drafts;
}
