import { type LabelSelector, type Labels, type WorkloadRef, selectorFromLabels, selects } from '#model';

import type { Found, Owner, WorkloadDraft } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';
import { readContainers } from './read-container.ts';
import { readLabels, readLabelSelector, readMatchLabels } from './read-labels.ts';
import { readVolumes } from './read-mounts.ts';

// Labels a controller adds per rollout, per pod or per run; nothing that outlives a rollout may rest on them.
const ROLLOUT_LABELS: ReadonlySet<string> = new Set([
  'apps.kubernetes.io/pod-index',
  'controller-revision-hash',
  'controller-uid',
  'job-index',
  'job-name',
  'pod-template-generation',
  'pod-template-hash',
  'rollouts-pod-template-hash',
  'statefulset.kubernetes.io/pod-name',
]);
const ROLLOUT_PREFIX = 'batch.kubernetes.io/';

/** Labels of a pod that survive its next rollout. */
export function lastingLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !ROLLOUT_LABELS.has(key) && !key.startsWith(ROLLOUT_PREFIX)));
}

/** Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, and any custom resource with a pod template. */
export function readWorkload(reading: ObjectReading): Found {
  const spec = reading.root.object('spec');
  const template = spec?.object('template');
  if (spec === undefined || template === undefined) {
    reading.refuseMissing('spec.template');
    return {};
  }
  const kind = reading.manifest.objectKind;
  const governingService = kind === 'StatefulSet' ? spec.text('serviceName') : undefined;
  const replicas = kind === 'DaemonSet' ? 1 : kind === 'Job' ? (spec.whole('parallelism') ?? 1) : (spec.whole('replicas') ?? 1);
  const selector = readOwnSelector(kind, spec);
  if (selector !== undefined) warnOfOtherLabels(reading, selector, template);
  const facts = { replicas, ...(selector === undefined ? {} : { selector }), ...(governingService === undefined || governingService === '' ? {} : { governingService }) };
  return { workloads: [readTemplate(reading, template, facts)] };
}

const SELECTING_KINDS: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet']);

/** What these kinds find their pods by; others (a Job, a custom resource) have none, or one made up per run. */
function readOwnSelector(kind: string, spec: Fields): LabelSelector | undefined {
  if (kind === 'ReplicationController') return spec.object('selector') === undefined ? undefined : selectorFromLabels(readMatchLabels(spec, 'selector'));
  const selector = SELECTING_KINDS.has(kind) ? spec.object('selector') : undefined;
  return selector === undefined ? undefined : readLabelSelector(selector);
}

/** The API server takes no controller that would not find its own pods. */
function warnOfOtherLabels(reading: ObjectReading, selector: LabelSelector, template: Fields): void {
  if (selects(selector, readLabels(template.object('metadata')))) return;
  reading.say('warning', 'selects-others', 'spec.selector: does not select the labels of its own pod template', 'the API server refuses this; use the labels of the template');
}

export function readCronJob(reading: ObjectReading): Found {
  const spec = reading.root.object('spec');
  const template = spec?.at('jobTemplate', 'spec', 'template');
  if (template === undefined) {
    reading.refuseMissing('spec.jobTemplate.spec.template');
    return {};
  }
  const timeZone = nonEmpty(spec?.text('timeZone'));
  const facts = {
    replicas: 1,
    schedule: spec?.text('schedule') ?? '',
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(spec?.flag('suspend') === true ? { isSuspended: true as const } : {}),
  };
  return { workloads: [readTemplate(reading, template, facts)] };
}

export interface WorkloadFacts {
  readonly replicas: number;
  readonly selector?: LabelSelector;
  readonly governingService?: string;
  readonly schedule?: string;
  readonly timeZone?: string;
  readonly isSuspended?: true;
}

/** A pod template (`metadata` and `spec`), or a Pod, which has the same shape. */
export function readTemplate(reading: ObjectReading, template: Fields, facts: WorkloadFacts): WorkloadDraft {
  const metadata = reading.root.object('metadata');
  const podMetadata = template.object('metadata');
  const podSpec = template.object('spec');
  if (podSpec === undefined) reading.refuseMissing(template.pathOf('spec'));
  const volumes = podSpec === undefined ? new Map<string, never>() : readVolumes(podSpec);
  const containers = podSpec === undefined ? [] : readContainers(podSpec, volumes);
  const automountToken = podSpec?.flag('automountServiceAccountToken');
  const owner = readOwner(metadata);
  const family = owner === undefined ? familyOf(reading, metadata) : undefined;
  return {
    workload: {
      ref: refOf(reading),
      ...(family === undefined ? {} : { isFamily: true as const }),
      platform: 'kubernetes',
      ...facts,
      podLabels: lastingLabels(readLabels(podMetadata)),
      podAnnotations: podMetadata?.textMap('annotations') ?? {},
      labels: readLabels(metadata),
      annotations: metadata?.textMap('annotations') ?? {},
      serviceAccount: nonEmpty(podSpec?.text('serviceAccountName')) ?? nonEmpty(podSpec?.text('serviceAccount')) ?? 'default',
      hostNetwork: podSpec?.flag('hostNetwork') ?? false,
      containers,
      origin: reading.origin,
    },
    group: groupOf(reading.manifest.apiVersion),
    ...(owner === undefined ? {} : { owner }),
    ...(family === undefined ? {} : { family }),
    ...(automountToken === undefined ? {} : { automountToken }),
    hasProjectedToken: containers.some(({ mounts }) => mounts.some(({ source }) => source.kind === 'serviceAccountToken')),
  };
}

export function refOf(reading: ObjectReading): WorkloadRef {
  const { namespace, objectKind, name } = reading.manifest;
  return { namespace, kind: objectKind, name };
}

/** The group of an `apiVersion`: empty for `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

const MADE_ANEW: ReadonlySet<string> = new Set(['Job', 'Pod']);

/** The next one has another name, and needs the same: a policy for this one alone would be of no use to it. */
function familyOf({ manifest: { objectKind, name } }: ObjectReading, metadata: Fields | undefined): string | undefined {
  const generated = MADE_ANEW.has(objectKind) ? nonEmpty(metadata?.text('generateName')) : undefined;
  const family = generated?.replace(/[-.]+$/, '');
  if (generated === undefined || family === undefined || family === '') return undefined;
  // where no name is made yet the object is read by this one
  return name.startsWith(generated) || name === family ? family : undefined;
}

/** The controlling owner; where none is marked so, the only one there is. */
function readOwner(metadata: Fields | undefined): Owner | undefined {
  const owners = metadata?.objects('ownerReferences') ?? [];
  const owner = owners.find((each) => each.flag('controller') === true) ?? (owners.length === 1 ? owners[0] : undefined);
  const kind = owner?.text('kind');
  const name = owner?.text('name');
  if (owner === undefined || kind === undefined || name === undefined) return undefined;
  return { group: groupOf(owner.text('apiVersion') ?? ''), kind, name };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
