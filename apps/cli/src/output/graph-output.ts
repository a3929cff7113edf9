import { type Diagnostic, type Evidence, type GraphPeer, type Relationship, type ServiceGraph, type UnresolvedMention } from '#model';

type EvidenceOutput = Pick<Evidence, 'source' | 'where' | 'text'>;

export interface EdgeOutput {
  readonly from: GraphPeer;
  readonly to: GraphPeer;
  readonly port: number | null;
  readonly protocol: string;
  readonly host?: string;
  readonly application?: string;
  readonly tier: 'strong' | 'weak';
  readonly confidence: number;
  readonly evidence: readonly EvidenceOutput[];
}

export interface DiagnosticOutput {
  readonly code: string;
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
  readonly file?: string;
  readonly line?: number;
}

export interface UnresolvedOutput {
  readonly from: GraphPeer;
  readonly text: string;
  readonly port: number | null;
  readonly evidence: EvidenceOutput;
}

export interface GraphOutput {
  readonly edges: readonly EdgeOutput[];
  readonly unresolved: readonly UnresolvedOutput[];
  readonly diagnostics: readonly DiagnosticOutput[];
}

/** The graph as `-o json` prints it; the shape is published by `ringfence graph --schema`. */
export function graphOutput(graph: ServiceGraph, diagnostics: readonly Diagnostic[]): GraphOutput {
  return {
    edges: graph.relationships.map(edgeOutput),
    unresolved: graph.unresolved.map(unresolvedOutput),
    diagnostics: [...diagnostics, ...graph.diagnostics].map(diagnosticOutput),
  };
}

function edgeOutput(edge: Relationship): EdgeOutput {
  return {
    from: edge.from,
    to: edge.to,
    port: edge.port,
    protocol: edge.protocol,
    ...(edge.host === undefined ? {} : { host: edge.host }),
    ...(edge.application === undefined ? {} : { application: edge.application }),
    tier: edge.tier,
    confidence: Math.round(edge.confidence * 1000) / 1000,
    evidence: edge.evidence.map(evidenceOutput),
  };
}

function unresolvedOutput(mention: UnresolvedMention): UnresolvedOutput {
  return { from: mention.from, text: mention.text, port: mention.port, evidence: evidenceOutput(mention.evidence) };
}

export function evidenceOutput({ source, where, text }: Evidence): EvidenceOutput {
  return { source, where, text };
}

export function diagnosticOutput({ code, severity, subject, message, hint, origin }: Diagnostic): DiagnosticOutput {
  const place = origin === undefined ? {} : { file: origin.file, line: origin.line };
  return { code, severity, subject, message, hint, ...place };
}
