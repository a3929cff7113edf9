import type { EngineContainer, EngineHost } from './engine-container.ts';
import type { HostWays } from './host-ways.ts';
import type { JsonObject } from './json.ts';
import type { Origin } from './origin.ts';
import type { Service } from './service.ts';
import type { Workload } from './workload.ts';

/** A Kubernetes object in wire shape. `namespace` is empty for cluster-scoped kinds. */
export interface Manifest {
  readonly kind: 'manifest';
  readonly apiVersion: string;
  readonly objectKind: string;
  readonly namespace: string;
  readonly name: string;
  readonly body: JsonObject;
  readonly origin: Origin;
  /** The lines on which objects inside `body` start (containers, variables), by identity, where the source knows them. */
  readonly lines?: ReadonlyMap<object, number>;
}

/** A Compose project after interpolation, merging, `extends` and reading its files. */
export interface ComposeProject {
  readonly kind: 'compose-project';
  readonly name: string;
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];
  readonly origin: Origin;
}

/** What the controller itself says of every plain host. */
export interface HostWaysSaid {
  readonly kind: 'host-ways';
  readonly ways: HostWays;
}

/**
 * What a source says: this key is now that value, or gone (`undefined`). May be repeated, skipped
 * or reordered; the last word for a key counts.
 */
export interface SourceUpdate {
  readonly source: string;
  readonly key: string;
  readonly value: Manifest | ComposeProject | EngineContainer | EngineHost | HostWaysSaid | undefined;
}
