import type { Monitor } from '#model';

import type { Found } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';
import { readPortReference } from './read-container.ts';
import { readLabelSelector, readLabels } from './read-labels.ts';

/** A ServiceMonitor or PodMonitor of the Prometheus operator. */
export function readMonitor(reading: ObjectReading): Found {
  const { root, manifest, origin } = reading;
  const spec = root.object('spec');
  const kind = manifest.objectKind === 'PodMonitor' ? 'PodMonitor' : 'ServiceMonitor';
  const selector = spec?.object('selector');
  if (spec === undefined || selector === undefined) {
    reading.refuseMissing('spec.selector');
    return {};
  }
  const endpoints = spec.objects(kind === 'PodMonitor' ? 'podMetricsEndpoints' : 'endpoints');
  const namespaces = readNamespaces(spec.object('namespaceSelector'), manifest.namespace);
  const monitor: Monitor = {
    kind,
    namespace: manifest.namespace,
    name: manifest.name,
    labels: readLabels(root.object('metadata')),
    selector: readLabelSelector(selector),
    ...(namespaces === undefined ? {} : { namespaces }),
    ports: [...new Set(endpoints.flatMap((endpoint) => readEndpointPort(endpoint) ?? []))],
    origin,
  };
  return { monitors: [monitor] };
}

function readNamespaces(selector: Fields | undefined, own: string): readonly string[] | undefined {
  if (selector?.flag('any') === true) return undefined;
  const names = selector?.texts('matchNames') ?? [];
  return names.length === 0 ? [own] : [...new Set(names)].sort();
}

function readEndpointPort(endpoint: Fields): number | string | undefined {
  return readPortReference(endpoint, 'port') ?? readPortReference(endpoint, 'portNumber') ?? readPortReference(endpoint, 'targetPort');
}
