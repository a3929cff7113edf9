import { z } from 'zod';

import type { SimulatedFlow, UnusedPath } from '#policy';

import { connectivitySchema } from './connectivity.ts';
import { countSchema, decisionSchema, diagnosticSchema, portRangesSchema, portSchema, protocolSchema, type Shape, timeSchema, workloadSchema } from './parts.ts';

export const simulatedFlowSchema = z.strictObject({
  line: z.number().int().describe('line of the flow file it first stood on; of a controller, its place in what was replayed'),
  from: z.string().describe('who the client was taken for'),
  to: z.string().describe('who the server was taken for'),
  port: portSchema.nullable(),
  protocol: protocolSchema,
  application: z.string().optional(),
  count: z.number().int().describe('connections'),
  bytes: z.number().optional(),
  forwarded: z.boolean().describe('whether it got through when it was seen'),
  decision: decisionSchema,
  text: z.string(),
  deniedBefore: z.boolean().optional().describe('what is in force does not let it through either, so that nothing changes for it; absent: it does, or that was not asked'),
});

export const unusedPathsSchema = z
  .array(z.strictObject({ from: workloadSchema, to: workloadSchema, ports: portRangesSchema, rules: z.array(z.string()) }))
  .describe('paths open by a rule, although no flow used them and no evidence asks for them');

export const simulationSchema = z.strictObject({
  proposals: z.array(z.strictObject({ workload: workloadSchema, hash: z.string() })).describe('what an approval of exactly this has to name'),
  base: countSchema.describe('the revision it was compared with'),
  from: timeSchema,
  to: timeSchema,
  flows: countSchema.describe('kinds of flow that were replayed'),
  connections: countSchema.describe('of the time that was asked for: counts of what began before it are shared out over the hours it was seen in'),
  lost: z.array(simulatedFlowSchema).describe('flows that got through and would not any more, most connections first'),
  change: connectivitySchema.describe('what opens and closes against the base'),
  unused: unusedPathsSchema,
  brokenInvariants: z.array(z.string()).describe('while there are any it cannot be approved'),
  notes: z.array(diagnosticSchema),
});

export type SimulatedFlowShape = Shape<typeof simulatedFlowSchema>;
export type UnusedPathsShape = Shape<typeof unusedPathsSchema>;
export type SimulationShape = Shape<typeof simulationSchema>;

export function simulatedFlowShape({ flow, from, to, decision, text }: SimulatedFlow): SimulatedFlowShape {
  const { line, port, protocol, count, bytes, application, forwarded } = flow;
  return {
    line,
    from,
    to,
    port,
    protocol,
    ...(application === undefined ? {} : { application }),
    count,
    ...(bytes === undefined ? {} : { bytes }),
    forwarded,
    decision,
    text,
  };
}

export function unusedPathsShape(unused: readonly UnusedPath[]): UnusedPathsShape {
  return unused.map(({ from, to, ports, rules }) => ({ from, to, ports, rules }));
}
