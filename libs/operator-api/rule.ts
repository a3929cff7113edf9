import { z } from 'zod';

import { assertNever, ENTITIES, parsePrefix, type Peer, type PortMatch, type Prefix, type ProposedRule, type Rule } from '#model';

import { evidenceSchema, evidenceShape, namedWorkloadSchema, nameSchema, portSchema, protocolSchema, type Shape, shareSchema, timeSchema, workloadSchema } from './parts.ts';

const LONGEST_LIST = 1_000;

interface Bounds {
  readonly name: z.ZodString;
  readonly text: z.ZodString;
  readonly most: number;
}

// What comes in is bounded; what goes out is as it is.
const INCOMING: Bounds = { name: nameSchema, text: z.string().max(320), most: LONGEST_LIST };
const OUTGOING: Bounds = { name: z.string(), text: z.string(), most: Number.MAX_SAFE_INTEGER };

function selectorOf({ text, most }: Bounds) {
  return z.strictObject({
    requirements: z.array(z.strictObject({ key: text, operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: z.array(text).max(most) })).max(most),
  });
}

function peerOf(bounds: Bounds, workload: typeof workloadSchema) {
  const { name, text, most } = bounds;
  const selector = selectorOf(bounds);
  const block = text.describe('CIDR block, such as 10.0.0.0/8 or 2001:db8::/32');
  return z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('pods'),
      namespaces: z.discriminatedUnion('kind', [z.strictObject({ kind: z.literal('name'), name }), z.strictObject({ kind: z.literal('selector'), selector })]),
      pods: selector,
    }),
    z.strictObject({ kind: z.literal('cidr'), cidr: block, except: z.array(block).max(most) }),
    z.strictObject({ kind: z.literal('nodes'), nodes: selector }),
    z.strictObject({ kind: z.literal('workload'), workload }),
    z.strictObject({ kind: z.literal('host'), host: name.describe('DNS name of a server outside'), isExact: z.literal(true).optional() }),
    z.strictObject({ kind: z.literal('entity'), entity: z.enum(ENTITIES) }),
  ]);
}

function portOf({ text }: Bounds) {
  return z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('range'), protocol: protocolSchema, from: portSchema, to: portSchema }),
    z.strictObject({ kind: z.literal('named'), protocol: z.union([protocolSchema, z.literal('any')]), name: text }),
    z.strictObject({ kind: z.literal('protocol'), protocol: protocolSchema }),
  ]);
}

export const selectorSchema = selectorOf(OUTGOING);
export const peerSchema = peerOf(OUTGOING, workloadSchema);
export const portMatchSchema = portOf(OUTGOING);

/** Peers and ports somebody sends. */
export const givenPeersSchema = z.array(peerOf(INCOMING, namedWorkloadSchema)).max(LONGEST_LIST);
export const givenPortsSchema = z.array(portOf(INCOMING)).max(LONGEST_LIST);

const peersSchema = z.union([z.literal('any'), z.array(peerSchema)]);
const portsSchema = z.union([z.literal('any'), z.array(portMatchSchema)]);

export const ruleSchema = z.strictObject({
  id: z.string(),
  peers: peersSchema,
  ports: portsSchema,
  application: z.string().optional().describe('protocol the rule is meant for'),
  enforceApplication: z.boolean().optional().describe('connections that begin to speak something else are refused, by targets that can tell'),
  expiresAt: timeSchema.optional(),
  tier: z.enum(['strong', 'weak']).optional().describe('of proposed rules: strong may be enforced, weak never alone'),
  confidence: shareSchema.optional(),
  why: z.string().optional(),
  evidence: z.array(evidenceSchema),
  widenings: z.array(z.string()).describe('what the rule opens beyond its evidence'),
});

export type RuleShape = Shape<typeof ruleSchema>;
export type PeerShape = Shape<typeof peerSchema>;
export type PortMatchShape = Shape<typeof portMatchSchema>;

export function ruleShape(rule: Rule | ProposedRule): RuleShape {
  const { id, peers, ports, application, enforceApplication, expiresAt, confidence, why, evidence, widenings } = rule;
  return {
    id,
    peers: peers === 'any' ? peers : peers.map(peerShape),
    ports,
    ...(application === undefined ? {} : { application }),
    ...(enforceApplication === undefined ? {} : { enforceApplication }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...('tier' in rule ? { tier: rule.tier } : {}),
    ...(confidence === undefined ? {} : { confidence: Math.round(confidence * 1000) / 1000 }),
    ...(why === undefined ? {} : { why }),
    evidence: evidence.map(evidenceShape),
    widenings,
  };
}

export function peerShape(peer: Peer): PeerShape {
  return peer.kind === 'cidr' ? { kind: 'cidr', cidr: peer.cidr.text, except: peer.except.map(({ text }) => text) } : peer;
}

/** The peer somebody wrote, or the text that is no CIDR block. */
export function readPeer(shape: PeerShape): { readonly kind: 'peer'; readonly peer: Peer } | { readonly kind: 'no prefix'; readonly text: string } {
  switch (shape.kind) {
    case 'cidr': {
      const [cidr, ...except] = [shape.cidr, ...shape.except].map((text): Prefix | string => parsePrefix(text) ?? text);
      const wrong = [cidr, ...except].find((one) => typeof one === 'string');
      if (wrong !== undefined) return { kind: 'no prefix', text: wrong };
      return { kind: 'peer', peer: { kind: 'cidr', cidr: cidr as Prefix, except: except as Prefix[] } };
    }
    case 'host':
      return { kind: 'peer', peer: { kind: 'host', host: shape.host, ...(shape.isExact === true ? { isExact: true } : {}) } };
    case 'pods':
    case 'nodes':
    case 'workload':
    case 'entity':
      return { kind: 'peer', peer: shape };
    default:
      return assertNever(shape);
  }
}

/** The first range that ends before it begins, as text. */
export function backwardsRange(ports: readonly PortMatch[]): string | undefined {
  const wrong = ports.find((one) => one.kind === 'range' && one.from > one.to);
  return wrong?.kind === 'range' ? `${String(wrong.from)}-${String(wrong.to)}/${wrong.protocol}` : undefined;
}

