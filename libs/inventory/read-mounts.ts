import type { Mount, MountSource } from '#model';

import type { Fields } from './object-reading.ts';

/** What a volume holds: several sources where it is a projected one. Paths inside the volume are kept to resolve `subPath`. */
export type Volumes = ReadonlyMap<string, readonly VolumeSource[]>;

interface VolumeSource {
  readonly source: MountSource;
  /** Path inside the volume to key, where `items` names them. */
  readonly paths?: ReadonlyMap<string, string>;
}

const OTHER: readonly VolumeSource[] = [{ source: { kind: 'other' } }];

export function readVolumes(podSpec: Fields): Volumes {
  const volumes = new Map<string, readonly VolumeSource[]>();
  for (const volume of podSpec.objects('volumes')) {
    const name = volume.text('name');
    if (name !== undefined) volumes.set(name, volumeSources(volume));
  }
  return volumes;
}

function volumeSources(volume: Fields): readonly VolumeSource[] {
  const configMap = volume.object('configMap');
  if (configMap !== undefined) return keyed('configMap', configMap, configMap.text('name'));
  const secret = volume.object('secret');
  if (secret !== undefined) return keyed('secret', secret, secret.text('secretName'));
  const projected = volume.object('projected');
  if (projected === undefined) return OTHER;
  return projected.objects('sources').flatMap(projectedSources);
}

function projectedSources(source: Fields): readonly VolumeSource[] {
  if (source.object('serviceAccountToken') !== undefined) return [{ source: { kind: 'serviceAccountToken' } }];
  const configMap = source.object('configMap');
  if (configMap !== undefined) return keyed('configMap', configMap, configMap.text('name'));
  const secret = source.object('secret');
  if (secret !== undefined) return keyed('secret', secret, secret.text('name'));
  return OTHER;
}

function keyed(kind: 'configMap' | 'secret', fields: Fields, name: string | undefined): readonly VolumeSource[] {
  if (name === undefined) return OTHER;
  if (fields.raw('items') === undefined) return [{ source: { kind, name } }];
  const paths = new Map<string, string>();
  for (const item of fields.objects('items')) {
    const key = item.text('key');
    if (key !== undefined) paths.set(item.text('path') ?? key, key);
  }
  return [{ source: { kind, name, keys: [...new Set(paths.values())].sort() }, paths }];
}

/** The mounts of one container; a volume that is not there mounts nothing. */
export function readMounts(container: Fields, volumes: Volumes): readonly Mount[] {
  return container.objects('volumeMounts').flatMap((mount) => {
    const path = mount.text('mountPath') ?? '';
    const subPath = mount.text('subPath')?.replace(/^\.?\/+|\/+$/g, '') ?? '';
    const sources = volumes.get(mount.text('name') ?? '') ?? [];
    return sources.map((volume): Mount => ({ path, source: subPath === '' ? volume.source : limited(volume, subPath) }));
  });
}

/** Only the key that is at `subPath`; with a path that leads nowhere, no key at all. */
function limited({ source, paths }: VolumeSource, subPath: string): MountSource {
  if (source.kind !== 'configMap' && source.kind !== 'secret') return source;
  if (paths === undefined) return { ...source, keys: [subPath] };
  const keys = [...paths].filter(([path]) => path === subPath || path.startsWith(`${subPath}/`)).map(([, key]) => key);
  return { ...source, keys: keys.sort() };
}
