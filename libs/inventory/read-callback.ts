import type { ServiceTarget } from '#model';

import type { Found } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';
import { readPortReference } from './read-container.ts';

const HTTPS = 443;

/** A ValidatingWebhookConfiguration or MutatingWebhookConfiguration: one call per webhook with a Service. */
export function readWebhookConfiguration(reading: ObjectReading): Found {
  return callbacks(reading, reading.root.objects('webhooks').map((webhook) => webhook.at('clientConfig', 'service')));
}

/** An APIService that another server answers; one without a Service is the API server's own. */
export function readApiService(reading: ObjectReading): Found {
  return callbacks(reading, [reading.root.at('spec', 'service')]);
}

/** A CustomResourceDefinition, for its conversion webhook only (`spec.conversion.webhook`, or the older `webhookClientConfig`). */
export function readCustomResourceDefinition(reading: ObjectReading): Found {
  const conversion = reading.root.at('spec', 'conversion');
  return callbacks(reading, [conversion?.at('webhook', 'clientConfig', 'service'), conversion?.at('webhookClientConfig', 'service')]);
}

function callbacks(reading: ObjectReading, services: readonly (Fields | undefined)[]): Found {
  const targets = new Map<string, ServiceTarget>();
  for (const service of services) {
    const namespace = service?.text('namespace');
    const name = service?.text('name');
    if (service === undefined || namespace === undefined || name === undefined) continue;
    const port = readPortReference(service, 'port') ?? HTTPS;
    targets.set(`${namespace}/${name}/${port}`, { namespace, service: name, port });
  }
  const { manifest, origin } = reading;
  return {
    apiServerCallbacks: [...targets.keys()].sort().flatMap((key) => {
      const target = targets.get(key);
      return target === undefined ? [] : [{ kind: manifest.objectKind, name: manifest.name, target, origin }];
    }),
  };
}
