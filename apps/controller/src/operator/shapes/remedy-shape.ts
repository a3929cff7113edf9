import { peerShape, type RemedyShape } from '#operator-api';
import type { Remedy } from '#review';

/** The smallest thing a person can do, as plain JSON. */
export function remedyShape(remedy: Remedy): RemedyShape {
  const { kind, text, workload } = remedy;
  if (kind === 'approve') return { kind, text, workload, admit: remedy.admit };
  if (kind === 'change-others') return { kind, text, workload, admit: [] };
  const { peers, ports } = remedy.rule;
  return { kind, text, workload, admit: [], direction: remedy.direction, rule: { peers: peers === 'any' ? peers : peers.map(peerShape), ports } };
}
