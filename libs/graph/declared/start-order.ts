import { type Snapshot, type WorkloadRef, graphPeerKey, workloadKey } from '#model';

import type { Draft } from './draft.ts';
import { productPorts } from './product.ts';

const ORDER = 'compose-depends_on';
/** So many dependencies named by address show that this client writes its addresses down. */
const WRITES_ADDRESSES = 2;

/**
 * Takes a `depends_on` that says an order of starting for no more than a hint: where addresses go
 * the other way only, or where the client writes down the addresses of its other dependencies and
 * none of this one. A store is taken at its word: nobody waits for a database but to use it.
 */
export function doubtStartOrder(drafts: readonly Draft[], snapshot: Snapshot): readonly Draft[] {
  const addressed = new Set(drafts.filter(({ tier, evidence }) => tier === 'strong' && evidence.source !== ORDER).map(pairOf));
  return drafts.map((draft) => {
    const { from, to, tier, evidence } = draft;
    if (tier !== 'strong' || evidence.source !== ORDER || typeof from === 'string' || typeof to === 'string' || addressed.has(pairOf(draft))) return draft;
    if (addressed.has(pairOf({ from: to, to: from }))) return doubted(draft, 'addresses go the other way only');
    if (isStore(to, snapshot) || namedDependencies(from, snapshot, addressed) < WRITES_ADDRESSES) return draft;
    return doubted(draft, `${from.name} writes down the addresses of others it depends on, and none of this`);
  });
}

function pairOf({ from, to }: Pick<Draft, 'from' | 'to'>): string {
  return `${graphPeerKey(from)}\n${graphPeerKey(to)}`;
}

function doubted(draft: Draft, why: string): Draft {
  return { ...draft, tier: 'weak', confidence: 0.4, evidence: { ...draft.evidence, text: `${draft.evidence.text} (weak: ${why})` } };
}

// what keeps data speaks a protocol of its own, or listens where only such products do
const STORE_PORTS = new Set([9200, 8086, 5984, 8091, 9000, 8500, 2379, 8200, 8123, 8983, 7700, 8108, 6333]);

function isStore(ref: WorkloadRef, snapshot: Snapshot): boolean {
  const [first] = (snapshot.workloads.get(workloadKey(ref))?.containers ?? []).flatMap(productPorts);
  return first !== undefined && (STORE_PORTS.has(first.port) ? first.application !== 'fastcgi' : !['http', 'grpc', 'fastcgi'].includes(first.application));
}

function namedDependencies(client: WorkloadRef, snapshot: Snapshot, addressed: ReadonlySet<string>): number {
  const names = snapshot.workloads.get(workloadKey(client))?.compose?.dependsOn ?? [];
  return names.filter((name) => addressed.has(pairOf({ from: client, to: { ...client, name } }))).length;
}
