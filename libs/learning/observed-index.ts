import { type Direction, graphPeerKey, hostKey, type ObservedEvidence, type ObservedPeer, observedPeerKey, type ObservedRelationship, type Relationship, type WorkloadKey, workloadKey } from '#model';

const NOTHING: readonly ObservedRelationship[] = [];

/** What was observed, by who took part in it. */
export class ObservedIndex {
  readonly evidence: ObservedEvidence;
  readonly #ingress = new Map<string, ObservedRelationship[]>();
  readonly #egress = new Map<string, ObservedRelationship[]>();

  constructor(evidence: ObservedEvidence) {
    this.evidence = evidence;
    for (const each of evidence.relationships) {
      add(this.#egress, observedPeerKey(each.from), each);
      add(this.#ingress, observedPeerKey(each.to), each);
    }
  }

  /** Connections to it (`ingress`) or from it (`egress`). */
  of(workload: WorkloadKey, direction: Direction): readonly ObservedRelationship[] {
    return (direction === 'ingress' ? this.#ingress : this.#egress).get(`workload ${workload}`) ?? NOTHING;
  }

  /** Everything this client did, whoever it is. */
  ofClient(client: ObservedPeer): readonly ObservedRelationship[] {
    return this.#egress.get(observedPeerKey(client)) ?? NOTHING;
  }
}

/** Something observed, and what speaks against it. */
export interface Doubted {
  readonly observed: ObservedRelationship;
  readonly doubts: readonly string[];
  /** Whether it is no sign either that something metadata speaks of is really used. */
  readonly isWorthless: boolean;
}

export function otherEnd({ from, to }: ObservedRelationship, direction: Direction): ObservedPeer {
  return direction === 'ingress' ? from : to;
}

function add(index: Map<string, ObservedRelationship[]>, key: string, each: ObservedRelationship): void {
  const known = index.get(key);
  if (known === undefined) index.set(key, [each]);
  else known.push(each);
}

/** Whether something answered, as far as anybody could tell: a refused or unanswered attempt is no traffic. */
export function isAnswered({ connections, wouldBeDenied, replied }: ObservedRelationship): boolean {
  return connections + wouldBeDenied > 0 && replied !== 0;
}

/** Under what a relationship of the graph and its observation meet. */
export function relationshipKey({ from, to, port, protocol, host }: Relationship): string {
  const external = host === undefined ? '' : hostKey(host);
  return [from === 'internet' ? `internet ${external}` : graphPeerKey(from), to === 'internet' ? `internet ${external}` : graphPeerKey(to), String(port), protocol].join('\n');
}

/** The same for what was observed; several, for a declared client may be anybody outside. Empty where the graph has no word for an end. */
export function observedKeys({ from, to, port, protocol }: ObservedRelationship): readonly string[] {
  const [client, server] = [graphTexts(from), graphTexts(to)];
  const rest = [String(port), protocol];
  const exact = client.flatMap((one) => server.map((other) => [one, other, ...rest].join('\n')));
  const anybody = server.map((other) => ['any', other, ...rest].join('\n'));
  const outside = from.kind === 'external' ? server.map((other) => ['internet ', other, ...rest].join('\n')) : [];
  return [...exact, ...outside, ...anybody];
}

function graphTexts(peer: ObservedPeer): readonly string[] {
  switch (peer.kind) {
    case 'workload':
      return [workloadKey(peer.workload)];
    case 'entity':
      return [peer.entity === 'internet' ? 'internet ' : peer.entity];
    case 'external':
      return [`internet ${hostKey(peer.host)}`];
    case 'node':
    case 'service':
      return [];
  }
}
