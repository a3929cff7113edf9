import { z } from 'zod';

import type { Diagnostic, Relationship, ServiceGraph, UnresolvedMention } from '#model';

import { diagnosticSchema, diagnosticShape, evidenceSchema, evidenceShape, peerNameSchema, portSchema, protocolSchema, type Shape, shareSchema } from './parts.ts';

export const edgeSchema = z.strictObject({
  from: peerNameSchema,
  to: peerNameSchema,
  port: portSchema.nullable(),
  protocol: protocolSchema,
  host: z.string().optional().describe('DNS name or address of a server outside, where one is named'),
  application: z.string().optional().describe('protocol spoken, where metadata tells'),
  tier: z.enum(['strong', 'weak']).describe('strong may be proposed for enforcement, weak never alone'),
  confidence: shareSchema,
  evidence: z.array(evidenceSchema),
});

export const graphSchema = z.strictObject({
  edges: z.array(edgeSchema),
  unresolved: z
    .array(z.strictObject({ from: peerNameSchema, text: z.string(), port: portSchema.nullable(), evidence: evidenceSchema }))
    .describe('names that lead to nothing in the input; they open nothing'),
  diagnostics: z.array(diagnosticSchema),
});

export type EdgeShape = Shape<typeof edgeSchema>;
export type GraphShape = Shape<typeof graphSchema>;

/** The graph as `-o json` and the REST interface give it; `diagnostics` are those of reading, which come first. */
export function graphShape(graph: ServiceGraph, diagnostics: readonly Diagnostic[] = []): GraphShape {
  return {
    edges: graph.relationships.map(edgeShape),
    unresolved: graph.unresolved.map(unresolvedShape),
    diagnostics: [...diagnostics, ...graph.diagnostics].map(diagnosticShape),
  };
}

export function edgeShape(edge: Relationship): EdgeShape {
  return {
    from: edge.from,
    to: edge.to,
    port: edge.port,
    protocol: edge.protocol,
    ...(edge.host === undefined ? {} : { host: edge.host }),
    ...(edge.application === undefined ? {} : { application: edge.application }),
    tier: edge.tier,
    confidence: Math.round(edge.confidence * 1000) / 1000,
    evidence: edge.evidence.map(evidenceShape),
  };
}

function unresolvedShape(mention: UnresolvedMention): GraphShape['unresolved'][number] {
  return { from: mention.from, text: mention.text, port: mention.port, evidence: evidenceShape(mention.evidence) };
}
