import { type Evidence, evidenceWhere, type GraphPeer, type Origin, type Protocol, type Relationship, type Tier } from '#model';

/** What an object that creates a flow by definition says, before it is a relationship. */
export interface DefinedFlow {
  readonly from: GraphPeer;
  readonly to: GraphPeer;
  readonly port: number;
  readonly protocol: Protocol;
  readonly confidence: number;
  readonly tier?: Tier;
  readonly application?: string;
  readonly evidence: Evidence;
}

/** The evidence of one object and field. */
export function definedBy(source: string, origin: Origin, place: string, text: string): Evidence {
  return { kind: 'declared', source, where: evidenceWhere(origin, place), text };
}

export function relationshipOf({ evidence, tier = 'strong', ...flow }: DefinedFlow): Relationship {
  return { ...flow, tier, evidence: [evidence] };
}
