import { z } from 'zod';

import { comparePrefixes } from '#model';
import type { ChangedEnd, ConnectivityChange, ConnectivityDiff } from '#policy';

import { portRangesSchema, type Shape, workloadSchema } from './parts.ts';

const endSchema = z.union([workloadSchema, z.strictObject({ outside: z.array(z.string()).describe('CIDR blocks that belong to no workload of the input') })]);

export const changeSchema = z.strictObject({
  from: endSchema,
  to: endSchema,
  ports: portRangesSchema,
  application: z
    .union([z.strictObject({ kind: z.literal('only'), application: z.string() }), z.strictObject({ kind: z.literal('except'), applications: z.array(z.string()) })])
    .optional()
    .describe('the applications the change is about, where it is not about all traffic alike'),
});

export const connectivitySchema = z.strictObject({
  opened: z.array(changeSchema),
  closed: z.array(changeSchema),
  added: z.array(workloadSchema).describe('workloads only the new side has; they are not compared'),
  removed: z.array(workloadSchema).describe('workloads only the old side has; they are not compared'),
});

export type ChangeShape = Shape<typeof changeSchema>;
export type ConnectivityShape = Shape<typeof connectivitySchema>;

export function connectivityShape({ opened, closed, added, removed }: ConnectivityDiff): ConnectivityShape {
  return { opened: opened.map(changeShape), closed: closed.map(changeShape), added, removed };
}

function changeShape({ from, to, ports, application }: ConnectivityChange): ChangeShape {
  return { from: endShape(from), to: endShape(to), ports, ...(application === undefined ? {} : { application }) };
}

function endShape(end: ChangedEnd): ChangeShape['from'] {
  return end.kind === 'workload' ? end.workload : { outside: [...end.prefixes].sort(comparePrefixes).map(({ text }) => text) };
}
