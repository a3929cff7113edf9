import type { EndpointSlice, Service, ServicePort } from '#model';
import { isPortNumber, labelOf } from '#model';

import type { Found } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';
import { readPortNumber, readPortReference, readProtocol } from './read-container.ts';
import { readLabels, readMatchLabels } from './read-labels.ts';
import { readAddresses } from './read-pod.ts';

const TYPES: ReadonlySet<string> = new Set(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']);

/** A Service. An empty selector selects nothing, as an absent one does. */
export function readService(reading: ObjectReading): Found {
  const { root, manifest } = reading;
  const metadata = root.object('metadata');
  const spec = root.object('spec');
  if (spec === undefined) {
    reading.refuseMissing('spec');
    return {};
  }
  const type = spec.text('type') ?? 'ClusterIP';
  if (!isType(type)) {
    spec.refuse('type', 'is not ClusterIP, NodePort, LoadBalancer or ExternalName');
    return {};
  }
  const selector = readMatchLabels(spec, 'selector');
  const clusterAddresses = [spec.text('clusterIP') ?? '', ...spec.texts('clusterIPs')];
  const externalName = spec.text('externalName');
  const service: Service = {
    namespace: manifest.namespace,
    name: manifest.name,
    type,
    ...(Object.keys(selector).length === 0 || type === 'ExternalName' ? {} : { selector }),
    ports: spec.objects('ports').map(readServicePort),
    headless: type !== 'ExternalName' && clusterAddresses.includes('None'),
    ...(type === 'ExternalName' && externalName !== undefined ? { externalName } : {}),
    clusterAddresses: readAddresses(spec, 'clusterIPs', clusterAddresses.filter((text) => text !== 'None')),
    externalAddresses: readExternalAddresses(spec, root.at('status', 'loadBalancer')),
    labels: readLabels(metadata),
    annotations: metadata?.textMap('annotations') ?? {},
    origin: reading.origin,
  };
  return { services: [service] };
}

function isType(text: string): text is Exclude<Service['type'], 'Compose'> {
  return TYPES.has(text);
}

function readServicePort(fields: Fields): ServicePort {
  const port = readPortNumber(fields, 'port') ?? 0;
  const name = fields.text('name');
  const nodePort = fields.raw('nodePort');
  const appProtocol = fields.text('appProtocol');
  return {
    ...(name === undefined || name === '' ? {} : { name }),
    protocol: readProtocol(fields),
    port,
    targetPort: readPortReference(fields, 'targetPort') ?? port,
    ...(isPortNumber(nodePort) ? { nodePort } : {}),
    ...(appProtocol === undefined || appProtocol === '' ? {} : { appProtocol }),
  };
}

function readExternalAddresses(spec: Fields, loadBalancer: Fields | undefined): Service['externalAddresses'] {
  const given = [...spec.texts('externalIPs'), spec.text('loadBalancerIP') ?? ''];
  const assigned = loadBalancer?.objects('ingress').map((entry) => entry.text('ip') ?? '') ?? [];
  return readAddresses(spec, 'externalIPs', [...given, ...assigned]);
}

/** A discovery.k8s.io EndpointSlice. One of host names holds no addresses. */
export function readEndpointSlice(reading: ObjectReading): Found {
  const { root, manifest } = reading;
  const service = labelOf(readLabels(root.object('metadata')), 'kubernetes.io/service-name');
  if (service === undefined || root.text('addressType') === 'FQDN') return {};
  const endpoints = root.objects('endpoints').map((endpoint) => ({
    addresses: readAddresses(endpoint, 'addresses', endpoint.texts('addresses')),
    ...podOf(endpoint),
    ready: endpoint.object('conditions')?.flag('ready') ?? true,
  }));
  return { endpointSlices: [sliceOf(reading, manifest.name, service, endpoints, root.objects('ports'))] };
}

/** Endpoints, the older form: one slice per subset. */
export function readEndpoints(reading: ObjectReading): Found {
  const { root, manifest } = reading;
  const slices = root.objects('subsets').map((subset, index) => {
    const endpoints = (['addresses', 'notReadyAddresses'] as const).flatMap((key) =>
      subset.objects(key).map((entry) => ({ addresses: readAddresses(entry, 'ip', [entry.text('ip') ?? '']), ...podOf(entry), ready: key === 'addresses' })),
    );
    return sliceOf(reading, `${manifest.name}-${index}`, manifest.name, endpoints, subset.objects('ports'));
  });
  return { endpointSlices: slices };
}

function podOf(endpoint: Fields): { readonly pod?: string } {
  const target = endpoint.object('targetRef');
  const name = target?.text('kind') === 'Pod' ? target.text('name') : undefined;
  return name === undefined ? {} : { pod: name };
}

function sliceOf(reading: ObjectReading, name: string, service: string, endpoints: EndpointSlice['endpoints'], ports: readonly Fields[]): EndpointSlice {
  return {
    namespace: reading.manifest.namespace,
    name,
    service,
    endpoints,
    ports: ports.filter((port) => port.raw('port') !== undefined).map(readSlicePort),
    origin: reading.origin,
  };
}

function readSlicePort(fields: Fields): EndpointSlice['ports'][number] {
  const name = fields.text('name');
  return { ...(name === undefined || name === '' ? {} : { name }), port: readPortNumber(fields, 'port') ?? 0, protocol: readProtocol(fields) };
}
