import { workloadKey } from '#model';
import type { RemedyShape } from '#operator-api';

import { peersText, portsText } from './live-text.ts';

/** The smallest change that helps, and the commands that make it. */
export function remedyLines({ kind, text, workload, direction = 'ingress', rule, admit }: RemedyShape): readonly string[] {
  const name = workloadKey(workload);
  const change = `smallest change: ${text}`;
  if (kind === 'change-others') return [change];
  const adding = rule === undefined ? [] : [`  ringfence edit ${name} --add ${direction} --peer ${peersText(rule.peers)} --port ${portsText(rule.ports)} --why "…"`];
  return [change, ...adding, `  ringfence approve ${name}${admit.length === 0 ? '' : ` --admit ${admit.join(' ')}`}`];
}
