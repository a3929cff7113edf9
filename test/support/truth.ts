import { readFileSync } from 'node:fs';

import type { Protocol, WorkloadRef } from '#model';

/** Who really talks to whom in one application, as `ground-truth/<app>/truth.json` has it. */
export interface Truth {
  readonly app: string;
  readonly defaultNamespace: string;
  readonly edges: readonly TrueEdge[];
  readonly traps: readonly Trap[];
  /** Other names of a workload, `Kind/name` to `Kind/name`. */
  readonly aliases?: Readonly<Record<string, string>>;
}

export interface TrueEdge {
  /** A workload or, as text, an entity. */
  readonly from: WorkloadRef | string;
  readonly to: WorkloadRef | string;
  /** The server pod's port. */
  readonly port: number | null;
  readonly protocol: Protocol;
  readonly visibleInMetadata: boolean;
  readonly status: 'true' | 'uncertain';
}

/** An edge that metadata suggests and that is false; `absent:<name>` stands for a Service that is not deployed. */
export interface Trap {
  readonly from: WorkloadRef;
  readonly to: WorkloadRef | string;
  readonly port?: number | null;
  readonly why: string;
}

export function readTruth(file: string): Truth {
  return JSON.parse(readFileSync(file, 'utf8')) as Truth;
}

/** `namespace/Kind/name` of a workload under the name the truth gives it, or the entity itself. */
export function truthKey(peer: WorkloadRef | string, truth: Truth): string {
  if (typeof peer === 'string') return peer;
  const own = `${peer.kind}/${peer.name}`;
  const alias = Object.entries(truth.aliases ?? {}).find(([, other]) => other === own)?.[0];
  return `${peer.namespace === '' ? truth.defaultNamespace : peer.namespace}/${alias ?? own}`;
}

/** Whether a key of {@link truthKey} names a workload, and one that is no product of run time. */
export function isWorkloadKey(key: string): boolean {
  return key.includes('/') && !key.includes('runtime:');
}
