import { podOf, straightWays, type LabMap, type Way, waysAlong } from '#lab';
import { type GraphPeer, type Protocol, type ServiceGraph, type WorkloadRef, workloadKey } from '#model';

import type { LabAttempt } from './lab-messages.ts';

/** One kind of connection, over each family both ends have. */
export interface PlannedTalk {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly kind: LabAttempt['kind'];
  readonly isHttp: boolean;
  readonly ways: readonly Way[];
}

const HTTP: ReadonlySet<string | undefined> = new Set(['http', 'https', 'grpc']);
const DEFAULT_OUTSIDE_PORT = 443;

/**
 * What the clients of the shop do: every connection its manifests speak for, one that it has and
 * nothing speaks of, and one by somebody who has taken over a pod.
 */
export function planTalks({ relationships }: ServiceGraph, map: LabMap): readonly PlannedTalk[] {
  const declared = relationships.flatMap((edge): readonly PlannedTalk[] => {
    const port = edge.port ?? (edge.to === 'internet' ? DEFAULT_OUTSIDE_PORT : undefined);
    if (edge.tier !== 'strong' || port === undefined || !isTalkable(edge.protocol)) return [];
    const ways = waysAlong(edge.from, edge.to, port, edge.protocol, map);
    // an answer of the outside to a datagram would come from another of its addresses
    if (ways.length === 0 || (edge.protocol === 'UDP' && typeof edge.to === 'string')) return [];
    return [{ from: nameOf(edge.from), to: edge.host ?? nameOf(edge.to), port: `${String(port)}/${edge.protocol}`, kind: 'declared', isHttp: HTTP.has(edge.application), ways }];
  });
  return [...declared, ...RUN_TIME.flatMap((each) => talksOf(each, 'undeclared', map)), ...INTRUSIONS.flatMap((each) => talksOf(each, 'intruder', map))];
}

interface Known {
  readonly from: WorkloadRef;
  readonly to: WorkloadRef;
  readonly port: number;
  readonly isHttp: boolean;
}

/** The mailer puts pictures into its mails, and learns where they are from the orders themselves. */
const RUN_TIME: readonly Known[] = [{ from: deployment('mailer'), to: deployment('media'), port: 8080, isHttp: true }];

/** Somebody has got into the reviews, and looks around from there. */
const INTRUSIONS: readonly Known[] = [{ from: deployment('reviews'), to: { namespace: 'shop-data', kind: 'StatefulSet', name: 'sales-db' }, port: 5432, isHttp: false }];

function deployment(name: string): WorkloadRef {
  return { namespace: 'shop', kind: 'Deployment', name };
}

function talksOf({ from, to, port, isHttp }: Known, kind: LabAttempt['kind'], map: LabMap): readonly PlannedTalk[] {
  const server = podOf(to, map);
  const ways = server === undefined ? [] : straightWays(from, server, port, 'TCP', map);
  return ways.length === 0 ? [] : [{ from: workloadKey(from), to: workloadKey(to), port: `${String(port)}/TCP`, kind, isHttp, ways }];
}

function isTalkable(protocol: Protocol): boolean {
  return protocol === 'TCP' || protocol === 'UDP';
}

function nameOf(peer: GraphPeer): string {
  return typeof peer === 'string' ? peer : workloadKey(peer);
}
