import type { Endpoint } from '#model';

import { cleanText } from './clean-text.ts';

/** `namespace/pod (address)`, or the address alone. */
export function endText(end: Endpoint): string {
  return end.kind === 'address' ? end.address.text : cleanText(`${end.pod.namespace}/${end.pod.name} (${end.address.text})`);
}

export function endOutput(end: Endpoint): unknown {
  if (end.kind === 'address') return { address: end.address.text };
  return { address: end.address.text, pod: `${end.pod.namespace}/${end.pod.name}`, workload: end.pod.workload };
}
