import { labelOf, type Labels, type Snapshot, type Workload } from '#model';

import type { Applicability, WorkloadMatch } from './catalogue.ts';

export function applies({ platforms, anyOf, noneOf }: Applicability, workload: Workload, snapshot: Snapshot): boolean {
  if (platforms.length > 0 && !platforms.includes(workload.platform)) return false;
  if (noneOf.some((match) => matches(match, workload, snapshot))) return false;
  return anyOf.length === 0 || anyOf.some((match) => matches(match, workload, snapshot));
}

/** Whether every condition holds. What is not in the input does not hold. */
export function matches(match: WorkloadMatch, workload: Workload, snapshot: Snapshot): boolean {
  const namespace = snapshot.namespaces.get(workload.ref.namespace);
  return (
    isAmong(match.kinds, workload.ref.kind) &&
    isAmong(match.namespaces, workload.ref.namespace) &&
    carries(workload.podLabels, match.podLabels) &&
    carries(workload.podAnnotations, match.podAnnotations) &&
    carries(namespace?.labels ?? {}, match.namespaceLabels) &&
    carries(namespace?.annotations ?? {}, match.namespaceAnnotations) &&
    runsOneOf(workload, match.images) &&
    workload.replicas >= (match.minReplicas ?? 0) &&
    (match.isHeadless === undefined || match.isHeadless === hasHeadlessService(workload, snapshot))
  );
}

function isAmong(wanted: readonly string[] | undefined, value: string): boolean {
  return wanted === undefined || wanted.includes(value);
}

function carries(labels: Labels, wanted: Labels | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => {
    const found = labelOf(labels, key);
    return value === '*' ? found !== undefined : found === value;
  });
}

function runsOneOf(workload: Workload, images: readonly string[] | undefined): boolean {
  if (images === undefined) return true;
  return workload.containers.some(({ role, image }) => role !== 'init' && images.some((wanted) => `/${imagePath(image)}`.endsWith(`/${wanted}`)));
}

// `registry.example:5000/team/app:1.2@sha256:…` is team/app, after its registry.
function imagePath(image: string): string {
  const [withTag = ''] = image.split('@');
  const colon = withTag.lastIndexOf(':');
  return colon > withTag.lastIndexOf('/') ? withTag.slice(0, colon) : withTag;
}

function hasHeadlessService({ ref, governingService }: Workload, snapshot: Snapshot): boolean {
  return governingService !== undefined && snapshot.services.get(`${ref.namespace}/${governingService}`)?.headless === true;
}
