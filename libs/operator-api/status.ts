import { z } from 'zod';

import { healedSchema, outputNameSchema, policyCountsSchema } from './output.ts';
import { wouldDropsSchema } from './mode-standing.ts';
import { countSchema, diagnosticSchema, type Shape, timeSchema } from './parts.ts';

export const statusSchema = z.strictObject({
  version: z.string(),
  startedAt: timeSchema,
  traffic: z.enum(['real', 'lab', 'recorded', 'none']).describe('recorded: flows are played back and no packet is real'),
  sources: z.array(
    z.strictObject({
      name: z.string(),
      state: z.enum(['in sync', 'syncing', 'degraded', 'failed']),
      since: timeSchema,
      objects: countSchema,
      why: z.string().optional(),
      isRequired: z.boolean().describe('nothing is compiled or swept before it is in sync'),
    }),
  ),
  leadership: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('leader'), since: timeSchema, fence: countSchema.optional() }),
    z.strictObject({ kind: z.literal('follower'), leader: z.string().optional(), takesOverAt: timeSchema.optional().describe('when this replica takes over, should the leader not renew its lease any more') }),
  ]),
  store: z.strictObject({
    kind: z.enum(['memory', 'sqlite', 'redis']),
    place: z.string(),
    lastSeq: countSchema,
    lastDigest: z.string().describe('of that entry, and through it of all before it: held elsewhere it is a witness'),
    problem: z.string().optional(),
  }),
  revision: countSchema.describe('0 before anything was approved'),
  revisionAt: timeSchema.optional(),
  workloads: countSchema,
  ready: countSchema.describe('workloads a person could approve now'),
  reviews: z.strictObject({ proposed: countSchema, edited: countSchema, approved: countSchema, rejected: countSchema }),
  modes: z.strictObject({ observe: countSchema, audit: countSchema, enforce: countSchema }).describe('workloads in each mode'),
  enforcement: z
    .strictObject({
      realised: countSchema.describe('in mode enforce, and what is approved is in force wherever they run'),
      pending: countSchema.describe('in mode enforce, and what is approved is not known to be in force everywhere'),
      unapproved: countSchema.describe('in mode enforce, and nothing is approved: open'),
      audited: countSchema.describe('in mode audit: what would be denied is counted'),
      unaudited: countSchema.describe('in mode audit, and nothing is approved: nothing is counted'),
      observed: countSchema,
    })
    .describe('workloads by what becomes of what their rules deny; each is counted once'),
  wouldDrops: wouldDropsSchema,
  nodes: z.strictObject({ realised: countSchema, pending: countSchema, trial: countSchema, drifted: countSchema, failed: countSchema, silent: countSchema }),
  outputs: z.array(z.strictObject({ output: outputNameSchema, ...policyCountsSchema.shape, healed: healedSchema })).describe('policies beside the nodes, by how they stand'),
  flows: z.strictObject({
    records: countSchema,
    connections: countSchema,
    unattributed: z.strictObject({ nobody: countSchema, several: countSchema }).describe('connections with an end that nobody, or more than one, held at that time'),
    onNodes: countSchema.describe('connections with an end that shares the address of its node'),
    lost: z
      .strictObject({ connectionEvents: countSchema, logRecords: countSchema, resyncs: countSchema, unreadable: countSchema })
      .describe('what reporters admit to have missed'),
    overflowedConnections: countSchema,
  }),
  diagnostics: z.array(diagnosticSchema),
});

export type StatusShape = Shape<typeof statusSchema>;
