import { type Labels, type Namespace, parsePrefix } from '#model';

import type { Found } from './found.ts';
import type { ObjectReading } from './object-reading.ts';
import { readLabels } from './read-labels.ts';
import { readAddresses } from './read-pod.ts';

/** The label the API server puts on every namespace. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

export function readNamespace(reading: ObjectReading): Found {
  const metadata = reading.root.object('metadata');
  return { namespaces: [declared(reading.manifest.name, readLabels(metadata), metadata?.textMap('annotations') ?? {})] };
}

function declared(name: string, labels: Labels, annotations: Labels): Namespace {
  return { name, labels: sortedLabels({ ...labels, [NAMESPACE_NAME_LABEL]: name }), annotations, isDeclared: true };
}

/** A namespace that only its objects speak of. */
export function impliedNamespace(name: string): Namespace {
  return { name, labels: { [NAMESPACE_NAME_LABEL]: name }, isDeclared: false };
}

function sortedLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Where the addresses of a node come from; host names and DNS names are none. */
const ADDRESS_TYPES: ReadonlySet<string> = new Set(['InternalIP', 'ExternalIP']);

export function readNode(reading: ObjectReading): Found {
  const { root, manifest } = reading;
  const spec = root.object('spec');
  const status = root.object('status');
  const texts = (status?.objects('addresses') ?? []).filter((entry) => ADDRESS_TYPES.has(entry.text('type') ?? '')).map((entry) => entry.text('address') ?? '');
  const blocks = [...(spec?.texts('podCIDRs') ?? []), spec?.text('podCIDR') ?? ''].filter((text) => text !== '');
  const podCidrs = blocks.flatMap((text) => {
    const prefix = parsePrefix(text);
    if (prefix === undefined) spec?.refuse('podCIDRs', 'holds something that is no address block');
    return prefix === undefined ? [] : [prefix.text];
  });
  return {
    nodes: [
      {
        name: manifest.name,
        labels: readLabels(root.object('metadata')),
        addresses: status === undefined ? [] : readAddresses(status, 'addresses', texts),
        podCidrs: [...new Set(podCidrs)],
        isExample: false,
      },
    ],
  };
}
