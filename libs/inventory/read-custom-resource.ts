import { isJsonObject } from '#model';

import type { Found } from './found.ts';
import type { ObjectReading } from './object-reading.ts';
import { readLabels } from './read-labels.ts';
import { readWorkload } from './read-workload.ts';

/** Any kind without a reader of its own: kept whole for scanning, and a workload as well where it holds a pod template. */
export function readCustomResource(reading: ObjectReading): Found {
  return holdsPodTemplate(reading) ? { ...keepWhole(reading), ...readWorkload(reading) } : keepWhole(reading);
}

/** The object as it is. */
export function keepWhole(reading: ObjectReading): Found {
  const { manifest, origin } = reading;
  const labels = isJsonObject(manifest.body['metadata']) ? readLabels(reading.root.object('metadata')) : {};
  return {
    customResources: [
      { apiVersion: manifest.apiVersion, kind: manifest.objectKind, namespace: manifest.namespace, name: manifest.name, labels, body: manifest.body, origin },
    ],
  };
}

/** `spec.template.spec.containers`, as an Argo Rollout, a Knative Service or a CloneSet has it. */
function holdsPodTemplate({ manifest }: ObjectReading): boolean {
  const spec = manifest.body['spec'];
  const template = isJsonObject(spec) ? spec['template'] : undefined;
  const podSpec = isJsonObject(template) ? template['spec'] : undefined;
  return manifest.namespace !== '' && isJsonObject(podSpec) && Array.isArray(podSpec['containers']) && podSpec['containers'].length > 0;
}
