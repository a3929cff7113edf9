import type { MountSource, Snapshot, Workload } from '#model';

/** One file a workload's containers find mounted; secret ones too, so never print `text`. */
export interface MountedText {
  readonly place: string;
  readonly text: string;
}

/** The texts of every ConfigMap, Secret and file mounted into a workload. What is not in the input is not among them. */
export function mountedTexts(workload: Workload, snapshot: Snapshot): readonly MountedText[] {
  const found = new Map<string, MountedText>();
  for (const container of workload.containers) {
    for (const mount of container.mounts) for (const each of textsOf(mount.source, workload, snapshot)) found.set(each.place, each);
  }
  return [...found.values()];
}

/** Tells texts that match; each is looked at once, however many workloads mount it. */
export function textMatcher(pattern: RegExp): (text: string) => boolean {
  const known = new Map<string, boolean>();
  return (text) => {
    const answer = known.get(text) ?? pattern.test(text);
    known.set(text, answer);
    return answer;
  };
}

function textsOf(source: MountSource, workload: Workload, snapshot: Snapshot): readonly MountedText[] {
  switch (source.kind) {
    case 'configMap': {
      const data = snapshot.configMaps.get(`${workload.ref.namespace}/${source.name}`)?.data ?? {};
      return keysOf(data, source.keys).map((key) => ({ place: `ConfigMap ${workload.ref.namespace}/${source.name} ${key}`, text: data[key] ?? '' }));
    }
    case 'secret': {
      const data = snapshot.secrets.get(`${workload.ref.namespace}/${source.name}`)?.data ?? {};
      return keysOf(data, source.keys).map((key) => ({ place: `Secret ${workload.ref.namespace}/${source.name} ${key}`, text: data[key]?.reveal() ?? '' }));
    }
    case 'files':
      return source.files.map((file) => ({ place: `file ${file.path}`, text: file.text }));
    case 'serviceAccountToken':
    case 'other':
      return [];
  }
}

function keysOf(data: Readonly<Record<string, unknown>>, keys: readonly string[] | undefined): readonly string[] {
  return Object.keys(data).filter((key) => keys === undefined || keys.includes(key));
}
