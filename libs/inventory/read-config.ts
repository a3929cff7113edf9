import { SecretText } from '#model';

import { base64Bytes, utf8Text } from './base64-text.ts';
import type { Found } from './found.ts';
import type { ObjectReading } from './object-reading.ts';
import { readLabels } from './read-labels.ts';
import { shown } from './shown-text.ts';

/** A ConfigMap's texts; `binaryData` says nothing about who talks to whom. */
export function readConfigMap(reading: ObjectReading): Found {
  const { root, manifest, origin } = reading;
  const metadata = root.object('metadata');
  return {
    configMaps: [
      {
        namespace: manifest.namespace,
        name: manifest.name,
        data: root.textMap('data'),
        labels: readLabels(metadata),
        annotations: metadata?.textMap('annotations') ?? {},
        origin,
      },
    ],
  };
}

/** A Secret's texts, decoded; a value that is no text (a key store, say) is left out without a word. */
export function readSecret(reading: ObjectReading): Found {
  const { root, manifest, origin } = reading;
  const metadata = root.object('metadata');
  const texts = new Map<string, SecretText>();
  for (const [key, encoded] of Object.entries(root.textMap('data'))) {
    const bytes = base64Bytes(encoded);
    if (bytes === undefined) {
      reading.say('warning', 'bad-base64', `data.${shown(key)}: is not base64 and is left out`, 'encode the value, or put it under stringData');
      continue;
    }
    const text = utf8Text(bytes);
    if (text !== undefined) texts.set(key, new SecretText(text));
  }
  for (const [key, text] of Object.entries(root.textMap('stringData'))) texts.set(key, new SecretText(text));
  return {
    secrets: [
      {
        namespace: manifest.namespace,
        name: manifest.name,
        data: Object.fromEntries([...texts].sort(([a], [b]) => (a < b ? -1 : 1))),
        labels: readLabels(metadata),
        // kubectl keeps the object as it was applied, values and all, in an annotation.
        annotations: withoutLastApplied(metadata?.textMap('annotations') ?? {}),
        origin,
      },
    ],
  };
}

function withoutLastApplied(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration'));
}
