import { compareText, type ModeScope } from '#model';
import { type DecidedShape, decidedShape, type SettingsShape } from '#operator-api';
import type { ReviewState, ScopedSettings, Setting } from '#review';

/** Modes, fates and targets as people set them, wider scopes first. */
export function settingsShape({ modes, fates, targets }: ReviewState): SettingsShape {
  return {
    defaultMode: 'observe',
    modes: scoped(modes).map(({ scope, setting }) => ({ scope, mode: setting.value, ...decidedOf(setting) })),
    fates: scoped(fates).map(({ scope, setting }) => ({ scope, fate: setting.value, ...decidedOf(setting) })),
    targets: [...targets].sort(([a], [b]) => compareText(a, b)).map(([namespace, setting]) => ({ namespace, target: setting.value, ...decidedOf(setting) })),
  };
}

interface Scoped<T> {
  readonly scope: ModeScope;
  readonly setting: Setting<T>;
}

function scoped<T>({ cluster, namespaces, workloads }: ScopedSettings<T>): readonly Scoped<T>[] {
  const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => compareText(a, b);
  return [
    ...(cluster === undefined ? [] : [{ scope: { kind: 'cluster' } as const, setting: cluster }]),
    ...[...namespaces].sort(byName).map(([namespace, setting]) => ({ scope: { kind: 'namespace', namespace } as const, setting })),
    ...[...workloads].sort(byName).map(([, setting]) => ({ scope: { kind: 'workload', workload: setting.workload } as const, setting })),
  ];
}

function decidedOf({ decided, reason }: Setting<unknown>): DecidedShape {
  return decidedShape(decided, reason);
}
