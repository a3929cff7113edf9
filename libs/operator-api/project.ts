import { z } from 'zod';

import { decidedSchema } from './decision.ts';
import { countSchema, nameSchema, type Shape } from './parts.ts';

const project = z.string().describe('of Docker Compose; its containers on several nodes are one workload a service');

export const projectsSchema = z.strictObject({
  decided: z
    .array(z.strictObject({ project, node: z.string(), admission: z.enum(['founded', 'admitted', 'refused']), ...decidedSchema.shape }))
    .describe('founded: the first node of the project, which nobody was asked about'),
  waiting: z.array(z.strictObject({ project, node: z.string(), containers: countSchema })).describe('containers that are left out until a person decides'),
  more: countSchema.describe('that are not shown'),
});

export const projectNodeBody = z.strictObject({
  project: nameSchema,
  node: nameSchema,
  admission: z.enum(['admitted', 'refused', 'cleared']),
  reason: z.string().min(1).max(2_000).optional().describe('why; it stays in the journal for good'),
});

export type ProjectsShape = Shape<typeof projectsSchema>;
