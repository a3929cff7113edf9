import { z } from 'zod';

import { protocolSchema, workloadSchema } from './parts.ts';

const endSchema = z.union([workloadSchema, z.strictObject({ outside: z.array(z.string()).describe('CIDR blocks that belong to no workload of the input') })]);

const changeSchema = z.strictObject({
  from: endSchema,
  to: endSchema,
  ports: z.array(z.strictObject({ protocol: protocolSchema, from: z.number().int(), to: z.number().int() })).describe('inclusive ranges; 0 to 0 for ICMP'),
  application: z
    .union([z.strictObject({ kind: z.literal('only'), application: z.string() }), z.strictObject({ kind: z.literal('except'), applications: z.array(z.string()) })])
    .optional()
    .describe('the applications the change is about, where it is not about all traffic alike'),
});

export const diffSchema = z.strictObject({
  opened: z.array(changeSchema),
  closed: z.array(changeSchema),
  added: z.array(workloadSchema).describe('workloads only the new side has; they are not compared'),
  removed: z.array(workloadSchema).describe('workloads only the old side has; they are not compared'),
});
