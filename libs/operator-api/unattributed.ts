import { z } from 'zod';

import { countSchema, nameSchema, type Shape, timeSchema } from './parts.ts';
import { pageQuery, pageSchema } from './page.ts';

const whySchema = z
  .enum(['nobody held it', 'nobody held it any more', 'several held it', 'it is no address', 'its sender was forged', 'shared by a node', 'translated by a node', 'a node that does not report', 'a Service nobody translated'])
  .describe(
    [
      'nobody held it: inside the ranges of the cluster, and no pod, node or Service is known that did',
      'nobody held it any more: whoever is named had it last, and had given it back',
      'several held it: within the time of one report, one after the other, so it is never the likeliest',
      'shared by a node: with every pod on its network',
      'translated by a node: it stands for clients of a node port or a load balancer, which that node names where it saw them',
      'a node that does not report: itself, or whoever asked a node port of it',
      'a Service nobody translated: an address of it, with nobody known behind',
    ].join('; '),
  );

export const unattributedSchema = z.strictObject({
  kind: z.enum(['address', 'node', 'service']).describe('of a node or a Service all addresses together'),
  name: z.string().describe('the address, the name of the node, or namespace/name of the Service'),
  why: whySchema,
  mayBe: z.array(z.string()).describe('who held it then or last before, or is on the network of the node; a few'),
  connections: countSchema.describe('since the controller began for addresses, of four weeks for nodes and Services'),
  firstSeen: timeSchema,
  lastSeen: timeSchema,
  reporters: z.array(z.string()).describe('the nodes that told of it'),
  others: z.array(z.string()).describe('a few of those at the other end'),
});

export const unattributedPageSchema = pageSchema(unattributedSchema);

export const unattributedQuery = z.strictObject({
  ...pageQuery,
  why: whySchema.optional(),
  reporter: nameSchema.optional().describe('told of by this node'),
  since: z.coerce.number().int().min(0).optional().describe('seen at this time or later; milliseconds since 1970'),
});

export type UnattributedShape = Shape<typeof unattributedSchema>;
