import { type Snapshot, type WorkloadRef, graphPeerKey, workloadKey } from '#model';

import type { Draft } from './draft.ts';
import { hasOpenPort } from './port-choice.ts';
import { productPorts } from './product.ts';

const ORDER = 'compose-depends_on';
/** So many dependencies named by address show that this client writes its addresses down. */
const WRITES_ADDRESSES = 2;

/**
 * Takes a `depends_on` that says an order of starting for no more than a hint: where the client
 * writes down the addresses of its other dependencies and none of this one. A store is taken at its word: nobody waits for a database but to use it.
 */
export function doubtStartOrder(drafts: readonly Draft[], snapshot: Snapshot): readonly Draft[] {
  const strong = drafts.filter(({ tier, evidence }) => tier === 'strong' && evidence.source !== ORDER);
  const addressed = new Set(strong.map(pairOf));
  const servers = new Set(strong.map(({ to }) => graphPeerKey(to)));
  const agreed = agreeing(drafts);
  return drafts.map((draft) => {
    const { from, to, tier, evidence } = draft;
    if (agreed.has(pairOf(draft))) return tier === 'strong' ? draft : trusted(draft);
    if (tier !== 'strong' || evidence.source !== ORDER || typeof from === 'string' || typeof to === 'string' || addressed.has(pairOf(draft))) return draft;
    if (!servers.has(graphPeerKey(to)) && mayRunOnce(to, snapshot)) return doubted(draft, 'nothing says that it listens or keeps running, so it may be a job that runs once');
    if (isStore(to, snapshot) || namedDependencies(from, snapshot, addressed) < WRITES_ADDRESSES) return draft;
    return doubted(draft, `${from.name} writes down the addresses of others it depends on, and none of this`);
  });
}

// an address in a text, and what the client says itself, are two witnesses, however weak each is alone
const HABITS: ReadonlySet<string> = new Set(['name-convention', 'shared-secret', 'replica-convention', 'unmounted-configmap']);

function agreeing(drafts: readonly Draft[]): ReadonlySet<string> {
  const hints = drafts.filter(({ tier, to }) => tier === 'weak' && typeof to !== 'string');
  const ordered = new Set(hints.filter(({ evidence }) => evidence.source === ORDER).map(pairOf));
  return new Set(hints.filter(({ evidence }) => evidence.source !== ORDER && !HABITS.has(evidence.source)).map(pairOf).filter((pair) => ordered.has(pair)));
}

function mayRunOnce(ref: WorkloadRef, snapshot: Snapshot): boolean {
  const server = snapshot.workloads.get(workloadKey(ref));
  return server !== undefined && !hasOpenPort(server) && server.compose?.build === undefined && server.compose?.isKeptRunning !== true;
}

function pairOf({ from, to }: Pick<Draft, 'from' | 'to'>): string {
  return `${graphPeerKey(from)}\n${graphPeerKey(to)}`;
}

function doubted(draft: Draft, why: string): Draft {
  return { ...draft, tier: 'weak', confidence: 0.4, evidence: { ...draft.evidence, text: `${draft.evidence.text} (weak: ${why})` } };
}

function trusted(draft: Draft): Draft {
  const { text } = draft.evidence;
  const doubt = text.lastIndexOf(' (weak: ');
  return { ...draft, tier: 'strong', evidence: { ...draft.evidence, text: doubt < 0 ? text : text.slice(0, doubt) } };
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
