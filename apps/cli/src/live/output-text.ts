import type { OutputsShape, PolicyRealisationShape } from '#operator-api';

import { agoText } from './live-text.ts';

/** How outputs are called where people read of them. */
export const OUTPUT_NAMES: Readonly<Record<OutputsShape['outputs'][number]['output'], string>> = { networkpolicy: 'NetworkPolicies on the API server', folder: 'NetworkPolicies in the folder' };

const REFUSERS = { access: 'refused by access rules', admission: 'refused at admission', server: 'refused by the server' } as const;

/** `realised`, `in conflict`, `refused at admission`. */
export function standingText(realisation: PolicyRealisationShape): string {
  if (realisation.kind === 'refused') return REFUSERS[realisation.by];
  return realisation.kind === 'conflict' ? 'in conflict' : realisation.kind;
}

/** Why it stands so: who manages what, the words of the server. */
export function whyText(realisation: PolicyRealisationShape): string {
  if (!('why' in realisation)) return '';
  if (realisation.kind !== 'conflict' || realisation.fields.length === 0) return realisation.why;
  return `${realisation.managers.join(', ')} manages ${realisation.fields.join(', ')}: ${realisation.why}`;
}

/** `realised, revision 3, since 5 min ago`, with why where it is not. */
export function realisationText(realisation: PolicyRealisationShape, now: number): string {
  const why = whyText(realisation);
  return `${standingText(realisation)}, revision ${String(realisation.revision)}, since ${agoText(realisation.since, now)}${why === '' ? '' : `: ${why}`}`;
}
