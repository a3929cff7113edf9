import type { Container, ContainerPort, Labels, Mount } from '#model';

import type { Found, WorkloadDraft } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';
import { keepWhole } from './read-custom-resource.ts';
import { readContainer } from './read-container.ts';
import { isLabelValue, readLabels } from './read-labels.ts';
import { type Volumes, readVolumes } from './read-mounts.ts';
import { groupOf, refOf } from './read-workload.ts';

/** What the Prometheus operator makes of one of its resources; source: its own StatefulSet builders and documentation. */
interface OperatedKind {
  readonly application: string;
  /** The label that carries the resource's name besides `app.kubernetes.io/instance`. */
  readonly nameLabels: readonly string[];
  readonly ports: readonly ContainerPort[];
  readonly governingService: string;
  /** Mounts a token unless the resource says no, whatever the service account says. */
  readonly mountsToken: boolean;
}

const RELOADER: ContainerPort = { name: 'reloader-web', port: 8080, protocol: 'TCP' };
const OPERATED: Readonly<Record<string, OperatedKind>> = {
  Prometheus: {
    application: 'prometheus',
    nameLabels: ['prometheus', 'operator.prometheus.io/name'],
    ports: [{ name: 'web', port: 9090, protocol: 'TCP' }],
    governingService: 'prometheus-operated',
    mountsToken: true,
  },
  PrometheusAgent: {
    application: 'prometheus-agent',
    nameLabels: ['operator.prometheus.io/name'],
    ports: [{ name: 'web', port: 9090, protocol: 'TCP' }],
    governingService: 'prometheus-agent-operated',
    mountsToken: true,
  },
  Alertmanager: {
    application: 'alertmanager',
    nameLabels: ['alertmanager'],
    ports: [
      { name: 'web', port: 9093, protocol: 'TCP' },
      { name: 'mesh-tcp', port: 9094, protocol: 'TCP' },
      { name: 'mesh-udp', port: 9094, protocol: 'UDP' },
    ],
    governingService: 'alertmanager-operated',
    mountsToken: false,
  },
  ThanosRuler: {
    application: 'thanos-ruler',
    nameLabels: ['thanos-ruler'],
    ports: [
      { name: 'web', port: 10902, protocol: 'TCP' },
      { name: 'grpc', port: 10901, protocol: 'TCP' },
    ],
    governingService: 'thanos-ruler-operated',
    mountsToken: false,
  },
};

/** A Prometheus, PrometheusAgent, Alertmanager or ThanosRuler: kept whole, and a workload with the pods its operator makes. */
export function readOperatedWorkload(reading: ObjectReading): Found {
  const operated = OPERATED[reading.manifest.objectKind];
  const spec = reading.root.object('spec');
  if (operated === undefined) return keepWhole(reading);
  return { ...keepWhole(reading), workloads: [draftOf(reading, operated, spec)] };
}

function draftOf(reading: ObjectReading, operated: OperatedKind, spec: Fields | undefined): WorkloadDraft {
  const metadata = reading.root.object('metadata');
  const podMetadata = spec?.object('podMetadata');
  const automountToken = spec?.flag('automountServiceAccountToken') ?? (operated.mountsToken ? true : undefined);
  const volumes = spec === undefined ? new Map<string, never>() : readVolumes(spec);
  return {
    workload: {
      ref: refOf(reading),
      platform: 'kubernetes',
      replicas: (spec?.whole('replicas') ?? 1) * Math.max(1, spec?.whole('shards') ?? 1),
      podLabels: { ...readLabels(podMetadata), ...operatorLabels(operated, reading.manifest.name) },
      podAnnotations: podMetadata?.textMap('annotations') ?? {},
      labels: readLabels(metadata),
      annotations: metadata?.textMap('annotations') ?? {},
      serviceAccount: spec?.text('serviceAccountName') ?? 'default',
      hostNetwork: spec?.flag('hostNetwork') ?? false,
      containers: containersOf(reading, operated, spec, volumes),
      governingService: operated.governingService,
      origin: reading.origin,
    },
    group: groupOf(reading.manifest.apiVersion),
    ...(automountToken === undefined ? {} : { automountToken }),
    hasProjectedToken: false,
  };
}

function operatorLabels(operated: OperatedKind, name: string): Labels {
  // A longer name is cut by the operator in a way that is its own; no label is better than a wrong one.
  if (!isLabelValue(name)) return { 'app.kubernetes.io/managed-by': 'prometheus-operator', 'app.kubernetes.io/name': operated.application };
  return {
    'app.kubernetes.io/instance': name,
    'app.kubernetes.io/managed-by': 'prometheus-operator',
    'app.kubernetes.io/name': operated.application,
    ...Object.fromEntries(operated.nameLabels.map((label) => [label, name])),
  };
}

/** The operator's own containers, each merged with one of the same name under `spec.containers`, then the others from there. */
function containersOf(reading: ObjectReading, operated: OperatedKind, spec: Fields | undefined, volumes: Volumes): readonly Container[] {
  const given = (spec?.objects('containers') ?? []).map((fields) => readContainer(fields, 'main', volumes));
  const init = (spec?.objects('initContainers') ?? []).map((fields) => readContainer(fields, fields.text('restartPolicy') === 'Always' ? 'sidecar' : 'init', volumes));
  const name = operated.application === 'prometheus-agent' ? 'prometheus' : operated.application;
  const own = [
    bare(reading, name, operated.ports, spec === undefined ? [] : assetMounts(spec, name), spec?.text('image') ?? ''),
    bare(reading, 'config-reloader', [RELOADER], [], ''),
  ];
  const patched = own.map((container) => patch(container, given.find((each) => each.name === container.name)));
  return [...init, ...patched, ...given.filter((each) => !own.some((container) => container.name === each.name))];
}

function patch(own: Container, given: Container | undefined): Container {
  if (given === undefined) return own;
  return { ...given, image: given.image === '' ? own.image : given.image, ports: [...own.ports, ...given.ports], mounts: [...own.mounts, ...given.mounts] };
}

/** `spec.secrets` and `spec.configMaps` are mounted under a path of the operator's. */
function assetMounts(spec: Fields, application: string): readonly Mount[] {
  const base = `/etc/${application}`;
  return [
    ...spec.texts('secrets').map((name): Mount => ({ path: `${base}/secrets/${name}`, source: { kind: 'secret', name } })),
    ...spec.texts('configMaps').map((name): Mount => ({ path: `${base}/configmaps/${name}`, source: { kind: 'configMap', name } })),
  ];
}

function bare(reading: ObjectReading, name: string, ports: readonly ContainerPort[], mounts: readonly Mount[], image: string): Container {
  return { name, role: 'main', image, command: [], args: [], env: [], envFrom: [], ports, mounts, probes: [], origin: reading.origin };
}
