import { formatOrigin, type Origin } from './origin.ts';

/** How a relationship showed. `declared` comes from metadata, `observed` from flows, `permitted` from a policy that already allows it. */
export type EvidenceKind = 'declared' | 'observed' | 'permitted' | 'built-in';

/**
 * One reason to believe in a relationship.
 *
 * `source` is the channel (`env`, `args`, `configmap-file`, `rbac`, `service-monitor`, …);
 * `where` is `file:line object field`; `text` is the sentence people read. Neither ever holds a
 * secret's value.
 */
export interface Evidence {
  readonly kind: EvidenceKind;
  readonly source: string;
  readonly where: string;
  readonly text: string;
}

/** `file:line` and the object and field behind it. */
export function evidenceWhere(origin: Origin, place: string): string {
  return `${formatOrigin(origin)} ${place}`;
}
