import { type Address, type Pod, parseAddress } from '#model';

import type { Found } from './found.ts';
import type { Fields, ObjectReading } from './object-reading.ts';
import { readLabels } from './read-labels.ts';
import { readTemplate } from './read-workload.ts';

/** A Pod: itself, and a description of its workload should its owner not be in the input. */
export function readPod(reading: ObjectReading): Found {
  const { root, manifest } = reading;
  const draft = readTemplate(reading, root, { replicas: 1 });
  const status = root.object('status');
  const node = root.object('spec')?.text('nodeName');
  const startedAt = Date.parse(status?.text('startTime') ?? '');
  const pod: Omit<Pod, 'workload'> = {
    namespace: manifest.namespace,
    name: manifest.name,
    labels: readLabels(root.object('metadata')),
    ...(node === undefined || node === '' ? {} : { node }),
    hostNetwork: draft.workload.hostNetwork,
    addresses: readPodAddresses(status),
    ports: draft.workload.containers.filter(({ role }) => role !== 'init').flatMap(({ ports }) => ports),
    phase: readPhase(status),
    ...(Number.isNaN(startedAt) ? {} : { startedAt }),
    isExample: false,
    origin: reading.origin,
  };
  return { pods: [{ pod, draft }] };
}

function readPodAddresses(status: Fields | undefined): readonly Address[] {
  if (status === undefined) return [];
  const texts = status.objects('podIPs').map((entry) => entry.text('ip') ?? '');
  return readAddresses(status, 'podIPs', texts.length > 0 ? texts : [status.text('podIP') ?? '']);
}

/** Addresses in the order given, each once; one that is none refuses the object. */
export function readAddresses(fields: Fields, key: string, texts: readonly string[]): readonly Address[] {
  const found = new Map<string, Address>();
  for (const text of texts) {
    if (text === '') continue;
    const address = parseAddress(text);
    if (address === undefined) fields.refuse(key, 'holds something that is no IP address');
    else found.set(address.text, address);
  }
  return [...found.values()];
}

function readPhase(status: Fields | undefined): Pod['phase'] {
  switch (status?.text('phase')) {
    case 'Running':
    case 'Unknown':
      return 'running';
    case 'Succeeded':
    case 'Failed':
      return 'finished';
    default:
      return 'pending';
  }
}
