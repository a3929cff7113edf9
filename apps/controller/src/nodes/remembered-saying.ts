import type { Container, Labels } from '#model';

import type { NodeValue } from './saying.ts';

/** What a selector can ask for; longer values, and such with other characters, none can. */
const SELECTABLE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/**
 * What is kept of what a node says: what it takes to know who has which address, and to which
 * selector it answers. No environment, no arguments, no files and no labels that no selector could
 * ask for: passwords stand there, and nothing of the controller on disk holds any.
 */
export function rememberedSaying(value: NodeValue): NodeValue {
  if (value.kind === 'container-host') return value;
  const { pod, workload } = value;
  return {
    ...value,
    pod: { ...pod, labels: selectable(pod.labels) },
    workload: { ...workload, podLabels: selectable(workload.podLabels), podAnnotations: {}, labels: selectable(workload.labels), annotations: {}, containers: workload.containers.map(withoutTexts) },
    diagnostics: [],
  };
}

function withoutTexts(container: Container): Container {
  return { ...container, command: [], args: [], env: [], envFrom: [], mounts: [] };
}

function selectable(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => SELECTABLE.test(value)));
}
