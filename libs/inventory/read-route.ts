import type { ServiceTarget } from '#model';

import type { Found } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';
import { readPortReference } from './read-container.ts';

/** An Ingress, in the shape of networking.k8s.io/v1 or in the older one (`serviceName`, `servicePort`). */
export function readIngress(reading: ObjectReading): Found {
  const { root, manifest, origin } = reading;
  const spec = root.object('spec');
  const rules = spec?.objects('rules') ?? [];
  const paths = rules.flatMap((rule) => rule.object('http')?.objects('paths') ?? []);
  const backends = [spec?.object('defaultBackend'), spec?.object('backend'), ...paths.map((path) => path.object('backend'))];
  return {
    routes: [
      {
        kind: manifest.objectKind,
        namespace: manifest.namespace,
        name: manifest.name,
        via: 'ingress-controller',
        hosts: sorted(rules.map((rule) => rule.text('host') ?? '')),
        backends: distinct(backends.flatMap((backend) => (backend === undefined ? [] : readIngressBackend(backend, manifest.namespace)))),
        origin,
      },
    ],
  };
}

function readIngressBackend(backend: Fields, namespace: string): readonly ServiceTarget[] {
  const service = backend.object('service');
  const name = service?.text('name') ?? backend.text('serviceName');
  if (name === undefined || name === '') return [];
  const given = service?.object('port');
  const port = given === undefined ? readPortReference(backend, 'servicePort') : (readPortReference(given, 'number') ?? readPortReference(given, 'name'));
  return [{ namespace, service: name, ...(port === undefined ? {} : { port }) }];
}

/** An HTTPRoute, GRPCRoute, TLSRoute, TCPRoute or UDPRoute. One whose parents are Services steers a mesh and is no way in. */
export function readGatewayRoute(reading: ObjectReading): Found {
  const { root, manifest, origin } = reading;
  const spec = root.object('spec');
  const parents = spec?.objects('parentRefs') ?? [];
  if (parents.length > 0 && parents.every((parent) => parent.text('kind') === 'Service')) return {};
  const rules = spec?.objects('rules') ?? [];
  const references = rules.flatMap((rule) => [
    ...rule.objects('backendRefs'),
    ...[...rule.objects('filters'), ...rule.objects('backendRefs').flatMap((reference) => reference.objects('filters'))].flatMap(
      (filter) => filter.at('requestMirror', 'backendRef') ?? [],
    ),
  ]);
  return {
    routes: [
      {
        kind: manifest.objectKind,
        namespace: manifest.namespace,
        name: manifest.name,
        via: 'gateway',
        hosts: sorted(spec?.texts('hostnames') ?? []),
        backends: distinct(references.flatMap((reference) => readBackendReference(reference, manifest.namespace))),
        origin,
      },
    ],
  };
}

function readBackendReference(reference: Fields, ownNamespace: string): readonly ServiceTarget[] {
  const name = reference.text('name');
  if (name === undefined || (reference.text('kind') ?? 'Service') !== 'Service' || (reference.text('group') ?? '') !== '') return [];
  const port = readPortReference(reference, 'port');
  return [{ namespace: reference.text('namespace') ?? ownNamespace, service: name, ...(port === undefined ? {} : { port }) }];
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== ''))].sort();
}

function distinct(targets: readonly ServiceTarget[]): readonly ServiceTarget[] {
  const byKey = new Map(targets.map((target) => [`${target.namespace}/${target.service}/${target.port ?? ''}`, target]));
  return [...byKey.keys()].sort().flatMap((key) => byKey.get(key) ?? []);
}
