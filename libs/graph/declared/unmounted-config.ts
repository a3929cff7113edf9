import { type ConfigMap, type Snapshot, type Workload, evidenceWhere, labelOf } from '#model';

import { scanFile } from './file-scan.ts';
import { shownName } from './shown-name.ts';
import type { Sighting } from './sighting.ts';

const NAME_LABELS = ['app.kubernetes.io/name', 'app', 'k8s-app', 'app.kubernetes.io/instance'];
const NO_VARIABLES: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * The ConfigMaps no container mounts, with the workloads that may read them through the API: a
 * client of the API whose name or labels they carry, or a sidecar told to collect by that label.
 */
export function unmountedConfigs(snapshot: Snapshot): readonly { readonly reader: Workload; readonly sightings: readonly Sighting[] }[] {
  const used = usedConfigMaps(snapshot);
  const readers = [...snapshot.workloads.values()].filter(({ tokenMounted, platform }) => tokenMounted && platform === 'kubernetes');
  const collectors = readers.flatMap((reader) => labelsCollected(reader).map((label) => ({ reader, label })));
  const byNamespace = Map.groupBy(readers, ({ ref }) => ref.namespace);
  const found: { readonly reader: Workload; readonly sightings: readonly Sighting[] }[] = [];
  for (const [id, config] of snapshot.configMaps) {
    if (used.has(id)) continue;
    const named = (byNamespace.get(config.namespace) ?? []).filter((reader) => belongsTo(config, reader));
    const collecting = collectors.filter(({ label }) => labelOf(config.labels, label) !== undefined).map(({ reader }) => reader);
    const all = new Set([...named, ...collecting]);
    if (all.size === 0 || all.size > 20) continue;
    const sightings = sightingsIn(config);
    if (sightings.length > 0) for (const reader of all) found.push({ reader, sightings });
  }
  return found;
}

function usedConfigMaps(snapshot: Snapshot): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { ref, containers } of snapshot.workloads.values()) {
    for (const { env, envFrom, mounts } of containers) {
      for (const { from } of env) if (from?.kind === 'configMap') used.add(`${ref.namespace}/${from.name}`);
      for (const { kind, name } of envFrom) if (kind === 'configMap') used.add(`${ref.namespace}/${name}`);
      for (const { source } of mounts) if (source.kind === 'configMap') used.add(`${ref.namespace}/${source.name}`);
    }
  }
  return used;
}

function belongsTo(config: ConfigMap, reader: Workload): boolean {
  if (config.name === reader.ref.name || config.name.startsWith(`${reader.ref.name}-`)) return true;
  return NAME_LABELS.some((key) => labelOf(config.labels, key) !== undefined && labelOf(config.labels, key) === labelOf(reader.podLabels, key));
}

// the convention of collecting sidecars: LABEL names the label of what they pick up
function labelsCollected(reader: Workload): readonly string[] {
  return reader.containers.flatMap(({ env }) => env.flatMap(({ name, value }) => (name === 'LABEL' && value !== undefined && value !== '' ? [value] : [])));
}

function sightingsIn(config: ConfigMap): readonly Sighting[] {
  return Object.entries(config.data).flatMap(([key, text]) =>
    scanFile(key, text, NO_VARIABLES, []).map(
      (mention): Sighting => ({
        mention,
        channel: 'unmounted-configmap',
        where: evidenceWhere(config.origin, `ConfigMap ${config.namespace}/${config.name} ${shownName(key)} line ${String(mention.position)}, mounted by nobody`),
        place: `${shownName(key)} of ConfigMap ${config.namespace}/${config.name}`,
        isSecret: false,
      }),
    ),
  );
}
